#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel patches must add the same contract that the modules use, and applying a
# series to another version must fail with a reason. The builds of test kernels show that
# each series applies to its own version.

cd "$(dirname "$0")/../.." || exit
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

# check NAME STATUS TEXT COMMAND...: exit status and, if any, one line with TEXT
check()
{
	local name=$1 want=$2 text=$3 got=0 lines=1
	shift 3

	[ -n "$text" ] || lines=0

	"$@" >"$tmp/out" 2>&1 || got=$?
	if [ $got = "$want" ] && [ "$(wc -l <"$tmp/out")" = $lines ] &&
		grep -qF -- "$text" <(cat "$tmp/out"; [ $lines = 1 ] || echo); then
		echo "ok - $name"
		return
	fi
	echo "not ok - $name"
	echo "# exit status $got, wanted $want and one line with '$text', got:"
	sed 's/^/# /' "$tmp/out"
	failed=1
}

# tree VERSION PATCHLEVEL: fake the part of a source tree that identifies its version
tree()
{
	rm -rf "$tmp/tree"
	mkdir -p "$tmp/tree/mm" "$tmp/tree/include/linux"
	printf 'VERSION = %s\nPATCHLEVEL = %s\n' "$1" "$2" >"$tmp/tree/Makefile"
	: >"$tmp/tree/mm/oom_kill.c"
}

check "every series adds include/linux/oom_hook.h as it is here" 0 '' patches/check.sh
check "what is no source tree is told so" 1 'not a kernel source tree' patches/check.sh "$tmp"
tree 5 10
check "a wrong base is named" 1 'is Linux 5.10, for which there is no series' \
	patches/check.sh "$tmp/tree"
tree 6 12
: >"$tmp/tree/include/linux/oom_hook.h"
check "a series that is applied already is noticed" 1 'is the series applied?' \
	patches/check.sh "$tmp/tree"
tree 6 12
printf 'config NOTHING\n\tbool\n' >"$tmp/tree/mm/Kconfig"
check "a hunk that does not apply is named" 1 'mm/Kconfig: hunk 1 does not apply' \
	patches/check.sh "$tmp/tree"
exit $failed
