#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# list.sh: the kernels that run.sh can boot, with package and version.
set -euo pipefail

VM_DIR=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib/prepare.sh
. "$VM_DIR/lib/prepare.sh"

vm_init
"$VM_DIR/deps.sh"
vm_resolve
while read -r what name _ package; do
	if [ "$what" = kernel ]; then
		printf '%s\t%s %s\n' "$name" "$package" "$(vm_version "$package")"
	fi
done <"$VM_RESOLVED"
