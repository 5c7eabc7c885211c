#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# If make dkms-install does not build, it leaves the installed version as it is.

# shellcheck source=../lib.sh
. tests/dkms/lib.sh

quiet make dkms-install KVER="$kver"
before=$(sha256sum "$dest"/*.ko*; dkms status)
echo 'this is not C' >>module/main.c
refused 'it does not build for .*: nothing was changed' make dkms-install KVER="$kver"
grep -q "error: .*this" /tmp/log || { tail -n 40 /tmp/log; fail "the compiler's message is not shown"; }
[ "$(sha256sum "$dest"/*.ko*; dkms status)" = "$before" ] || fail "something changed: $(dkms status)"
! grep -q 'not C' "/usr/src/bpf-oom-$version/module/main.c" || fail "its source was replaced"
installed "$kver"
