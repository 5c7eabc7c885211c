#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Build the kernel modules of the tests: build.sh KDIR

set -eu
kdir=${1:?usage: build.sh KDIR}
cd "$(dirname "$0")"
make -s -C ../../../scripts
mkdir -p ../../.output
awk '!/^#/ { printf "0x00000000\t%s\tvmlinux\tEXPORT_SYMBOL_GPL\t\n", $2 }' \
	klp-symbols.list > ../../.output/hooktest.symvers
rm -f hooktest.ko
make -s -C "$kdir" M="$PWD" \
	KBUILD_EXTRA_SYMBOLS="$PWD/../../.output/hooktest.symvers" modules
strip -g gaptest.ko hooktest.ko livepatchtest.ko
../../../scripts/klp-convert -s klp-symbols.list hooktest.ko
