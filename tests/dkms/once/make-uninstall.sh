#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make uninstall removes every file that make install made.

# shellcheck source=../lib.sh
. tests/dkms/lib.sh

kdir=/lib/modules/$kver/build
quiet make install KDIR="$kdir" DESTDIR=/tmp/dest
[ -x /tmp/dest/usr/sbin/bpfoom ] || fail "make install made no /usr/sbin/bpfoom"
outside=$(find /usr/sbin/bpfoom /usr/lib/bpf-oom 2>/dev/null || true)
[ -z "$outside" ] || fail "make install DESTDIR= made $outside"
quiet make uninstall KDIR="$kdir" DESTDIR=/tmp/dest
left=$(find /tmp/dest ! -type d)
[ -z "$left" ] || fail "left behind: $(xargs <<<"$left")"
quiet make install KDIR="$kdir" PREFIX=/opt/bpf-oom
quiet make uninstall KDIR="$kdir" PREFIX=/opt/bpf-oom
left=$(find /opt/bpf-oom ! -type d)
[ -z "$left" ] || fail "left behind: $(xargs <<<"$left")"
