#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Without pahole kbuild would make modules without BTF.

# shellcheck source=../lib.sh
. tests/dkms/lib.sh

doctor
rm -f "$(command -v pahole)"
! command -v pahole || fail "pahole is still there"
refused 'pahole is missing'
