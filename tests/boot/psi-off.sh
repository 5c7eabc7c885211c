#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# psi-off.sh KERNEL: if the kernel was booted with psi=0, a pressure policy gets an error
# when it creates a trigger. Exit status 0: so it is; otherwise the last line says what is
# wrong.

set -euo pipefail

cd "$(dirname "$0")/../.."

test=psi_where_pressure_is_off_a_trigger_is_refused
out=$(tests/vm/run.sh -1 -t 300 -p 'panic_on_warn=1 psi=0' "$1" \
	"/usr/lib/bpf-oom/tests/oomtest $test" 2>&1) || {
	echo "$out"
	exit 1
}
grep -qx "ok $test" <<<"$out" || {
	echo "$out"
	echo "the test was not run"
	exit 1
}
