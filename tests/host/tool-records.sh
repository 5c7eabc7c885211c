#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How bpfoom prints records. Each file in records/ is a test: records as the module writes
# them, then commands with their expected output. Lines with # are comments. Times are
# written TIME.
#
# The tool under test reads records from a file, and is built with the compiler's
# sanitizers for memory and arithmetic. Needs cc, perl and libbpf-dev; no kernel.

set -u

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

failed=0
export RECORDS=$tmp/records TZ=UTC
unset COLUMNS

die()
{
	printf 'Bail out! %s\n' "$*"
	exit 1
}

# result NAME STATUS LOG
result()
{
	if [ "$2" = 0 ]; then
		printf 'ok - %s\n' "$1"
	else
		printf 'not ok - %s\n' "$1"
		sed 's/^/# /' "$3"
		failed=1
	fi
}

build()
{
	local f sources=()

	for f in "$top"/bpf/bpfoom/*.c; do
		case $f in
		*/records.c) ;;
		*) sources+=("$f") ;;
		esac
	done
	# shellcheck disable=SC2086 # options
	cc ${CFLAGS--std=gnu11 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all} \
		-D_GNU_SOURCE -I"$top/include" -I"$top/bpf/bpfoom" -DPREFIX='"/usr"' \
		-DBPF_OOM_VERSION='"test"' -o "$tmp/bpfoom" "${sources[@]}" \
		"$here/records-of-a-file.c" ${LDLIBS--lbpf} >"$tmp/log" 2>&1 ||
		die "cannot build the tool: $(cat "$tmp/log")"
	PATH=$tmp:$PATH
}

# Run the commands of a file; print it with their actual output.
replay()
{
	local line

	sed '/^\$ /,$d; /^#/d' "$1" >"$RECORDS"
	sed '/^\$ /,$d' "$1"
	grep '^\$ ' "$1" | while IFS= read -r line; do
		printf '%s\n' "$line"
		sh -c "${line#\$ }" 2>&1 </dev/null || echo "exit status $?"
	done | sed -E 's/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}/TIME/'
}

# The lines from the first command on, which tool-records.sh --update rewrites
golden()
{
	local f name

	for f in "$here"/records/*; do
		name=$(basename "$f")
		replay "$f" >"$tmp/now"
		[ "${1-}" != --update ] || cat "$tmp/now" >"$f"
		diff -u "$f" "$tmp/now" >"$tmp/log"
		result "$name" $? "$tmp/log"
	done
}

# mutants: thousands of records with bytes changed, lost and doubled; always the same ones
mutants()
{
	perl -e '
		srand 1;
		local $/;
		my @all;
		for (@ARGV) {
			open my $f, "<", $_ or die;
			my $text = <$f> =~ s/^(#.*\n)+//mgr;
			push @all, split /\n\n/, $text =~ s/^\$ .*//msr;
		}
		my @bad = ("=", "\n", "-", "9" x 20, "\x9b", "\xc2", " ", "_", "%s%n", "\0", "\"", "x" x 5000);
		for (1 .. 3000) {
			my $r = $all[rand @all];
			for (0 .. rand 4) {
				substr($r, rand length $r, rand 3, $bad[rand @bad]);
			}
			print $r, "\n\n";
		}' "$here"/records/*
}

harmless()
{
	bpfoom events >"$tmp/out" || return
	bpfoom events --json >"$tmp/json" || return
	perl -MJSON::PP -ne 'decode_json($_)' "$tmp/json" || return
	# "why" prints one record only, so split them.
	split -d -a 4 -l 300 "$RECORDS" "$tmp/part."
	for RECORDS in "$tmp"/part.*; do
		bpfoom why last >"$tmp/out" || [ $? = 4 ] || return
		COLUMNS=40 bpfoom why >"$tmp/out" || [ $? = 4 ] || return
	done
}

build
golden "$@"
mutants >"$RECORDS"
harmless >"$tmp/log" 2>&1
result 'a damaged record does no harm' $? "$tmp/log"
exit $failed
