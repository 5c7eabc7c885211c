#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel that is installed later gets the modules automatically.

# shellcheck source=lib.sh
. tests/dkms/lib.sh

[ -n "$other" ] || { echo "there is no second kernel"; exit 77; }
quiet make dkms-install KVER="$other"
quiet dkms autoinstall -k "$kver"
installed "$other"
installed "$kver"
