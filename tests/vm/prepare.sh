#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# prepare.sh KERNEL: make everything that run.sh needs to boot KERNEL, and print where it
# is.
set -euo pipefail

VM_DIR=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib/prepare.sh
. "$VM_DIR/lib/prepare.sh"

[ $# = 1 ] || die "usage: prepare.sh KERNEL (list.sh names them)"
vm_prepare "$1"
printf '%s=%s\n' kver "$VM_KVER" kernel "$VM_KERNEL" initramfs "$VM_INITRAMFS" root "$VM_ROOT" layer "$VM_LAYER" \
	accel "$VM_ACCEL"
