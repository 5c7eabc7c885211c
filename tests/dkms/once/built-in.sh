#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel with built-in BPF OOM needs no module, and the build says so.

# shellcheck source=../lib.sh
. tests/dkms/lib.sh

doctor
printf '\0bpf_struct_ops_bpf_oom_ops\0' >>$headers/vmlinux
refused 'this kernel has BPF OOM built in'
ln -sfn $headers "/lib/modules/$kver/build"
quiet dkms add "$PWD"
refused 'bpf-oom: skipping .*: it has BPF OOM built in' dkms build -m bpf-oom -v "$version" -k "$kver"
quiet dkms autoinstall -k "$kver"
! compgen -G "$dest/*.ko*" || fail "it was installed all the same"
