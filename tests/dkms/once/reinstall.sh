#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make dkms-install over an installed version replaces it.

# shellcheck source=../lib.sh
. tests/dkms/lib.sh

quiet make dkms-install KVER="$kver"
echo 'MODULE_INFO(again, "yes");' >>module/main.c
quiet make dkms-install KVER="$kver"
installed "$kver"
[ "$(modinfo -k "$kver" -F again bpf_oom)" = yes ] || fail "the old module is still there"
