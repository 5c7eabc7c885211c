#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make dkms-uninstall: leaves nothing of what make dkms-install made, and does
# not mind if there is nothing.

# shellcheck source=../lib.sh
. tests/dkms/lib.sh

quiet make dkms-uninstall
quiet make dkms-install KVER="$kver"
installed "$kver"
quiet make dkms-uninstall
left=$(compgen -G "$dest/*.ko*" || true)
[ -z "$left" ] || fail "left behind: $left"
[ ! -e "/usr/src/bpf-oom-$version" ] || fail "left behind: /usr/src/bpf-oom-$version"
[ ! -e /var/lib/dkms/bpf-oom ] || fail "left behind: /var/lib/dkms/bpf-oom"
[ -z "$(dkms status -m bpf-oom)" ] || fail "dkms status: $(dkms status -m bpf-oom)"
! modprobe -S "$kver" --show-depends bpf_oom >/dev/null 2>&1 ||
	fail "modprobe still knows bpf_oom"
