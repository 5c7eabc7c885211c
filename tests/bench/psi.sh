#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# psi.sh [-k KERNEL] [-n RUNS] [-c CONTENDERS] [PART...]: measure the benefit and the cost
# of acting on pressure, in VMs. Parts:
#
#	latency	from a threshold to a kill: a policy and a polling process
#	idle	the cost of triggers on an idle machine
#	peers	a leak beside a server, ended by each of the contenders, without swap
#	zram	the same with compressed swap
#
# Contenders: earlyoom psi-guard systemd-oomd kernel. Compare numbers only with others of
# the same run: most VMs are emulated.

set -euo pipefail

cd "$(dirname "$0")/../.."

kernel=stock-6.12 runs=20 contenders='earlyoom psi-guard systemd-oomd kernel'
while getopts k:n:c: opt; do
	case $opt in
	k) kernel=$OPTARG ;;
	n) runs=$OPTARG ;;
	c) contenders=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- latency idle peers zram

bench=/usr/lib/bpf-oom/tests/psibench

# share TIMEOUT SWAP: run the contenders in a VM with systemd
share()
{
	# shellcheck disable=SC2086 # a list of words
	tests/vm/run.sh -t "$1" -m 700M -d 1G -s -a 'earlyoom systemd-oomd e2fsprogs' "$kernel" \
		"exec bash /src/tests/bench/peers.sh $2 $runs $contenders"
}

for part; do
	echo "== $part ($kernel)"
	case $part in
	latency)
		tests/vm/run.sh -t 900 -m 1G -d 1G "$kernel" \
			"modprobe -a bpf_oom virtio_blk && sleep 1 && $bench latency 220 /dev/vda" ;;
	idle)
		tests/vm/run.sh -t 600 -m 1G "$kernel" \
			"modprobe bpf_oom && $bench idle 30 0 1 100 1000 0" ;;
	peers)
		share $((runs * 400 + 300)) none ;;
	zram)
		share $((runs * 500 + 300)) zram ;;
	*)
		echo "psi.sh: no part $part" >&2
		exit 2 ;;
	esac
done
