#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# oom.sh [-k KERNEL] [PART...]: measure the cost of a policy in VMs. Parts:
#
#	kill	an OOM with its kill: no policy, and one that leaves it to the kernel
#	select	time of the selection: by largest, and by the kernel
#	storm	OOMs of a cgroup one after the other
#	faults	page faults, with the modules absent, loaded, attached
#
# Only a built-in hook can time the kernel's own selection alone, so the part select uses
# such a kernel, whatever KERNEL is. Compare numbers only with others of the same run:
# most VMs are emulated.

set -euo pipefail

cd "$(dirname "$0")/../.."

kernel=stock-6.12
while getopts k: opt; do
	case $opt in
	k) kernel=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- kill select storm faults

dir=/usr/lib/bpf-oom/tests

# vm KERNEL MEMORY ARGUMENTS...
vm()
{
	local kernel=$1 mem=$2
	shift 2

	tests/vm/run.sh -t 1500 -m "$mem" "$kernel" \
		"modprobe bpf_oom && insmod $dir/kmod/hooktest.ko && exec $dir/oombench $*"
}

for part; do
	case $part in
	kill)
		echo "== $part ($kernel)"
		vm "$kernel" 1G kill 200 ;;
	select)
		echo "== $part (patched-7.3)"
		vm patched-7.3 6G select 10:100 100:100 1000:100 10:1000 100:1000 1000:1000 \
			1000:10000 10000:1000 ;;
	storm)
		echo "== $part ($kernel)"
		vm "$kernel" 1G storm 5 ;;
	faults)
		echo "== $part ($kernel)"
		vm "$kernel" 1G faults 3 ;;
	*)
		echo "oom.sh: no part $part" >&2
		exit 2 ;;
	esac
done
