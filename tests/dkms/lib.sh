# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For the tests in this directory. Each runs alone in a temporary copy of the root file
# system (tests/in-root.sh), in the checkout, with the name of a kernel as its argument.
# If it fails, its last line of output is the reason.

set -euo pipefail

# shellcheck disable=SC2154 # set by in-root.sh
kver=$(awk -v k="$1" '$1 == k { print $2 }' <<<"$KERNELS")
other=$(awk -v k="$1" '$1 != k { print $2 }' <<<"$KERNELS" | head -n 1)
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
dest=/lib/modules/$kver/updates/dkms

# depmod reads all modules of the kernel at every installation and removal, which is half
# of the time of a test. So keep only one module, from which DKMS sees that the kernel is
# installed and how its modules are compressed.
for dir in /lib/modules/*/kernel; do
	module=$(find "$dir" -name '*.ko*' -print -quit)
	cp "$module" /tmp/
	mount -t tmpfs none "$dir"
	mv "/tmp/${module##*/}" "$dir/"
done

# hook_built_in [KVER]
hook_built_in()
{
	grep -qs '^CONFIG_OOM_HOOK=y' "/lib/modules/${1:-$kver}/build/.config"
}

fail()
{
	echo "$*"
	exit 1
}
trap 'echo "${BASH_SOURCE[0]##*/}:$LINENO: $BASH_COMMAND: exit status $?"' ERR

# quiet COMMAND...: show its output only if it fails
quiet()
{
	"$@" >/tmp/log 2>&1 || {
		cat /tmp/log /var/lib/dkms/*/*/build/make.log 2>/dev/null || true
		fail "failed: $*"
	}
}

# installed KVER: are the modules for that kernel where DKMS puts them?
installed()
{
	local m f modules=(bpf_oom)

	if hook_built_in "$1"; then
		! compgen -G "/lib/modules/$1/updates/dkms/oom_hook.ko*" ||
			fail "the shim was installed on a kernel with the hook built in"
	else
		modules+=(oom_hook)
	fi
	for m in "${modules[@]}"; do
		f=$(compgen -G "/lib/modules/$1/updates/dkms/$m.ko*") ||
			fail "no $m.ko in /lib/modules/$1/updates/dkms"
		[ "$(modinfo -F version "$f")" = "$version" ] ||
			fail "$f: version '$(modinfo -F version "$f")', dkms.conf has $version"
		[[ $(modinfo -F vermagic "$f") == "$1 "* ]] ||
			fail "$f was built for $(modinfo -F vermagic "$f")"
	done
}

headers=/tmp/headers

# doctor: make a copy of the kernel's headers that can be changed, in $headers
doctor()
{
	cp -a "$(readlink -f "/lib/modules/$kver/build")" "$headers"
	# kbuild writes the path of the headers into the Makefile.
	sed -i "s|^KBUILD_OUTPUT=.*|KBUILD_OUTPUT=$headers|" "$headers/Makefile"
}

# drop_config OPTION: remove an option from the kernel in $headers
drop_config()
{
	sed -i "/^$1=/d" "$headers/.config" "$headers/include/config/auto.conf"
}

# refused TEXT [COMMAND...]: building against $headers (or COMMAND) fails, says
# TEXT, and leaves no module behind
refused()
{
	local text=$1 status=0
	shift

	[ $# -gt 0 ] || set -- make modules KDIR="$headers"
	"$@" >/tmp/log 2>&1 || status=$?
	[ $status != 0 ] || fail "'$*' should have failed, but did not"
	grep -qE -- "$text" /tmp/log || {
		tail -n 20 /tmp/log
		fail "'$*' failed, but did not say '$text'"
	}
}

# rename_function OLD NEW: both of the same length, so that all offsets in the BTF of
# $headers/vmlinux stay valid
rename_function()
{
	[ ${#1} = ${#2} ] || fail "rename_function: $1 and $2 differ in length"
	perl -0777 -pi -e "\$n = s/\\0\\Q$1\\E(?=\\0)/\\0$2/g; END { exit(\$n != 1) }" \
		"$headers/vmlinux" || fail "$1 is not in the BTF of $kver exactly once"
}
