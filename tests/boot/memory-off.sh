#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# memory-off.sh KERNEL: if the kernel was booted with cgroup_disable=memory, a user who
# attaches a policy that needs the memory controller is told so, and what to do. Exit
# status 0: so it is; otherwise the last line says what is wrong.

set -euo pipefail

cd "$(dirname "$0")/../.."

# shellcheck disable=SC2016 # expanded in the VM
guest='
	. /usr/lib/bpf-oom/tests/lib.sh
	reason="is switched off by cgroup_disable=memory on the kernel'"'"'s command line"
	mkdir /sys/fs/cgroup/x
	expect 0 bpfoom attach priorities
	grep -q warning "$work/out" && fail "warns of a policy that needs no memory controller"

	expect 0 bpfoom attach largest
	says "warning: policy largest looks at the memory of cgroups"
	says "$reason"
	expect 1 bpfoom attach psi-guard
	says "needs the memory controller, which $reason"
	expect 1 bpfoom attach largest --cgroup /x
	says "$reason: boot without cgroup_disable=memory"
	grep -q subtree_control "$work/out" && fail "misleads: $(cat "$work/out")"
	expect 0 bpfoom status
	says "$reason"
	bpfoom detach --all'

status=0
out=$(tests/vm/run.sh -1 -t 300 -p 'panic_on_warn=1 cgroup_disable=memory' "$1" "$guest" 2>&1) || status=$?
echo "$out"
if grep -q 'built without memory cgroups?' <<<"$out"; then
	echo "this kernel has no memory controller to switch off"
	exit 77
fi
exit $status
