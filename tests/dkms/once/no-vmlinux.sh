#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Headers without vmlinux, with which kbuild would make modules that do nothing

# shellcheck source=../lib.sh
. tests/dkms/lib.sh

doctor
rm $headers/vmlinux
refused 'vmlinux is missing.*/sys/kernel/btf/vmlinux'
ln -sfn $headers "/lib/modules/$kver/build"
quiet dkms add "$PWD"
refused "bpf-oom: skipping .*vmlinux is missing" dkms build -m bpf-oom -v "$version" -k "$kver"
# It must succeed, or the installation of each such kernel would fail.
quiet dkms autoinstall -k "$kver"
! compgen -G "$dest/*.ko*" || fail "it was installed all the same"
