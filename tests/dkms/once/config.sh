#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Without DKMS, make says what the kernel lacks.

# shellcheck source=../lib.sh
. tests/dkms/lib.sh

for option in CONFIG_LIVEPATCH CONFIG_DEBUG_INFO_BTF_MODULES; do
	doctor
	drop_config $option
	refused "lacks $option: "
	rm -r $headers
done
