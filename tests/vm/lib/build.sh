#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# build.sh KVER: build and install the copy of the checkout in /mnt/src. Runs inside the root file system.
set -euo pipefail

kver=$1
cd /mnt/src
# Compilers that remember: most of what is built has not changed since the last time.
PATH=/usr/lib/ccache:$PATH

target() {
	echo "== make $*"
	make -j"$(nproc)" "$@" || {
		tail -n +1 /var/lib/dkms/*/*/build/make.log 2>/dev/null	# where DKMS hides the reason
		exit 1
	}
}

# A kernel without memory cgroups lacks types that policies name. They can do with those of any kernel.
types=()
if ! grep -q '^CONFIG_MEMCG=y' "/lib/modules/$kver/build/.config"; then
	stock=(/usr/src/linux-headers-*-amd64/vmlinux)
	types=(VMLINUX_BTF="${stock[-1]}")
fi

target install KVER="$kver" "${types[@]}"
target tests-install KVER="$kver" "${types[@]}"
target dkms-install KVER="$kver"
# DKMS leaves it out where it has not been done yet.
[ -e "/lib/modules/$kver/modules.dep" ] || depmod "$kver"
