#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check.sh [TREE...]: is the patch series what it should be?
#
# Without arguments: patch 1 of every base adds ../include/linux/oom_hook.h,
# byte for byte. With kernel source trees: the series for the version of each
# applies as it is, without fuzz. The trees are only read. One line per finding;
# exits with 1 if there is any.

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 1
header=include/linux/oom_hook.h
failed=0

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM

fail()
{
	echo "check.sh: $*" >&2
	failed=1
}

# added FILE PATCH: the text of a FILE that PATCH creates
added()
{
	awk -v file="+++ b/$1" '
		/^diff --git / { inside = 0; hunk = 0 }
		$0 == file { inside = 1; next }
		inside && /^@@ / { hunk = 1; next }
		inside && hunk && /^\+/ { print substr($0, 2) }
	' "$2"
}

check_header()
{
	for patch in "$1"/0001-*.patch; do
		added "$header" "$patch" > "$tmp/header"
		if [ ! -s "$tmp/header" ]; then
			fail "${patch#"$here"/}: does not add $header"
		elif ! cmp -s "$tmp/header" "$here/../$header"; then
			fail "${patch#"$here"/}: $header is not that of the repository"
		fi
	done
}

# variable NAME TREE: what the top Makefile of TREE sets NAME to
variable()
{
	sed -n "s/^$1 = *//p" "$2/Makefile" | head -n 1
}

# failures LOG: a line for each hunk that patch(1) could not apply
failures()
{
	awk '
		/^(checking|patching) file / { file = $3 }
		/^Hunk #[0-9]+ FAILED/ {
			sub(/^#/, "", $2)
			print file ": hunk " $2 " does not apply"
		}
		/^can.t find file to patch/ { print "a file to patch is missing" }
	' "$1"
}

# Copy what the series touches and does not create, so that patches can build
# on each other.
copy_touched()
{
	rm -rf "$tmp/tree"
	mkdir "$tmp/tree"
	sed -n 's|^--- a/||p' "$2"/0*.patch | sort -u | while read -r file; do
		mkdir -p "$tmp/tree/$(dirname "$file")"
		[ ! -f "$1/$file" ] || cp "$1/$file" "$tmp/tree/$file"
	done
}

check_tree()
{
	if [ ! -f "$1/Makefile" ] || [ ! -f "$1/mm/oom_kill.c" ]; then
		fail "$1: not a kernel source tree"
		return
	fi
	base=$(variable VERSION "$1").$(variable PATCHLEVEL "$1")
	if [ ! -d "$here/$base" ]; then
		fail "$1: is Linux $base, for which there is no series"
		return
	fi
	if [ -f "$1/$header" ]; then
		fail "$1: already has $header: is the series applied?"
		return
	fi

	copy_touched "$1" "$here/$base"
	for patch in "$here/$base"/0*.patch; do
		grep -q '^diff --git ' "$patch" || continue # the cover letter
		patch -d "$tmp/tree" -p1 -F0 -f --no-backup-if-mismatch \
			-r - < "$patch" > "$tmp/log" 2>&1 && continue
		failures "$tmp/log" > "$tmp/problems"
		[ -s "$tmp/problems" ] || tail -n 1 "$tmp/log" > "$tmp/problems"
		while read -r problem; do
			fail "$1: $base/${patch##*/}: $problem"
		done < "$tmp/problems"
		return # the rest builds on this one
	done
}

for dir in "$here"/[0-9]*/; do
	check_header "${dir%/}"
done
for tree; do
	check_tree "${tree%/}"
done
exit "$failed"
