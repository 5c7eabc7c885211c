#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# demo.sh: in a VM, let the same services run out of memory twice, first as the
# kernel handles it, then with the policy "largest", and show which were killed.
# Exit status 0: the expected ones.

set -eu

cd "$(dirname "$0")/../.."
exec tests/vm/run.sh -t 300 "${KERNEL:-stock-6.12}" 'exec bash /src/tests/vm/demo-guest.sh'
