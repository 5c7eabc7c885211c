#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# DKMS skips a kernel that is too old, for that reason and no other.

# shellcheck source=../lib.sh
. tests/dkms/lib.sh

doctor
rm $headers/vmlinux
mkdir -p /lib/modules/6.1.0-50-amd64
ln -s $headers /lib/modules/6.1.0-50-amd64/build
quiet dkms add "$PWD"
status=0
dkms build -m bpf-oom -v "$version" -k 6.1.0-50-amd64 >/tmp/log 2>&1 || status=$?
[ $status = 77 ] || { cat /tmp/log; fail "dkms build: exit status $status, not 77"; }
[ "$(grep '^bpf-oom: ' /tmp/log | sort -u)" = "bpf-oom: skipping 6.1.0-50-amd64: it is older than 6.12" ] || {
	cat /tmp/log
	fail "it says something else"
}
