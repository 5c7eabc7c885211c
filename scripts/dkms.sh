#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# dkms.sh install RELEASE [HEADERS]	add the modules to DKMS and install them, for
#					RELEASE and for all kernels that have an
#					installed older version
# dkms.sh uninstall			remove all versions
#
# An installed version is removed only after the new one has been built for all kernels.
# That build is in a DKMS tree of its own, since DKMS cannot have one version twice. If
# nothing was installed before, a failed installation is removed again.

set -euo pipefail
shopt -s nullglob

cd "$(dirname "$0")/.."
name=bpf-oom
# The new version before it is installed. The name is fixed so that the next run finds
# it if this one is killed, and so that ccache finds earlier results. It is next to the
# final place of the source, where only root can write.
new=/usr/src/.$name.new
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)

# The files that DKMS needs to build the modules
files=(COPYING Kbuild Makefile dkms.conf include
	module/Kbuild module/*.[ch] module/*/*.[ch] module/shim/{Kbuild,klp-symbols.list}
	scripts/{Makefile,build-modules.sh,need.sh} scripts/*.[ch])

versions()
{
	dkms status -m $name 2>/dev/null | sed -n "s|^$name/\([^,:]*\)[,:].*|\1|p" | sort -u
}

# kernels: list the kernels for which a version is installed
kernels()
{
	dkms status -m $name | sed -n "s|^$name/[^,]*, \([^,]*\), .*: installed.*|\1|p"
}

die()
{
	echo "bpf-oom: $*" >&2
	exit 1
}

# copy_source DIR: copy the files to DIR, owned by root: DKMS runs them as root for each
# new kernel, so the user who owns this checkout must not be able to change the copy
copy_source()
{
	mkdir -p "$1"
	tar c --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
		--exclude=btf-id.h --exclude='*.mod.c' "${files[@]}" | tar x -C "$1"
}

# build_log DKMS-TREE: print the log of a failed build
build_log()
{
	# Without a log, cat has no arguments and must not read our standard input.
	cat "$1/$name"/*/build/make.log </dev/null 2>/dev/null || true
}

uninstall()
{
	local v

	for v in $(versions); do
		dkms remove -m $name -v "$v" --all
		rm -rf "/usr/src/$name-$v"
	done
	rm -rf "/usr/src/$name-$version"
	[ ! -d /sys/module/bpf_oom ] ||
		echo "bpf-oom: the modules stay loaded until 'rmmod bpf_oom oom_hook' or the next boot"
}

# for_headers KERNEL: set "headers" to DKMS options for the headers of KERNEL
for_headers()
{
	headers=()
	if [ "$1" = "$release" ] && [ -n "$kdir" ]; then
		headers=(--kernelsourcedir "$kdir")
	fi
}

# builds KERNEL...: does the new version build? In a temporary DKMS tree.
builds()
{
	local kernel trees=(--sourcetree "$new/src" --dkmstree "$new/dkms")

	mkdir "$new/dkms"
	dkms add "${this[@]}" "${trees[@]}"
	for kernel; do
		for_headers "$kernel"
		dkms build "${this[@]}" "${trees[@]}" -k "$kernel" "${headers[@]}" && continue
		build_log "$new/dkms"
		cat >&2 <<-EOF
			bpf-oom: it does not build for $kernel, see above: nothing was changed. To go on without that kernel:
			dkms remove $name/$(versions | tail -n 1) -k $kernel
		EOF
		return 1
	done
}

# put KERNEL...: add the new source to DKMS and install its modules
put()
{
	local kernel

	rm -rf "/usr/src/$name-$version"
	mv "$new/src/$name-$version" /usr/src/
	dkms add "${this[@]}"
	for kernel; do
		for_headers "$kernel"
		dkms install "${this[@]}" -k "$kernel" "${headers[@]}"
	done
}

install()
{
	local kernel kernels

	scripts/build-modules.sh -n "${kdir:-/lib/modules/$release/build}" ||
		die "nothing was changed"
	copy_source "$new/src/$name-$version"
	mapfile -t kernels < <({ echo "$release"; kernels; } | awk '!seen[$0]++')
	if [ -n "$(versions)" ]; then
		builds "${kernels[@]}"
		uninstall
	else
		undo=1
	fi
	put "${kernels[@]}"
	undo=
}

# tidy: clean up at exit. Ignores further signals, since make passes on an interrupt.
tidy()
{
	trap '' INT TERM HUP
	rm -rf "$new"
	[ -n "$undo" ] || return 0
	build_log /var/lib/dkms >&2
	uninstall >/dev/null 2>&1 || true
	echo "bpf-oom: it was not installed for $release, see above: nothing is left of it" >&2
}

# alone: allow one run at a time, and clean up after a run that was killed. The lock on
# /usr/src is released when the last process that inherited descriptor 9 exits.
alone()
{
	mkdir -p /usr/src
	exec 9</usr/src
	flock -n 9 || {
		echo "bpf-oom: waiting for another run of $0" >&2
		flock 9
	}
	rm -rf "$new"
	trap tidy EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

this=(-m "$name" -v "$version")
release=${2:-} kdir=${3:-} undo=
case ${1:-} in
install)
	[ -n "$release" ] || { echo "usage: dkms.sh install RELEASE [HEADERS]" >&2; exit 2; }
	[ "$(id -u)" = 0 ] || die "make dkms-install needs root"
	command -v dkms >/dev/null || die "dkms is missing: apt-get install dkms"
	alone
	install ;;
uninstall)
	alone
	uninstall ;;
*)
	echo "usage: dkms.sh install RELEASE [HEADERS] | uninstall" >&2
	exit 2 ;;
esac
