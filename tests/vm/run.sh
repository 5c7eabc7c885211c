#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# run.sh [options] KERNEL [COMMAND]: boot KERNEL with this checkout's modules, policies and tools installed, run COMMAND
# as root in it and exit with its status. Without COMMAND: a shell on the serial console (Ctrl-A X ends the VM).
# 125: the VM died, or did not go down cleanly; the end of its console is shown.
set -euo pipefail

VM_DIR=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib/prepare.sh
. "$VM_DIR/lib/prepare.sh"

usage() {
	cat >&2 <<-EOF
	usage: run.sh [options] KERNEL ['shell command']
	  -m MEM        memory of the VM (2G)
	  -p PARAMS     more kernel parameters
	  -r FILE       gets what the command writes to /dev/virtio-ports/org.bpf-oom.result
	  -t SECONDS    end the VM after that (600; none for a shell)
	  -c FILE       keep the kernel console here
	  -v            show the kernel console while it runs, on stderr
	  -d SIZE       an empty disk, /dev/vda once virtio_blk is loaded
	  -a PACKAGES   install these, too
	  -s            systemd is PID 1, and the command a service
	  -1            emulated CPUs take turns on one of the host: where another VM runs, two that
	                wait for each other would both be busy
	EOF
	exit 2
}

VM_MEM=2G VM_PARAMS='' VM_RESULT=/dev/null VM_TIMEOUT='' VM_CONSOLE=/dev/null VM_VERBOSE='' VM_DISK='' VM_PACKAGES_TOO='' VM_SYSTEMD='' VM_TURNS=''
while getopts m:p:r:t:c:vd:a:s1 opt; do
	case $opt in
	m) VM_MEM=$OPTARG ;;
	p) VM_PARAMS=$OPTARG ;;
	r) VM_RESULT=$(realpath "$OPTARG") ;;
	t) VM_TIMEOUT=$OPTARG ;;
	c) VM_CONSOLE=$(realpath "$OPTARG") ;;
	v) VM_VERBOSE=1 ;;
	d) VM_DISK=$OPTARG ;;
	a) VM_PACKAGES_TOO=$OPTARG ;;
	s) VM_SYSTEMD=1 ;;
	1) VM_TURNS=1 ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# = 1 ] || [ $# = 2 ] || usage
VM_INTERACTIVE=1 VM_CMD=''
if [ -n "${2:-}" ]; then
	VM_INTERACTIVE='' VM_CMD=$2
fi

if [ "$VM_SYSTEMD" ]; then
	[ "$VM_CMD" ] || usage
	VM_PACKAGES_TOO="systemd-sysv udev dbus $VM_PACKAGES_TOO"
fi

# shellcheck disable=SC2086 # a list of words
vm_prepare "$1" $VM_PACKAGES_TOO
[ -z "$VM_TURNS" ] || VM_ACCEL=${VM_ACCEL/thread=multi/thread=single}
vm_hold 8 "$VM_ROOT"
vm_hold 9 "$VM_LAYER"
[ -z "$VM_KERNEL_LAYER" ] || vm_hold 6 "$VM_KERNEL_LAYER"
[ -z "$VM_EXTRA_LAYER" ] || vm_hold 5 "$VM_EXTRA_LAYER"

VM_MNT=$VM_CACHE/mnt VM_TIMEOUT=${VM_TIMEOUT:-$([ "$VM_INTERACTIVE" ] && echo 0 || echo 600)}
export "${!VM_@}"

tty=
if [ -t 0 ]; then
	tty=$(stty -g)
	VM_SIZE=$(stty size)
fi
case ${VM_SIZE:-0 0} in
0*|*' 0') VM_SIZE='24 80' ;;	# no terminal, or one of unknown size
esac
export VM_SIZE

pid=
stop() {
	trap - EXIT INT TERM HUP
	# Killing it ends its namespaces, and everything in them.
	if [ -n "$pid" ]; then
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	fi
	[ -z "$tty" ] || stty "$tty"
	exit "$1"
}
trap 'stop 130' INT
trap 'stop 143' TERM
trap 'stop 129' HUP

# In the background, since a shell handles signals only between foreground commands.
"${VM_ISOLATED[@]}" "$VM_LIB/boot.sh" <&0 &
pid=$!
status=0
wait "$pid" || status=$?
pid=
stop "$status"
