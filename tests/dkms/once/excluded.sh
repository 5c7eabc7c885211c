#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# DKMS skips a kernel that cannot use the modules, names what it lacks, and does not
# fail.

# shellcheck source=../lib.sh
. tests/dkms/lib.sh

doctor
drop_config CONFIG_LIVEPATCH
ln -sfn $headers "/lib/modules/$kver/build"

quiet dkms add "$PWD"
status=0
dkms build -m bpf-oom -v "$version" -k "$kver" >/tmp/log 2>&1 || status=$?
[ $status = 77 ] || { cat /tmp/log; fail "dkms build: exit status $status, not 77"; }
grep -q "bpf-oom: skipping $kver: it lacks CONFIG_LIVEPATCH" /tmp/log || {
	cat /tmp/log
	fail "no line says what is missing"
}
quiet dkms autoinstall -k "$kver"
! compgen -G "$dest/*.ko*" || fail "it was installed all the same"
