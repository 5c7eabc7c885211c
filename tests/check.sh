#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check.sh [-k KERNEL] [-t GLOB]: run all tests, or those whose name matches GLOB, on
# all kernels that tests/vm/list.sh lists, or on one. Prints a line for each test when it
# ends, and finally "N passed, N failed, N skipped". Exit status: 0, 1 if a test failed, 2
# if no test ran.

set -uo pipefail
shopt -s nullglob

cd "$(dirname "$0")/.." || exit

usage()
{
	echo "usage: check.sh [-k KERNEL] [-t GLOB]" >&2
	exit 2
}

only='' glob='*'
while getopts k:t: opt; do
	case $opt in
	k) only=$OPTARG ;;
	t) glob=$OPTARG ;;
	*) usage ;;
	esac
done
[ $((OPTIND - 1)) = $# ] || usage

tmp=$(mktemp -d)
# However this script ends, end $job and the lanes, and their children (see limit).
job=''
lanes=()
trap 'kill $job "${!lanes[@]}" 2>/dev/null; rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

passed=0 failed=0 skipped=0

# result ok|FAIL|skip KERNEL NAME [REASON]
result()
{
	printf '%-4s %-18s %s\n' "$1" "$2" "$3${4:+: $4}"
	case $1 in
	ok) passed=$((passed + 1)) ;;
	FAIL) failed=$((failed + 1)) ;;
	skip) skipped=$((skipped + 1)) ;;
	esac
}

# detail FILE [LINES]: print the end of the file, below the line of a test
detail()
{
	tail -n "${2:-40}" "$1" | tr -d '\r' | sed 's/^/     | /'
}

selected()
{
	# shellcheck disable=SC2053 # a glob
	[[ $1 == $glob ]]
}

# Can the glob match a name that begins with one of these? If not, tests need not be asked
# for their names, which takes long.
possible()
{
	local fixed=${glob%%[*?[\\]*} prefix

	for prefix; do
		[[ $fixed == "$prefix"* || $prefix == "$fixed"* ]] && return
	done
	return 1
}

# Make one word of a file name or of a test's description.
word()
{
	sed 's/[^A-Za-z0-9]\+/_/g; s/^_//; s/_$//' <<<"$*" | tr '[:upper:]' '[:lower:]'
}

# limit SECONDS COMMAND...: in the background, since a shell handles signals only
# between foreground commands. The command gets a signal if the waiting shell dies.
limit()
{
	local status=0

	setpriv --pdeathsig TERM timeout --foreground -k 10 "$@" &
	job=$!
	wait $job || status=$?
	job=
	return $status
}

# tap KERNEL PREFIX TIMEOUT COMMAND...: run a command that prints "ok - NAME",
# "ok - NAME # SKIP REASON" or "not ok - NAME" with reasons in lines "# ..."
tap()
{
	local kernel=$1 prefix=$2 line name status seen=0 bad=0 show=
	shift 2

	: >"$tmp/rest"
	exec 4< <(limit "$@" 2>&1; echo $? >"$tmp/status")
	job=$!
	while IFS= read -r line; do
		case $line in
		'ok - '* | 'not ok - '*)
			name=${line#*ok - }
			show=
			seen=$((seen + 1))
			case $line in
			'ok - '*' # SKIP '*)
				name=$(word "$prefix" "${name%% # SKIP *}")
				selected "$name" &&
					result skip "$kernel" "$name" "${line#* # SKIP }"
				;;
			'ok - '*)
				name=$(word "$prefix" "$name")
				selected "$name" && result ok "$kernel" "$name"
				;;
			*)
				bad=$((bad + 1))
				name=$(word "$prefix" "$name")
				selected "$name" && show=1 && result FAIL "$kernel" "$name"
				;;
			esac ;;
		'# '*)
			[ -z "$show" ] || echo "     | ${line#\# }" ;;
		*)
			echo "$line" >>"$tmp/rest" ;;
		esac
	done <&4
	exec 4<&-
	wait $job
	job=
	read -r status <"$tmp/status"
	[ "$status" != 124 ] || line="timeout after $1 s"
	if { [ "$status" != 0 ] && [ $bad = 0 ]; } || [ "$status" = 124 ]; then
		result FAIL "$kernel" "${prefix}" "${line:-exit status $status}"
		detail "$tmp/rest"
	elif [ $seen = 0 ] && [ "$glob" = '*' ]; then
		result FAIL "$kernel" "$prefix" "it ran no test"
	fi
}

# script KERNEL NAME TIMEOUT COMMAND...: run one test: exit status 0, 77 to skip.
script()
{
	local kernel=$1 name=$2 limit=$3 status=0
	shift 3

	limit "$limit" "$@" >"$tmp/out" 2>&1 || status=$?
	case $status in
	0) result ok "$kernel" "$name" ;;
	77) result skip "$kernel" "$name" "$(tail -n 1 "$tmp/out")" ;;
	124) result FAIL "$kernel" "$name" "timeout after $limit s"
	     detail "$tmp/out" ;;
	*) result FAIL "$kernel" "$name" "$(tail -n 1 "$tmp/out")"
	   detail "$tmp/out" ;;
	esac
}

# --- groups -----------------------------------------------------------------

# First, and alone: they take seconds, and find errors more easily than tests in a VM.
unit_tests()
{
	possible unit_ || return
	tap host unit 300 tests/in-root.sh make -s -C tests/unit check
}

host_tests()
{
	local t name

	for t in tests/host/*.sh; do
		name=$(word "$(basename "$t" .sh)")
		if [ ! -x "$t" ] || ! possible "${name}_"; then
			continue
		fi
		tap host "$name" 300 tests/in-root.sh "$t"
	done
}

# style KERNEL|host
style()
{
	possible style_ || return
	# Remove the name of the kernel, which is in the first column already.
	# shellcheck disable=SC2016 # expanded there
	tap "$1" '' 1200 bash -c 'set -o pipefail
		tests/style.sh -t "$1" -k "$2" | sed -u "s/^\(\(not \)\?ok - .*\) ($2)$/\1/"' \
		- "$glob" "$1"
}

# Tests in once/ are about our scripts, not about the kernel: prefer one from a package.
dkms_tests()
{
	local t name once=''

	[ "$1" != "$(grep -m 1 '^stock-' <<<"$kernels" || head -n 1 <<<"$kernels")" ] || once=1
	for t in tests/dkms/*.sh ${once:+tests/dkms/once/*.sh}; do
		name=dkms_$(word "$(basename "$t" .sh)")
		if [ ! -x "$t" ] || ! selected "$name"; then
			continue
		fi
		script "$1" "$name" 900 tests/in-root.sh -k "$1" "$t" "$1"
	done
}

boot_tests()
{
	local t name

	for t in tests/boot/*.sh; do
		name=boot_$(word "$(basename "$t" .sh)")
		if [ ! -x "$t" ] || ! selected "$name"; then
			continue
		fi
		script "$1" "$name" 400 "$t" "$1"
	done
}

# A glob that begins with the name of another group excludes tests in VMs.
in_vm()
{
	local prefix

	for prefix in unit style dkms boot klp check_btf make_vm needs patches tool; do
		[[ $glob != "$prefix"* ]] || return 1
	done
}

# Tests of policies and the tool, not of the module. A debug kernel finds nothing more
# with them, and they take half an hour there.
not_slow=(-x 'largest_*' -x 'priorities_*' -x 'psi_guard_*' -x 'no_worse_*' -x 'bpfoom_*')

# vm_tests KERNEL [OPTION]...: run oomtest in a VM. Results arrive in a FIFO as they
# happen.
vm_tests()
{
	local kernel=$1 line verb name reason status='' running='' done='' bad=0 from=0
	local without=()
	shift

	# unless they are asked for
	[[ $kernel != *-debug || $glob != '*' ]] || without=("${not_slow[@]}")

	rm -f "$tmp/fifo"
	mkfifo "$tmp/fifo"
	: >"$tmp/out"
	(
		exec 5>"$tmp/fifo"
		status=0
		limit 3700 tests/vm/run.sh "$@" -m 1G \
			-p 'panic_on_warn=1 numa=fake=2' -t 3600 \
			-r "$tmp/fifo" -c "$tmp/console" "$kernel" \
			"/usr/lib/bpf-oom/tests/oomtest -o /dev/virtio-ports/org.bpf-oom.result ${without[*]@Q} $(printf %q "$glob")" \
			>"$tmp/out" 2>&1 5>&- || status=$?
		# On a line of its own, since the output of the VM may end without a
		# newline
		printf '\nexit %s\n' $status >&5
	) &
	job=$!
	while read -r verb name line; do
		reason=${line#- }
		case $verb in
		ok | skip)
			# An incomplete line: the VM died while writing it.
			[ "$name" = "$running" ] || continue ;;&
		start)
			running=$name
			from=$(stat -c %s "$tmp/out") ;;
		ok)
			running=
			result ok "$kernel" "$name" ;;
		skip)
			running=
			result skip "$kernel" "$name" "$reason" ;;
		not)
			running=
			bad=$((bad + 1))
			read -r name line <<<"$line"
			result FAIL "$kernel" "$name" "${line#- }"
			# The output is another channel and may arrive later.
			sleep 0.5
			tail -c "+$((from + 1))" "$tmp/out" >"$tmp/part"
			detail "$tmp/part" 60 ;;
		done) done=$name ;;
		exit)
			status=$name
			break ;;
		esac
	done <"$tmp/fifo"
	wait $job
	job=

	if [ "$done" ] && [ "$status" = 125 ]; then
		result FAIL "$kernel" vm "the VM did not go down cleanly"
		detail "$tmp/out" 80
	elif [ -z "$done" ]; then
		case $status in
		124) reason="timeout" ;;
		125) reason="the VM died" ;;
		*) reason="oomtest ended early, exit status $status" ;;
		esac
		result FAIL "$kernel" "${running:-vm}" "$reason"
		detail "$tmp/out" 80
	elif [ "$status" != 0 ] && [ $bad = 0 ]; then
		result FAIL "$kernel" vm "oomtest exited with status $status"
		detail "$tmp/out"
	elif [ "$done" = 0 ] && [ "$glob" = '*' ]; then
		result FAIL "$kernel" vm "oomtest ran no test"
	fi
}

# ----------------------------------------------------------------------------

kernels=$(tests/vm/list.sh) || exit 1
kernels=$(cut -f1 <<<"$kernels")
if [ -n "$only" ]; then
	grep -qxF "$only" <<<"$kernels" || {
		echo "check.sh: no kernel $only; there are: $(xargs <<<"$kernels")" >&2
		exit 2
	}
	kernels=$only
fi

# Make the root file system here, where messages are visible; this may take long.
limit 1800 tests/in-root.sh true || {
	echo "check.sh: cannot make the root file system of the VMs" >&2
	exit 1
}

unit_tests

# begin NAME: returns false if another lane has begun it
begin()
{
	mkdir "$begun/$1" 2>/dev/null
}

# in_vms KERNEL...: run tests in VMs, except those that another lane has begun
in_vms()
{
	local kernel option

	in_vm || possible boot_ || return
	for kernel; do
		begin "vm $kernel" || continue
		case $kernel in
		*-debug) option= ;;
		*) option=$turns ;;
		esac
		if ! limit 1800 tests/vm/prepare.sh "$kernel" >"$tmp/prepare" 2> >(tee "$tmp/out" >&2); then
			result FAIL "$kernel" vm "it cannot be built: see above"
			continue
		fi
		begin "ready $kernel"
		! in_vm || vm_tests "$kernel" ${option:+"$option"}
	done
	# A kernel that is not ready by now is left to the lane that builds it.
	for kernel; do
		[ ! -d "$begun/ready $kernel" ] || ! begin "boot $kernel" ||
			boot_tests "$kernel"
	done
}

# builds KERNEL...: run the tests on the host, most of which compile for a kernel
builds()
{
	local kernel

	host_tests
	style host
	for kernel; do
		style "$kernel"
		dkms_tests "$kernel"
	done
}

# aside: run in the CPU time that the other lanes leave: they often wait
aside()
{
	renice -n 5 -p "$BASHPID" >/dev/null
	# shellcheck disable=SC2086 # lists
	builds $kernels
	# shellcheck disable=SC2086
	[ -z "$turns" ] || in_vms $quick
}

# lane NAME COMMAND...: run in the background, with files of its own. See end_lanes().
lane()
{
	local name=$1
	shift

	mkdir "$tmp/$name"
	tmp=$tmp/$name "$@" >"$tmp/$name.log" 2>&1 &
	lanes[$!]=$name
}

# Print the output of lanes, and count in it: counters of a subshell are lost.
end_lanes()
{
	local pid log

	for pid in "${!lanes[@]}"; do
		wait "$pid"
		log=$tmp/${lanes[$pid]}.log
		cat "$log"
		passed=$((passed + $(grep -c '^ok  ' "$log")))
		failed=$((failed + $(grep -c '^FAIL ' "$log")))
		skipped=$((skipped + $(grep -c '^skip ' "$log")))
	done
	lanes=()
}

# Kernels that are not from a package take minutes to build the first time.
for kernel in $kernels; do
	limit 2400 tests/in-root.sh -k "$kernel" true && continue
	result FAIL "$kernel" kernel "it cannot be built: see above"
	kernels=$(grep -vxF "$kernel" <<<"$kernels")
done

begun=$tmp/begun
mkdir "$begun"
slow=$(grep -e '-debug$' <<<"$kernels")
quick=$(grep -v -e '-debug$' <<<"$kernels")
# A debug kernel takes as long as two others, and is the one on which races are tested, so
# its CPUs run in parallel. The CPUs of other VMs take turns if another VM runs beside
# them: two VMs whose CPUs wait for each other, on as many real CPUs, take two to three
# times as long.
turns=
[ "$(wc -l <<<"$kernels")" = 1 ] || turns=-1
# shellcheck disable=SC2086 # lists
{
	lane aside aside
	[ -z "$turns" ] || lane vms in_vms $slow $quick
	in_vms $quick $slow
}
end_lanes

if [ $((passed + failed + skipped)) = 0 ]; then
	echo "check.sh: no test matches '$glob'" >&2
	exit 2
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed = 0 ]
