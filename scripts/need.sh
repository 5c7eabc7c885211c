#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Check whether the requirements of a build are there and new enough. Otherwise print a
# line for each one that is not, with the package that has it, and fail: compilers would
# fail later with errors that are harder to understand.
#
#	need.sh kernel KDIR	for modules: the version of the kernel headers
#	need.sh modules KDIR	for modules: programs and libraries
#	need.sh policies BTF	for tool and policies: the same, and a kernel's types
#
# The caller may set CC, and for policies also CLANG, BPFTOOL and LLVM_STRIP.

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

# older A B: is version A older than B? Compares major and minor number only.
older()
{
	awk -v a="$1" -v b="$2" 'BEGIN {
		split(a, x, /[.-]/); split(b, y, /[.-]/)
		exit !(x[1] + 0 < y[1] + 0 || (x[1] + 0 == y[1] + 0 && x[2] + 0 < y[2] + 0)) }'
}

# release KDIR: print the release of the kernel headers, from the path if they are missing
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

# want WHAT FOUND NEEDED PACKAGE: complain if WHAT is missing or too old. FOUND is its
# version, empty if it is missing; NEEDED is empty if any version will do.
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

# header NAME: print the macros that a header defines; nothing if it is missing
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

# need_libraries modules|policies: without a compiler the libraries cannot be checked
need_libraries()
{
	want_program "${CC%% *}" gcc
	command -v "${CC%% *}" >/dev/null || return 0
	want libbpf "$(libbpf_version)" $MIN_LIBBPF libbpf-dev
	[ "$1" = policies ] || want libelf "$(header gelf.h)" '' libelf-dev
}

# The kernel's build passes pahole the options for the version that made the kernel's
# BTF. 1.26 is the first version that ignores options that it does not know.
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

# need_types BTF: is it there, and of a supported kernel, if the release can be found?
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
