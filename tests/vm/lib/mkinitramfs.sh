#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# mkinitramfs.sh KVER MODULE...: write an initramfs to stdout. Runs inside the root file system.
set -euo pipefail

kver=$1
shift
d=/tmp/initramfs
mkdir -p $d/{bin,dev,proc,sys,modules,root}
cp /usr/bin/busybox $d/bin/
cp /mnt/initramfs $d/init
chmod 755 $d/init

# Decompressed here, numbered in the order in which they have to be loaded: the guest then needs no modprobe.
n=100
for module; do
	modprobe -S "$kver" --show-depends "$module"
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r ko; do
	name=${ko##*/}
	out=$d/modules/$((n++))-${name%%.ko*}.ko
	case $ko in
	*.xz) xz -dc "$ko" >"$out" ;;
	*.zst) zstd -qdc "$ko" >"$out" ;;
	*.gz) gzip -dc "$ko" >"$out" ;;
	*) cp "$ko" "$out" ;;
	esac
done
cd $d
# Not compressed: unpacking costs an emulated CPU more than reading does.
find . -print0 | sort -z | cpio --null --quiet -o -H newc
