#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The contract that the kernel patches add is the one that the modules use.

cd "$(dirname "$0")/../.." || exit
name="every series adds include/linux/oom_hook.h as it is here"
if out=$(patches/check.sh 2>&1); then
	echo "ok - $name"
else
	echo "not ok - $name"
	echo "# $out"
	exit 1
fi
