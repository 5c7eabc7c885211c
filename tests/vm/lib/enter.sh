#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# enter.sh ROOT UPPER COMMAND...: run a command in a writable overlay over the root file system. UPPER is a directory
# with upper/ and work/, or "-" for changes that are thrown away. If set, $VM_KERNEL_LAYER is part of the root file system,
# $VM_BIND appears at /mnt, $VM_CCACHE where ccache keeps its own, and $VM_WORK at /src, there writable without being
# written to. Runs as PID 1 of its own namespaces (VM_ISOLATED).
set -euo pipefail
# Anywhere else the mounts below would be the host's.
[ $$ = 1 ] || { echo "vm: $0 must be PID 1 of its own namespaces" >&2; exit 1; }

root=$1 upper=$2 mnt=$VM_MNT
shift 2

mount -t tmpfs -o mode=755 tmpfs "$mnt"
mkdir "$mnt"/{root,lower,kernel,rw}
mount --bind "$root" "$mnt/lower"
if [ -n "${VM_KERNEL_LAYER:-}" ]; then mount --bind "$VM_KERNEL_LAYER" "$mnt/kernel"; fi
if [ "$upper" = - ]; then
	mkdir "$mnt"/rw/{upper,work}
else
	mount --bind "$upper" "$mnt/rw"
fi
# Names relative to the working directory: no path of the cache can upset mount's option parser.
cd "$mnt"
mount -t overlay -o lowerdir=kernel:lower,upperdir=rw/upper,workdir=rw/work overlay root ||
	{ echo "vm: cannot mount an overlay over $root" >&2; exit 1; }
mount -t proc proc root/proc
mount -t sysfs -o ro sysfs root/sys
mount --rbind /dev root/dev
mount -t tmpfs tmpfs root/tmp
mount -t tmpfs tmpfs root/run
if [ -n "${VM_BIND:-}" ]; then mount --bind "$VM_BIND" root/mnt; fi
if [ -n "${VM_CCACHE:-}" ]; then
	mkdir -p root/root/.cache/ccache
	mount --bind "$VM_CCACHE" root/root/.cache/ccache
fi
if [ -n "${VM_WORK:-}" ]; then
	mkdir work rw/{src,srcwork} root/src
	mount --bind "$VM_WORK" work
	mount -t overlay -o lowerdir=work,upperdir=rw/src,workdir=rw/srcwork overlay root/src
fi
cd root
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" \
	chroot . "$@"
