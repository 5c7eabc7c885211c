#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Is what a build needs there, and new enough? Else a line for each thing that is
# not, with the package that has it, in place of what compilers would say later.
#
#	need.sh kernel KDIR	for modules: the kernel that these headers are of
#	need.sh modules KDIR	for modules: programs and libraries
#	need.sh policies BTF	for tool and policies: these, and a kernel's types
#
# Who calls may set CC (also CLANG, BPFTOOL and LLVM_STRIP for policies).

set -eu

MIN_KERNEL=6.12
MIN_LIBBPF=1.5
MIN_CLANG=14

lacking=

say()
{
	echo "bpf-oom: $*" >&2
	lacking=1
}

# older A B: is version A older than B? By major and minor number, whatever follows.
older()
{
	awk -v a="$1" -v b="$2" 'BEGIN {
		split(a, x, /[.-]/); split(b, y, /[.-]/)
		exit !(x[1] + 0 < y[1] + 0 || (x[1] + 0 == y[1] + 0 && x[2] + 0 < y[2] + 0)) }'
}

# release KDIR: of the kernel that headers are of, or would be if they were there
release()
{
	cat "$1/include/config/kernel.release" 2>/dev/null && return
	case $1 in
	/lib/modules/*/build)
		set -- "${1#/lib/modules/}"
		echo "${1%/build}" ;;
	esac
}

need_kernel()
{
	release=$(release "$1")
	if [ -n "$release" ] && older "$release" $MIN_KERNEL; then
		say "Linux $release is too old, $MIN_KERNEL or later is needed, as in Debian 13: boot such a kernel and install its headers"
	fi
}

# want WHAT FOUND NEEDED PACKAGE: FOUND is its version, empty if it is missing; NEEDED
# is empty if any will do.
want()
{
	if [ -z "$2" ]; then
		say "$1 is missing${3:+, $3 or later is needed}: Debian 13 has it, in the package $4"
	elif [ -n "$3" ] && older "$2" "$3"; then
		say "$1 $2 is too old, $3 or later is needed: Debian 13 has it, in the package $4"
	fi
}

# want_program PROGRAM PACKAGE
want_program()
{
	want "$1" "$(command -v "$1")" '' "$2"
}

# header NAME: the macros that it defines; nothing if it is not there
header()
{
	# shellcheck disable=SC2086 # a command and its options
	echo "#include <$1>" | $CC -E -dM - 2>/dev/null || true
}

libbpf_version()
{
	header bpf/libbpf_version.h | awk '
		$2 == "LIBBPF_MAJOR_VERSION" { major = $3 }
		$2 == "LIBBPF_MINOR_VERSION" { minor = $3 }
		END { if (major != "") print major "." minor }'
}

# need_libraries modules|policies: without a compiler nothing tells what there is.
need_libraries()
{
	want_program "${CC%% *}" gcc
	command -v "${CC%% *}" >/dev/null || return 0
	want libbpf "$(libbpf_version)" $MIN_LIBBPF libbpf-dev
	[ "$1" = policies ] || want libelf "$(header gelf.h)" '' libelf-dev
}

# The kernel's build hands pahole the options that fit the one that made the kernel's
# BTF. 1.26 is the first that skips those that it does not know.
need_pahole()
{
	needed=
	made_by=$(sed -n 's/^CONFIG_PAHOLE_VERSION=//p' "$1/include/config/auto.conf" 2>/dev/null)
	[ "${made_by:-0}" -lt 126 ] || needed=1.26
	want pahole "$(pahole --version 2>/dev/null | sed 's/^v//')" "$needed" pahole
}

clang_version()
{
	echo __clang_major__.__clang_minor__ | "$CLANG" -E -P - 2>/dev/null | tr -d ' '
}

# need_types BTF: of a kernel that is supported, if there is a way to know
need_types()
{
	[ -r "$1" ] || {
		say "$1 is missing, which policies take the kernel's types from: set KDIR to the headers of a kernel that have a vmlinux, or VMLINUX_BTF to the BTF of one"
		return
	}
	case $1 in
	/sys/kernel/btf/vmlinux) release=$(uname -r) ;;
	*) release=$(release "${1%/*}") ;;
	esac
	if [ -n "$release" ] && older "$release" $MIN_KERNEL; then
		say "$1 has the types of Linux $release, policies need those of $MIN_KERNEL or later: set KDIR to headers of such a kernel, as in Debian 13, or VMLINUX_BTF to its BTF"
	fi
}

: "${CC:=cc}" "${CLANG:=clang}" "${BPFTOOL:=bpftool}" "${LLVM_STRIP:=llvm-strip}"

case ${1:-}:$# in
kernel:2)
	need_kernel "$2" ;;
modules:2)
	need_libraries "$1"
	need_pahole "$2" ;;
policies:2)
	need_types "$2"
	need_libraries "$1"
	want "$CLANG" "$(clang_version)" $MIN_CLANG clang
	want_program "$LLVM_STRIP" llvm
	want_program "$BPFTOOL" bpftool ;;
*)
	echo "usage: need.sh kernel|modules KDIR | policies BTF" >&2
	exit 2 ;;
esac
[ -z "$lacking" ]
