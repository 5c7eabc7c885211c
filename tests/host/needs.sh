#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# If a machine cannot build, our own message must say so at once, not a compiler's: what
# is too old or missing, which version is needed and where to get it. Needs make and cc;
# headers, libraries and programs are faked.

cd "$(dirname "$0")/../.." || exit
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0
mkdir "$tmp/src"
cp -r Makefile dkms.conf bpf include module scripts "$tmp/src/"
rm -rf "$tmp/src/bpf/.output"

# tell NAME FAULT...: report the result; without a FAULT the test passes
tell()
{
	if [ $# = 1 ]; then
		echo "ok - $1"
		return
	fi
	echo "not ok - $1"
	{ printf '%s\n' "${@:2}"; cat "$tmp/log"; } | sed 's/^/# /'
	failed=1
}

# refused NAME WANTED-LINES ARGS...: make ARGS must fail with exactly these lines of ours
refused()
{
	local name=$1 wanted=$2 ours fault=()
	shift 2

	! PATH=$tmp/bin:$PATH make -C "$tmp/src" "$@" >"$tmp/log" 2>&1 || fault+=("it did not fail")
	ours=$(grep '^bpf-oom: ' "$tmp/log")
	[ "$ours" = "$wanted" ] || fault+=("wanted: $wanted")
	! grep -q ' error: ' "$tmp/log" || fault+=("a compiler was asked")
	tell "$name" "${fault[@]}"
}

# builds NAME RELEASE: no message if the machine can build for it
builds()
{
	local fault=()

	PATH=$tmp/bin:$PATH "$tmp/src/scripts/build-modules.sh" -n "$tmp/headers" >"$tmp/log" 2>&1 ||
		fault=("exit status $?")
	[ ! -s "$tmp/log" ] || fault+=("it said something")
	tell "$1" "${fault[@]}"
}

# headers RELEASE [PAHOLE]: fake headers in $tmp/headers of a kernel that can use the
# modules
headers()
{
	local o

	rm -rf "$tmp/headers"
	mkdir -p "$tmp/headers/include/config"
	echo "$1" >"$tmp/headers/include/config/kernel.release"
	for o in BPF_SYSCALL BPF_JIT DEBUG_INFO_BTF_MODULES LIVEPATCH DYNAMIC_FTRACE_WITH_ARGS PSI KALLSYMS_ALL; do
		echo "CONFIG_$o=y"
	done >"$tmp/headers/include/config/auto.conf"
	echo "CONFIG_PAHOLE_VERSION=${2:-130}" >>"$tmp/headers/include/config/auto.conf"
	: >"$tmp/headers/vmlinux"
}

# program NAME LINES: fake a program that prints LINES, whatever its arguments
program()
{
	mkdir -p "$tmp/bin"
	printf '#!/bin/sh\ncat <<"END"\n%s\nEND\n' "$2" >"$tmp/bin/$1"
	chmod +x "$tmp/bin/$1"
}

# libbpf VERSION: fake a libbpf that the compiler finds first
libbpf()
{
	mkdir -p "$tmp/include/bpf"
	printf '#define LIBBPF_MAJOR_VERSION %s\n#define LIBBPF_MINOR_VERSION %s\n' \
		"${1%.*}" "${1#*.}" >"$tmp/include/bpf/libbpf_version.h"
	export CPATH=$tmp/include
}

# Everything is as needed, except what a test changes.
good()
{
	headers 6.12.1
	libbpf 1.5
	program pahole v1.30
	program clang 19.1
	program bpftool ''
	program llvm-strip ''
	: >"$tmp/include/gelf.h"
}

in13='Debian 13 has it, in the package'
good
headers 6.1.0-50-amd64
refused 'a kernel that is too old' \
	'bpf-oom: Linux 6.1.0-50-amd64 is too old, 6.12 or later is needed, as in Debian 13: boot such a kernel and install its headers' \
	modules KDIR="$tmp/headers"
rm "$tmp/headers/vmlinux"
refused 'a kernel that is too old, and whose headers have no vmlinux' \
	'bpf-oom: Linux 6.1.0-50-amd64 is too old, 6.12 or later is needed, as in Debian 13: boot such a kernel and install its headers' \
	modules KDIR="$tmp/headers"
refused 'a kernel that is too old, and has no headers' \
	'bpf-oom: Linux 5.10.0-9-amd64 is too old, 6.12 or later is needed, as in Debian 13: boot such a kernel and install its headers' \
	modules KDIR=/lib/modules/5.10.0-9-amd64/build
refused 'a kernel that has no headers' \
	'bpf-oom: no kernel headers at /lib/modules/6.99.0/build: install linux-headers for this kernel, or set KVER or KDIR' \
	modules KVER=6.99.0

good
libbpf 1.1
refused 'libbpf that is too old, for the modules' \
	"bpf-oom: libbpf 1.1 is too old, 1.5 or later is needed: $in13 libbpf-dev" \
	modules KDIR="$tmp/headers"
refused 'libbpf that is too old, for tool and policies' \
	"bpf-oom: libbpf 1.1 is too old, 1.5 or later is needed: $in13 libbpf-dev" \
	user KDIR="$tmp/headers"
refused 'make install where libbpf is too old' \
	"bpf-oom: libbpf 1.1 is too old, 1.5 or later is needed: $in13 libbpf-dev" \
	install KDIR="$tmp/headers" DESTDIR="$tmp/dest"
fault=()
[ ! -e "$tmp/dest" ] || fault=("$(find "$tmp/dest")")
tell 'make install that is refused makes nothing, not even a directory' "${fault[@]}"
good
refused 'libbpf that is missing' \
	"bpf-oom: libbpf is missing, 1.5 or later is needed: $in13 libbpf-dev" \
	user KDIR="$tmp/headers" CC='cc -nostdinc' CPATH=
refused 'no compiler: of libraries nothing can be said' \
	"bpf-oom: no-such-cc is missing: $in13 gcc" \
	user KDIR="$tmp/headers" CC=no-such-cc

good
program pahole v1.24
refused 'pahole that does not know the options of this kernel' \
	"bpf-oom: pahole 1.24 is too old, 1.26 or later is needed: $in13 pahole" \
	modules KDIR="$tmp/headers"

good
program clang 13.0
refused 'clang that is too old' \
	"bpf-oom: clang 13.0 is too old, 14 or later is needed: $in13 clang" \
	user KDIR="$tmp/headers"
refused 'all that is missing is told at once' \
	"bpf-oom: no-clang is missing, 14 or later is needed: $in13 clang
bpf-oom: no-strip is missing: $in13 llvm
bpf-oom: no-bpftool is missing: $in13 bpftool" \
	user KDIR="$tmp/headers" CLANG=no-clang LLVM_STRIP=no-strip BPFTOOL=no-bpftool

good
headers 6.1.0-50-amd64
refused 'types of a kernel that is too old for policies' \
	"bpf-oom: $tmp/headers/vmlinux has the types of Linux 6.1.0-50-amd64, policies need those of 6.12 or later: set KDIR to headers of such a kernel, as in Debian 13, or VMLINUX_BTF to its BTF" \
	user KDIR="$tmp/headers"
refused 'types that are not there' \
	"bpf-oom: /nowhere is missing, which policies take the kernel's types from: set KDIR to the headers of a kernel that have a vmlinux, or VMLINUX_BTF to the BTF of one" \
	user VMLINUX_BTF=/nowhere

good
for release in 6.12.1 6.12 6.13-rc1 7.3.4+deb13-amd64 10.0.0; do
	headers $release
	builds "all is there for Linux $release"
done
headers 6.12.1 124
program pahole v1.24
builds 'the pahole that the kernel was built with is never too old'
exit $failed
