#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# chroot.sh COMMAND: run a shell command in the root file system of the VMs, but on the
# host's kernel: for builds and checks that need its tools. Runs in a copy of the checkout
# at /src; changes are discarded.
set -euo pipefail

VM_DIR=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib/prepare.sh
. "$VM_DIR/lib/prepare.sh"

[ $# = 1 ] || die "usage: chroot.sh 'shell command'"
vm_init
"$VM_DIR/deps.sh"
vm_resolve
vm_rootfs
vm_hold 8 "$VM_ROOT"
export VM_MNT=$VM_CACHE/mnt VM_WORK=$VM_SRC
"${VM_ISOLATED[@]}" "$VM_LIB/enter.sh" "$VM_ROOT" - bash -c "cd /src && $1"
