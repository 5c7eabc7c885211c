#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make dkms-install KDIR= builds against these headers, for their kernel.

# shellcheck source=../lib.sh
. tests/dkms/lib.sh

doctor
rm "/lib/modules/$kver/build"
quiet make dkms-install KDIR="$headers"
installed "$kver"
