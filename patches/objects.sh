#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# objects.sh TREE: does the series for this kernel source compile as it should?
#
#  - without CONFIG_OOM_HOOK the objects that it touches have the same code as
#    before, but for line numbers;
#  - with it they compile at W=1 without a word after each patch, and after the
#    last one also without memory cgroups, PSI, cgroups, BPF, and with all else off.
#
# TREE is an unpatched source tree and stays as it is. Needs some minutes and 3 GB,
# and what building a kernel needs. One line per result; exits with 1 if one is bad.

set -euo pipefail
shopt -s nullglob

[ $# = 1 ] || { echo "usage: objects.sh TREE" >&2; exit 2; }
here=$(dirname "$(realpath "$0")")
tree=$(realpath "$1")
configs=$here/../scripts/kernel
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

report()
{
	echo "$*"
	case $1 in not*) failed=1 ;; esac
}

"$here/check.sh" "$tree" || exit
base=$(make -s -C "$tree" kernelversion | cut -d. -f1,2)
objects=(mm/oom_kill.o kernel/sched/build_utility.o kernel/bpf/verifier.o)

# Links, but for what patch(1) writes anew.
cp -al "$tree" "$tmp/linux"

run_make() { make -s -C "$tmp/linux" O="$tmp/$1" "${@:2}"; }

# configure NAME OPTION...: the test kernel's configuration, with these changes
configure()
{
	local name=$1

	shift
	mkdir -p "$tmp/$name"
	cat "$configs/base.config" "$configs/$base.config" >"$tmp/$name/fragment"
	printf '%s\n' "$@" >>"$tmp/$name/fragment"
	run_make "$name" KCONFIG_ALLCONFIG="$tmp/$name/fragment" allnoconfig >/dev/null 2>&1
	run_make "$name" -j"$(nproc)" prepare >/dev/null 2>&1
}

# The code, without what depends on where it is: addresses, and the line numbers in
# the labels of BTF ids.
code()
{
	objdump -d --no-show-raw-insn "$1" |
		sed -E 's/^ *[0-9a-f]+:\t//; /file format/d; s/(__BTF_ID__\w+__)[0-9]+/\1N/'
}

# compiles NAME: all of its objects, without a word
compiles()
{
	local object wanted=()

	for object in "${objects[@]}" mm/memcontrol.o kernel/cgroup/cgroup.o; do
		case $object in
		kernel/bpf/*) grep -q '^CONFIG_BPF_SYSCALL=y' "$tmp/$1/.config" || continue ;;
		kernel/cgroup/*) grep -q '^CONFIG_CGROUPS=y' "$tmp/$1/.config" || continue ;;
		mm/memcontrol.o) grep -q '^CONFIG_MEMCG=y' "$tmp/$1/.config" || continue ;;
		esac
		wanted+=("$object")
	done
	run_make "$1" W=1 "${wanted[@]}" >"$tmp/log" 2>&1 && [ ! -s "$tmp/log" ]
}

configure off '# CONFIG_OOM_HOOK is not set'
run_make off "${objects[@]}"
for object in "${objects[@]}"; do
	code "$tmp/off/$object" >"$tmp/${object##*/}.before"
done
configure on 'CONFIG_OOM_HOOK=y'

for patch in "$here/$base"/0*.patch; do
	grep -q '^diff --git ' "$patch" || continue	# the cover letter
	patch -d "$tmp/linux" -p1 -F0 -f -s --no-backup-if-mismatch <"$patch"
	configure on 'CONFIG_OOM_HOOK=y'
	if compiles on; then
		report "ok: compiles after ${patch##*/}"
	else
		cat "$tmp/log"
		report "not ok: after ${patch##*/}"
	fi
done

run_make off olddefconfig >/dev/null
if compiles off; then
	report "ok: compiles without CONFIG_OOM_HOOK"
else
	cat "$tmp/log"
	report "not ok: without CONFIG_OOM_HOOK"
fi
for object in "${objects[@]}"; do
	code "$tmp/off/$object" >"$tmp/${object##*/}.after"
	if diff "$tmp/${object##*/}.before" "$tmp/${object##*/}.after" >"$tmp/diff"; then
		report "ok: off, $object has the code that it had"
	elif ! grep '^[<>]' "$tmp/diff" | grep -qvE '^[<>] mov +\$0x[0-9a-f]+,%e(si|dx|cx)$'; then
		report "ok: off, $object has the code that it had, but for line numbers"
	else
		head -n 20 "$tmp/diff"
		report "not ok: off, $object has other code"
	fi
done

for option in MEMCG PSI CGROUPS BPF_SYSCALL; do
	configure "$option" "# CONFIG_$option is not set"
	if compiles "$option"; then
		report "ok: compiles without CONFIG_$option"
	else
		cat "$tmp/log"
		report "not ok: without CONFIG_$option"
	fi
	rm -rf "${tmp:?}/$option"
done
mkdir "$tmp/all"
echo CONFIG_OOM_HOOK=y >"$tmp/all/fragment"
run_make all KCONFIG_ALLCONFIG="$tmp/all/fragment" allnoconfig >/dev/null 2>&1
run_make all -j"$(nproc)" prepare >/dev/null 2>&1
if compiles all; then
	report "ok: compiles with all else off"
else
	cat "$tmp/log"
	report "not ok: with all else off"
fi
exit $failed
