#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make uninstall tells of policies that go on without the tool.

cd "$(dirname "$0")/../.." || exit
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

# check NAME TEXT [VARIABLE=VALUE]...: it succeeds, and says TEXT, or nothing at all
check()
{
	local name=$1 text=$2 wrong=
	shift 2

	make -C bpf --no-print-directory uninstall PREFIX="$tmp/usr" LINKS="$tmp/links" "$@" \
		>"$tmp/out" 2>&1 || wrong="it failed"
	if [ -n "$text" ]; then
		grep -qF -- "$text" "$tmp/out" || wrong="does not say '$text'"
	else
		[ ! -s "$tmp/out" ] || wrong="says more than nothing"
	fi
	if [ -z "$wrong" ]; then
		echo "ok - $name"
		return
	fi
	echo "not ok - $name"
	echo "# $wrong:"
	sed 's/^/# /' "$tmp/out"
	failed=1
}

check "nothing is said where nothing was ever attached" ''
mkdir "$tmp/links"
check "nothing is said where nothing is attached" ''
touch "$tmp/links/largest@1" "$tmp/links/priorities@2345"
check "policies that are attached are named" 'largest@1 priorities@2345'
check "how to end them without the tool is said" "rm $tmp/links/*"
check "a staging directory has nothing to do with them" '' DESTDIR="$tmp"
exit $failed
