#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make uninstall removes every file that make install has installed.

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

# Policies stay attached without the tool. There are none here: a stub claims that there
# is one.
quiet make install KDIR="$kdir"
quiet make dkms-install KVER="$kver"
mount -t tmpfs none /sys/module
mkdir /sys/module/bpf_oom
# shellcheck disable=SC2016 # expanded in the stub
tool()
{
	printf '#!/bin/sh\n[ "$2" = --json ] && echo '\''%s'\'' || echo "largest oom /"\n' "$1"
}
tool '{"attachments":[{"policy":"largest","active":true}]}' >/usr/sbin/bpfoom
before=$(find /usr/lib/bpf-oom /usr/sbin /usr/share/man "$dest" /usr/src | sort)
refused 'bpf-oom: nothing was removed' make uninstall
grep -q '^    largest oom /' /tmp/log || fail "it does not say which policy is attached"
grep -q 'bpfoom detach --all' /tmp/log || fail "it does not say how to end it"
now=$(find /usr/lib/bpf-oom /usr/sbin /usr/share/man "$dest" /usr/src | sort)
[ "$now" = "$before" ] || fail "something was removed: $(diff <(echo "$before") <(echo "$now"))"
dkms status | grep -q installed || fail "the modules were removed"

quiet make uninstall FORCE=1
grep -q 'go on until the next boot' /tmp/log || fail "FORCE=1: it does not say that the policy goes on"
[ ! -e /usr/sbin/bpfoom ] || fail "FORCE=1 leaves /usr/sbin/bpfoom"
[ -z "$(dkms status)" ] || fail "FORCE=1 leaves the modules: $(dkms status)"

quiet make install KDIR="$kdir"
tool '{"attachments":[{"policy":"largest","active":false}]}' >/usr/sbin/bpfoom
quiet make uninstall
[ ! -e /usr/sbin/bpfoom ] || fail "an attachment that has ended is in the way"
