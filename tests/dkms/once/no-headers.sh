#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make with a KDIR that does not exist, or has no headers

# shellcheck source=../lib.sh
. tests/dkms/lib.sh

refused 'no kernel headers at /nowhere: install linux-headers' make KDIR=/nowhere
refused 'is not a configured kernel tree' make KDIR=/etc
