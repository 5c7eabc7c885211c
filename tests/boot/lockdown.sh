#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# lockdown.sh KERNEL: on a kernel that is locked down, a user who attaches a policy is
# told first that the module must be signed with an enrolled key. Exit status 0: so it is;
# otherwise the last line says what is wrong.

set -euo pipefail

cd "$(dirname "$0")/../.."

# shellcheck disable=SC2016 # expanded in the VM
guest='
	. /usr/lib/bpf-oom/tests/lib.sh
	unload
	lockdown=/sys/kernel/security/lockdown
	[ -e $lockdown ] || skip "this kernel cannot be locked down"
	echo integrity >$lockdown
	! modprobe bpf_oom 2>/dev/null || skip "the modules are signed"
	expect 5 bpfoom attach largest
	grep -m 1 "mokutil\|dkms build\|dmesg" "$work/out" | grep -q mokutil ||
		fail "the remedy does not come first: $(cat "$work/out")"
	[ "$(wc -L <"$work/out")" -le 100 ] || fail "a line is too long: $(cat "$work/out")"
	expect 0 bpfoom status
	says "installed, to be loaded when a policy is attached (if its key is enrolled)"'

tests/vm/run.sh -1 -t 300 -p 'panic_on_warn=1' "$1" "$guest" 2>&1
