#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build.sh SOURCE DEST SUFFIX FRAGMENT...: build a kernel with the hook built in
#
# SOURCE is an unpatched source tree of a version that ../../patches has a series
# for, such as that of Debian's linux-source package. It gets the series. The
# configuration is what the FRAGMENTs (see *.config here) ask for and nothing
# else; a FRAGMENT that is a *.patch is applied after the series. DEST gets
# usr/lib/modules/RELEASE: the image as vmlinuz, and under build/ what modules are
# built against. RELEASE ends with -SUFFIX.
#
# Needs gcc, make, flex, bison, bc, cpio, lz4, kmod, pahole, python3 and the
# headers of libelf, libdw and libssl; uses ccache if there.

set -euo pipefail

die()
{
	echo "build.sh: $*" >&2
	exit 1
}

[ $# -ge 4 ] || {
	echo "usage: build.sh SOURCE DEST SUFFIX FRAGMENT..." >&2
	exit 2
}
source=$(realpath "$1") dest=$(realpath "$2") suffix=$3
shift 3
here=$(dirname "$(realpath "$0")")
obj=$source/build

cc=gcc
! command -v ccache >/dev/null || cc='ccache gcc'

# Nothing of when, where and by whom: the same input makes the same kernel.
export KBUILD_BUILD_TIMESTAMP='1970-01-01' KBUILD_BUILD_USER=bpf-oom KBUILD_BUILD_HOST=bpf-oom

run_make() { make -s -C "$source" O="$obj" CC="$cc" LOCALVERSION="-$suffix" "$@"; }

# apply [PATCH...]: the series, whole or not at all, and then these
apply()
{
	local base patch

	"$here/../../patches/check.sh" "$source"
	base=$(make -s -C "$source" kernelversion | cut -d. -f1,2)
	for patch in "$here/../../patches/$base"/0*.patch; do
		grep -q '^diff --git ' "$patch" || continue	# the cover letter
		patch -d "$source" -p1 -F0 -f -s <"$patch"
	done
	for patch; do
		patch -d "$source" -p1 -F0 -f -s <"$patch"
	done
}

# Asking is not getting: an option may depend on another, or have a new name.
configure()
{
	local option missing

	mkdir -p "$obj"
	cat "$@" >"$obj/fragments"
	run_make KCONFIG_ALLCONFIG="$obj/fragments" allnoconfig 2>/dev/null
	# The last word on an option counts.
	missing=$(sed -nE 's/^(# )?(CONFIG_[A-Z0-9_]+)(=| is not set).*/\2\t&/p' "$obj/fragments" |
		awk -F '\t' '{ want[$1] = $2 } END { for (o in want) print want[o] }' |
		while IFS= read -r option; do
			case $option in
			'#'*) ! grep -q "^${option:2:-11}=" "$obj/.config" || echo "$option" ;;
			*) grep -qxF "$option" "$obj/.config" || echo "$option" ;;
			esac
		done)
	[ -z "$missing" ] || die "not granted by Kconfig: $(sort <<<"$missing" | paste -sd,)"
}

# install RELEASE
install_kernel()
{
	local modules=$dest/usr/lib/modules/$1 kdir=$dest/usr/lib/modules/$1/build

	run_make INSTALL_MOD_PATH="$dest/usr" modules_install
	rm -f "$kdir" "$modules/source"
	cp "$obj/arch/x86/boot/bzImage" "$modules/vmlinuz"
	# shellcheck disable=SC2016 # expanded by make
	run_make run-command KBUILD_RUN_COMMAND='${srctree}/scripts/package/install-extmod-build '"$kdir"
	cp "$obj/.config" "$kdir/"
	install -D "$obj/tools/bpf/resolve_btfids/resolve_btfids" -t "$kdir/tools/bpf/resolve_btfids"
	# All that a module build takes from it.
	objcopy --only-section=.BTF --strip-all "$obj/vmlinux" "$kdir/vmlinux"
}

patches=() configs=()
for fragment; do
	case $fragment in
	*.patch) patches+=("$fragment") ;;
	*) configs+=("$fragment") ;;
	esac
done
apply "${patches[@]}"
configure "${configs[@]}"
release=$(run_make kernelrelease)
run_make -j"$(nproc)" vmlinux bzImage modules
install_kernel "$release"
echo "built $release"
