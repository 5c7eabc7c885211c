#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# peers.sh none|zram RUNS CONTENDER...: run by psi.sh in a VM with systemd
#
# bench.slice has a server, which reads a mapped file at random, and a hog, which
# leaks. A probe outside reads a small file again and again. This measures the time
# until the hog is dead, how long the probe stalled (rounds of more than 100 ms), and
# which processes were sent a fatal signal.

set -euo pipefail

swap=$1 runs=$2
shift 2

psibench=/usr/lib/bpf-oom/tests/psibench
tracing=/sys/kernel/tracing
data=/mnt/data
limit_s=90
results=$(mktemp)

setup()
{
	modprobe -a bpf_oom virtio_blk zram
	udevadm settle
	mkfs.ext4 -q /dev/vda
	mount /dev/vda /mnt
	head -c 250M /dev/urandom >$data
	head -c 3M /dev/urandom >/mnt/probe
	sync
	mkfifo /run/bench.fifo
	# The default is a minute; this is nearly the shortest time that it accepts.
	mkdir -p /run/systemd/oomd.conf.d
	printf '[OOM]\nDefaultMemoryPressureDurationSec=2s\n' >/run/systemd/oomd.conf.d/bench.conf
	systemctl stop systemd-oomd.socket systemd-oomd earlyoom 2>/dev/null || true
	# Otherwise systemd starts it for any unit that it might watch.
	systemctl -q mask --runtime systemd-oomd.socket systemd-oomd
	systemctl start bench.slice
	echo 'sig == 9 || sig == 15' >$tracing/events/signal/signal_generate/filter
	echo 1 >$tracing/events/signal/signal_generate/enable
}

swap_on()
{
	[ "$swap" = zram ] || return 0
	swapoff /dev/zram0 2>/dev/null || true
	# After swapoff udev opens the device, which is then busy.
	for _ in {1..50}; do
		! echo 1 2>/dev/null >/sys/block/zram0/reset || break
		sleep 0.1
	done
	echo 350M >/sys/block/zram0/disksize
	udevadm settle
	mkswap -q /dev/zram0
	swapon -p 100 /dev/zram0
}

contender()
{
	case $2 in
	earlyoom) systemctl "$1" earlyoom ;;
	systemd-oomd)
		case $1 in
		start)
			systemctl -q unmask --runtime systemd-oomd.socket systemd-oomd
			systemctl start systemd-oomd.socket systemd-oomd
			systemctl set-property --runtime bench.slice ManagedOOMMemoryPressure=kill \
				ManagedOOMMemoryPressureLimit=20% ;;
		stop)
			systemctl set-property --runtime bench.slice ManagedOOMMemoryPressure=auto
			systemctl stop systemd-oomd.socket systemd-oomd
			systemctl -q mask --runtime systemd-oomd.socket systemd-oomd ;;
		esac ;;
	psi-guard)
		case $1 in
		start) bpfoom attach psi-guard >/dev/null ;;
		stop)
			bpftool map dump name .data.psi_guard | tr -d ' \n' | sed 's/.*"stats"/# stats/' >&2
			echo >&2
			bpfoom detach psi-guard ;;
		esac ;;
	kernel) ;;
	*)
		echo "peers.sh: no contender $2" >&2
		exit 2 ;;
	esac
}

# alone CONTENDER: is no other contender running?
alone()
{
	local name

	for name in earlyoom systemd-oomd; do
		if systemctl -q is-active $name && [ "$1" != $name ]; then
			echo "peers.sh: $name runs beside $1" >&2
			exit 1
		fi
	done
}

# Names of processes that were sent SIGTERM or SIGKILL while tracing was on
signalled()
{
	sed -n 's/.* comm=\(.*\) pid=[0-9]* .*/\1/p' $tracing/trace | sort -u | paste -sd,
}

# one CONTENDER: a line "CONTENDER HOG-MS STALLED-MS WORST-MS ROUNDS KILLED SERVER"
one()
{
	local hog numbers died server

	systemctl stop hog server 2>/dev/null || true
	systemctl reset-failed 2>/dev/null || true
	swap_on
	rm -f /run/bench.ready
	echo 3 >/proc/sys/vm/drop_caches
	systemd-run -q --collect --slice=bench.slice --unit=server $psibench server $data /run/bench.ready
	while [ ! -e /run/bench.ready ]; do sleep 0.2; done
	systemd-run -q --collect --slice=bench.slice --unit=hog $psibench hog /run/bench.fifo
	contender start "$1"
	sleep 2
	alone "$1"
	hog=$(systemctl show -P MainPID hog)
	server=$(systemctl show -P MainPID server)
	echo >$tracing/trace
	numbers=$($psibench watch "$hog" /run/bench.fifo /mnt/probe $limit_s)
	died=$(signalled)
	dmesg | grep -F -e oom_policy= -e 'Killed process' | sed 's/^/# /' >&2 || true
	dmesg -C
	if [ -d "/proc/$server" ]; then server=lives; else server=died; fi
	contender stop "$1"
	echo "$1 $numbers ${died:-nobody} $server" | tee -a "$results"
}

setup
echo "# contender, ms until the hog was dead, ms of stalls, longest, rounds, who was killed, the server"
for ((run = 0; run < runs; run++)); do
	for name; do
		one "$name"
	done
done

# minimum, median and maximum of a column
spread()
{
	awk -v name="$1" -v column="$2" '$1 == name { sub(/>/, "", $column); print $column }' "$results" | sort -n |
		awk '{ v[NR] = $1 } END { printf "%d %d %d", v[1], (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2, v[NR] }'
}

# Most runs may have no stall at all, so compare the sum of all runs.
sum()
{
	awk -v name="$1" -v column="$2" '$1 == name { sum += $column } END { printf "%d", sum }' "$results"
}

echo
printf '%-14s %5s %26s %26s %8s %10s\n' "swap: $swap" runs 'hog dead after, s' 'stalls, s' "$1 :" 'only the'
printf '%-14s %5s %26s %26s %8s %10s\n' '' '' 'least median most' 'median most all runs' stalls 'hog died'
base=$(sum "$1" 3)
for name; do
	read -r d0 d1 d2 <<<"$(spread "$name" 2)"
	read -r _ s1 s2 <<<"$(spread "$name" 3)"
	awk -v name="$name" -v d0="$d0" -v d1="$d1" -v d2="$d2" -v s1="$s1" -v s2="$s2" \
		-v all="$(sum "$name" 3)" -v base="$base" '
		$1 == name { n++; good += $2 !~ />/ && $6 == "hog" && $7 == "lives" }
		END {
			printf "%-14s %5d %10.1f %7.1f %7.1f %8.1f %7.1f %9.1f %8s %10d\n", name, n,
				d0 / 1000, d1 / 1000, d2 / 1000, s1 / 1000, s2 / 1000, all / 1000,
				base && all ? sprintf("%.1f", base / all) : "-", good
		}' "$results"
done
