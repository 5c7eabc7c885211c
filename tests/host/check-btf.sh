#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Tests of scripts/check-btf: every check, with BTF made for it. Needs cc, binutils and
# libbpf-dev; no kernel, no root.
#
# CHECK_BTF=path tests that binary instead of building one.

set -u

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1

failed=0

ok()
{
	printf 'ok - %s\n' "$1"
}

not_ok()
{
	printf 'not ok - %s\n' "$1"
	sed 's/^/# /' log
	failed=$((failed + 1))
}

die()
{
	printf 'Bail out! %s\n' "$*"
	exit 1
}

# gate NAME STATUS TEXT ARGS...: check-btf must exit with STATUS and print TEXT
gate()
{
	name=$1
	want=$2
	text=$3
	shift 3
	"$CHECK_BTF" "$@" >log 2>&1
	got=$?
	if [ "$got" -ne "$want" ]; then
		echo "exit status $got instead of $want" >>log
		not_ok "$name"
	elif [ -n "$text" ] && ! grep -qF -e "$text" log; then
		echo "does not say: $text" >>log
		not_ok "$name"
	elif [ "$want" -eq 0 ] && [ -s log ]; then
		echo "not silent" >>log
		not_ok "$name"
	else
		ok "$name"
	fi
}

# module VARIANT [KERNEL]: make VARIANT.ko
module()
{
	./mkbtf "$1" "${2-kernel}" "$1.btf" || die "mkbtf $1"
	objcopy --add-section ".BTF=$1.btf" plain.o "$1.ko" ||
		die "objcopy $1"
}

# variant NAME VARIANT STATUS TEXT: check a module of that variant
variant()
{
	module "$2"
	gate "$1" "$3" "$4" -b kernel -t bpf_oom_ops -p hook_protos -s list \
		"$2.ko"
}

if [ -z "${CHECK_BTF-}" ]; then
	make -s -C "$top/scripts" O="$tmp" "$tmp/check-btf" >log 2>&1 ||
		die "cannot build check-btf: $(cat log)"
	CHECK_BTF=$tmp/check-btf
fi
cc -std=gnu11 -Wall -Wextra -o mkbtf "$here/mkbtf.c" -lbpf ||
	die "cannot build mkbtf"
echo 'int x;' | cc -x c -c -o plain.o - || die "cannot compile"
./mkbtf vmlinux kernel || die "mkbtf vmlinux"
cat >list <<'EOF'
# the functions that the module calls
func oom_pick	# a comment
func oom_note

func oom_scan
addr oom_pick
data oom_lock
addr oom_other
EOF

# Modules that pass
variant 'a good module passes' good 0 ''
variant 'a declared-only struct is the kernel'\''s' opaque 0 ''
variant 'a type tag is no difference' type-tag 0 ''
objcopy --add-section .BTF=kernel plain.o kernel.elf || die objcopy
gate 'the kernel as an ELF file' 0 '' -b kernel.elf -p hook_protos -s list \
	good.ko
gate 'no gate asked for but BTF itself' 0 '' -b kernel good.ko
./mkbtf good kernel split base || die "mkbtf with a base"
objcopy --add-section .BTF=split --add-section .BTF.base=base plain.o \
	distilled.ko || die objcopy
gate 'a distilled base is relocated' 0 '' -b kernel -t bpf_oom_ops \
	-p hook_protos -s list distilled.ko

# BTF in general
gate 'no BTF' 1 'has no BTF' -b kernel plain.o
gate 'no BTF: says what to do' 1 '/sys/kernel/btf/vmlinux' -b kernel plain.o
variant 'empty BTF' empty 1 'has no BTF'
: >nothing
objcopy --add-section .BTF=nothing plain.o nothing.ko || die objcopy
gate 'empty BTF section' 1 'BTF' -b kernel nothing.ko
head -c 40 good.btf >cut.btf
objcopy --add-section .BTF=cut.btf plain.o cut.ko || die objcopy
gate 'truncated BTF' 1 'cannot use its BTF' -b kernel cut.ko
cp split wild
# Give the first prototype a return type that does not exist.
printf '\377\377' | dd of=wild bs=1 seek=92 conv=notrunc 2>/dev/null
objcopy --add-section .BTF=wild --add-section .BTF.base=base plain.o wild.ko ||
	die objcopy
gate 'damaged BTF that libbpf stumbles over' 1 'cannot use its BTF' -b kernel wild.ko
gate 'not an ELF file' 1 'not a module' -b kernel list
gate 'no such module' 1 'no such file' -b kernel absent.ko
gate 'no such kernel' 1 "cannot read the kernel's BTF" -b absent good.ko
gate 'a kernel without BTF' 1 "cannot read the kernel's BTF" -b plain.o good.ko

# Private copies
for s in task_struct mem_cgroup cgroup cgroup_subsys_state oom_control; do
	variant "private copy of $s" "private-$s" 1 "kernel's struct $s"
done
module private-task_struct
gate 'a private copy: says what to do' 1 'Install libbpf 1.7 or later' -b kernel private-task_struct.ko

./mkbtf vmlinux-nomemcg nomemcg || die "mkbtf vmlinux-nomemcg"
module private-mem_cgroup nomemcg
gate 'mem_cgroup of its own where the kernel has none' 0 '' -b nomemcg \
	private-mem_cgroup.ko

# struct_ops
variant 'struct_ops type is missing' no-ops 1 \
	'struct bpf_struct_ops_bpf_oom_ops is missing'
gate 'one of two struct_ops types is missing' 1 \
	'struct bpf_struct_ops_bpf_psi_ops is missing' -b kernel \
	-t bpf_oom_ops -t bpf_psi_ops good.ko
./mkbtf vmlinux-ops kernel.ops || die "mkbtf vmlinux-ops"
module no-ops kernel.ops
gate 'the kernel has the struct_ops type' 1 'of its own' -b kernel.ops \
	-t bpf_oom_ops no-ops.ko

# Prototypes
differs="the kernel's prototype is not"
variant 'parameter added' param-added 1 "oom_pick(): $differs"
variant 'parameter removed' param-removed 1 "oom_pick(): $differs"
variant 'return type changed' return-type 1 "oom_pick(): $differs"
variant 'return value dropped' return-void 1 "oom_pick(): $differs"
variant 'const lost' const-lost 1 "oom_pick(): $differs"
variant 'const added' const-added 1 "oom_pick(): $differs"
variant 'volatile for const' const-volatile 1 "oom_pick(): $differs"
variant 'another struct' param-struct 1 "oom_note(): $differs"
variant 'another struct of the same form' param-twin 1 "oom_note(): $differs"
variant 'the same struct in another size' param-grown 1 "oom_note(): $differs"
variant 'struct by value' param-pointer 1 "oom_note(): $differs"
variant 'another typedef' param-typedef 1 "oom_note(): $differs"
variant 'another typedef of the same type' typedef-twin 1 \
	"oom_note(): $differs"
variant 'callback with other arguments' callback 1 "oom_scan(): $differs"
gate 'the prototype of the kernel is shown' 1 \
	'kernel: int oom_pick(struct task_struct *arg, const char *arg);' \
	-b kernel -p hook_protos -s list return-type.ko
gate 'the prototype of the module is shown' 1 \
	'module: unsigned int oom_pick(struct task_struct *arg, const char *arg);' \
	-b kernel -p hook_protos -s list return-type.ko

# The struct of prototypes
variant 'member is no pointer' no-pointer 1 'oom_pick is not a pointer'
variant 'struct is missing' no-protos 1 'struct hook_protos is missing'
grep -v oom_note list >short
gate 'member is not listed' 1 'member oom_note is no func' -b kernel \
	-p hook_protos -s short good.ko
{ cat list; echo 'func oom_more'; } >long
gate 'listed function has no member' 1 'lacks a member oom_more' -b kernel \
	-p hook_protos -s long good.ko
gate 'no list' 1 'cannot read the symbol list' -b kernel -p hook_protos \
	-s absent good.ko
./mkbtf vmlinux-two kernel.two || die "mkbtf vmlinux-two"
module good kernel.two
gate 'two functions of one name' 1 'more than one function' -b kernel.two \
	-p hook_protos -s list good.ko
./mkbtf vmlinux-gone kernel.gone || die "mkbtf vmlinux-gone"
module good kernel.gone
gate 'function is gone from the kernel' 1 \
	'oom_pick(): the kernel has no such function' -b kernel.gone \
	-p hook_protos -s list good.ko

# Usage
gate 'usage: no module' 2 'usage:' -b kernel
gate 'usage: two modules' 2 'usage:' -b kernel good.ko good.ko
gate 'usage: unknown option' 2 'usage:' -x good.ko
gate 'usage: -p without -s' 2 'usage:' -p hook_protos good.ko
gate 'usage: -s without -p' 2 'usage:' -s list good.ko

[ "$failed" -eq 0 ]
