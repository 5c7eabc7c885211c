#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# demo-guest.sh: run by demo.sh in the VM
#
# Three services share 256 MB. "batch" leaks: six workers want 32 MB each. What
# the others have and what batch wants is more than there is, but killing either
# the database or batch is enough.

set -eu

demo=/sys/fs/cgroup/demo
limit=256
workers=6
services="shell database batch"
state=/run/demo

# Processes have the name of their service in the kernel log.
# hold NAME MB: allocate, report it, stay
# shellcheck disable=SC2016 # Perl's variables
hold='$0 = shift; open(Z, "<", "/dev/zero"); my $b = "";
	sysread(Z, $b, shift() << 20); open(R, ">", "$ARGV[0]/ready.$$"); close(R); sleep 600'
# leak NAME MB: the same, little by little
# shellcheck disable=SC2016
leak='$0 = shift; open(Z, "<", "/dev/zero"); my @b; my $mb = shift;
	while (@b < $mb) { sysread(Z, $b[@b], 1 << 20); select(undef, undef, undef, 0.05) }
	open(R, ">", "$ARGV[0]/ready.$$"); close(R); sleep 600'

declare -A pids memory processes outcome

# start SERVICE OOM_SCORE_ADJ PROGRAM MB
start()
{
	(
		echo "$BASHPID" >"$demo/$1/cgroup.procs"
		echo "$2" >/proc/self/oom_score_adj
		exec perl -e "$3" "$1" "$4" $state
	) &
	pids[$1]+=" $!"
	disown		# so that bash does not report its death
}

alive()
{
	grep -q '^State:[[:space:]]*[^ZX]' "/proc/$1/status" 2>/dev/null
}

# settled PIDS: each of them has allocated what it wanted, or is dead
settled()
{
	local pid

	for pid; do
		[ -e "$state/ready.$pid" ] || ! alive "$pid" || return 1
	done
}

wait_for()
{
	local n=0

	# shellcheck disable=SC2068 # lists
	until settled $@; do
		sleep 0.2
		n=$((n + 1))
		[ $n -lt 400 ] || { echo "demo: the processes do not settle"; exit 1; }
	done
}

# scene RUN: sets outcome[RUN SERVICE]; the kernel log is in $state/RUN.log
scene()
{
	local run=$1 s pid n dead i

	mkdir -p $state $demo
	echo +memory >$demo/cgroup.subtree_control
	echo ${limit}M >$demo/memory.max
	for s in $services; do
		mkdir -p $demo/"$s"
		pids[$s]=
	done
	dmesg -C
	start shell 0 "$hold" 1
	start database 0 "$hold" 90
	for i in 1 2 3; do
		start database 0 "$hold" 1
	done
	wait_for "${pids[shell]}" "${pids[database]}"
	for ((i = 0; i < workers; i++)); do
		start batch 0 "$leak" 32
	done
	wait_for "${pids[shell]}" "${pids[database]}" "${pids[batch]}"
	sleep 1		# let victims exit

	for s in $services; do
		n=0 dead=0
		for pid in ${pids[$s]}; do
			n=$((n + 1))
			alive "$pid" || dead=$((dead + 1))
		done
		processes[$s]=$n
		case $dead in
		0) outcome[$run $s]="ok" ;;
		"$n") outcome[$run $s]="KILLED" ;;
		*) outcome[$run $s]="KILLED ($dead of $n)" ;;
		esac
		# A surviving service's memory
		[ $dead != 0 ] || memory[$s]=$(($(<$demo/"$s"/memory.current) >> 20))
	done
	dmesg | grep -E 'oom-kill:|oom_policy=|Killed process' >"$state/$run.log" || true

	for s in $services; do
		echo 1 >$demo/"$s"/cgroup.kill
		while grep -q '^populated 1' $demo/"$s"/cgroup.events; do
			sleep 0.1
		done
		rmdir $demo/"$s"
	done
	rmdir $demo
	rm -f $state/ready.*
}

# log RUN: the kernel log, without irrelevant lines
log()
{
	sed -E 's/^\[[^]]*\] //; s/, ?UID:.*//; s/,nodemask=[^,]*,cpuset=[^,]*,mems_allowed=[^,]*//' "$state/$1.log" |
		sed 's/^/    /'
}

row() { printf '  %-9s %9s %8s  %-21s %-18s %s\n' "$@"; }

echo "Running out of memory on Linux $(uname -r), not rebuilt and not patched."
echo "First as it is ..."
scene kernel
echo "... and again, after: bpfoom attach largest --set whole_cgroup=true"
bpfoom attach largest --set whole_cgroup=true >/dev/null
scene policy
bpfoom detach largest >/dev/null

echo
echo "Three services share $limit MB, and batch leaks. Who has to go?"
echo
row service processes memory '' 'kernel alone' 'with bpf-oom, policy "largest"'
row ------- --------- ------ '' ------------ ------------------------------
about_shell='one small process'
about_database='one large process'
about_batch='leaks: the culprit'
for s in $services; do
	about=about_$s
	row "$s" "${processes[$s]}" "${memory[$s]:-?} MB" "${!about}" "${outcome[kernel $s]}" "${outcome[policy $s]}"
done
cat <<END

Kernel alone: it takes the largest single process. batch goes on leaking. Its log:

$(log kernel)

With "largest": the service that takes most is stopped as a whole, as it was told
to, the others do not notice. The kernel kills and logs as ever, and says whose choice it was:

$(log policy)

END

expect()
{
	[[ ${outcome[$1]} == "$2"* ]] || {
		echo "demo: FAILED: $1 is '${outcome[$1]}', expected '$2'"
		exit 1
	}
}
expect "kernel shell" ok
expect "kernel database" KILLED
expect "kernel batch" ok
expect "policy shell" ok
expect "policy database" ok
expect "policy batch" KILLED
grep -q 'oom_policy=largest' $state/policy.log || {
	echo "demo: FAILED: the log does not name the policy"
	exit 1
}
