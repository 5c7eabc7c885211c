#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# build.sh KVER: build and install the copy of the checkout in /mnt/src. Runs inside the root file system.
set -euo pipefail

kver=$1
cd /mnt/src

target() {
	echo "== make $*"
	make -j"$(nproc)" "$@" || {
		tail -n +1 /var/lib/dkms/*/*/build/make.log 2>/dev/null	# where DKMS hides the reason
		exit 1
	}
}

target install KVER="$kver"
target tests-install KVER="$kver"
target dkms-install KVER="$kver"
depmod "$kver"
