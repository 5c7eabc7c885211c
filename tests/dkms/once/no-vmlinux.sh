#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Headers without vmlinux, where kbuild would make modules that do nothing.

# shellcheck source=../lib.sh
. tests/dkms/lib.sh

doctor
rm $headers/vmlinux
refused 'vmlinux is missing.*/sys/kernel/btf/vmlinux'
ln -sfn $headers "/lib/modules/$kver/build"
refused '' make dkms-install KVER="$kver"
grep -q 'vmlinux is missing' "/var/lib/dkms/bpf-oom/$version/build/make.log" ||
	fail "make.log does not give the reason"
! compgen -G "$dest/*.ko*" || fail "it was installed all the same"
