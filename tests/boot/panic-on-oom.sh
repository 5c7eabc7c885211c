#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# panic-on-oom.sh KERNEL: vm.panic_on_oom takes precedence over every policy. The kernel
# panics, as it does without the modules, and does not ask the policy that settled the
# same OOM a moment before. hooktest.ko calls the OOM killer as an allocation of the
# system does: really running out of memory takes minutes, since pages of programs are
# read again and again over 9p. Exit status 0: so it is; otherwise the last line says what
# is wrong.

set -euo pipefail

cd "$(dirname "$0")/../.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 143' INT TERM HUP

fail()
{
	cat "$tmp/out"
	grep -aE 'oom|Out of memory|panic|Oops|BUG:|rcu:' "$tmp/console" || true
	echo "$*"
	exit 1
}

marker='panic-on-oom.sh: now with vm.panic_on_oom=2'
# shellcheck disable=SC2016 # expanded in the VM
guest='
	set -e
	bpfoom attach largest
	insmod /usr/lib/bpf-oom/tests/kmod/hooktest.ko
	mkdir /sys/fs/cgroup/victim
	# In the root cgroup there are larger processes, which stand for themselves.
	(echo 0 >/sys/fs/cgroup/victim/cgroup.procs && echo 1000 >/proc/self/oom_score_adj && exec sleep 1000) &
	until grep -q . /sys/fs/cgroup/victim/cgroup.procs; do sleep 0.1; done
	echo oom 0 >/proc/hooktest
	! wait $!
	echo "the policy has settled the first one"
	echo "'$marker'" >/dev/kmsg
	echo 2 >/proc/sys/vm/panic_on_oom
	echo oom 0 >/proc/hooktest
	echo "still alive"'

status=0
touch "$tmp/console"
# Log everything to the console: messages after a panic appear nowhere else. With one CPU
# at a time: the test is not about races, and CPUs that run in parallel only cause trouble
# of their own.
tests/vm/run.sh -1 -t 300 -p 'loglevel=7' -c "$tmp/console" "$1" "$guest" \
	>"$tmp/out" 2>&1 || status=$?

if grep -q 'built without memory cgroups?' "$tmp/out"; then
	echo "no policy that is shipped runs without memory cgroups"
	exit 77
fi
grep -q 'the policy has settled' "$tmp/out" || fail "the VM did not come to the second OOM"
! grep -q 'still alive' "$tmp/out" || fail "no panic: the system lives on"
[ $status = 125 ] || fail "run.sh: exit status $status"
sed "1,/$marker/d" "$tmp/console" >"$tmp/after"
sed "/$marker/,\$d" "$tmp/console" >"$tmp/before"
grep -aq 'oom_policy=largest' "$tmp/before" || fail "the policy was not asked without panic_on_oom"
grep -aq 'Kernel panic.*panic_on_oom is enabled' "$tmp/after" || fail "not the panic that was expected"
! grep -aq 'oom_policy=' "$tmp/after" || fail "a policy was asked in spite of panic_on_oom"
