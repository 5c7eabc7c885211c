#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make vm CMD=...: the runner must get the command as it was written: make could expand a
# dollar in it, and the shell of the recipe a quote. Needs make; no VM: a stub that prints
# its last argument replaces the runner.

cd "$(dirname "$0")/../.." || exit
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

cp Makefile dkms.conf "$tmp/"
mkdir -p "$tmp/tests/vm"
cat >"$tmp/tests/vm/run.sh" <<'END'
#!/bin/sh
for last; do :; done
printf '%s' "$last" >got
END
chmod +x "$tmp/tests/vm/run.sh"

# result NAME COMMAND: did the runner get it?
result()
{
	if [ "$2" = "$(cat "$tmp/got" 2>&1)" ]; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		{ echo "wanted: $2"; echo "got:    $(cat "$tmp/got" 2>&1)"; cat "$tmp/log"; } |
			sed 's/^/# /'
		failed=1
	fi
	rm -f "$tmp/got"
}

# arrives NAME COMMAND: try it on make's command line, and in the environment
arrives()
{
	make -C "$tmp" vm KERNEL=some CMD="$2" >"$tmp/log" 2>&1
	result "$1" "$2"
	CMD=$2 make -C "$tmp" vm KERNEL=some >"$tmp/log" 2>&1
	result "$1, from the environment" "$2"
}

# shellcheck disable=SC2016 # the dollars are what this is about
{
arrives 'a command without anything special' 'bpfoom status; dmesg | tail'
arrives 'variables of the shell' 'x=1; echo $x ${x} $$'
arrives 'a substitution of the shell' 'echo $(uname -r) `uname -r`'
arrives 'quotes of both kinds' "echo 'a  b' \"\$HOME\""
arrives 'a backslash and a hash' 'printf "%s\n" \#'
arrives 'several lines' $'for i in 1 2; do\n\techo $i\ndone'
arrives 'what make would run' 'echo $(shell touch ran)'
}
if [ ! -e "$tmp/ran" ]; then
	echo 'ok - make runs nothing of it'
else
	echo 'not ok - make runs nothing of it'
	failed=1
fi
make -C "$tmp" vm KERNEL=some >"$tmp/log" 2>&1
result 'no command: a shell, the kernel is the last argument' some
exit $failed
