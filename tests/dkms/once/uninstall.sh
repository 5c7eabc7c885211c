#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make dkms-uninstall removes everything that make dkms-install has installed, also of an
# older version, and succeeds if there is nothing.

# shellcheck source=../lib.sh
. tests/dkms/lib.sh

quiet make dkms-uninstall
for v in 0.0.1 "$version"; do
	sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$v\"/" dkms.conf
	quiet make dkms-install KVER="$kver"
	sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$version\"/" dkms.conf
	mkdir -p /usr/src/.bpf-oom.new/src	# left by a run that was killed
	quiet make dkms-uninstall
	left=$(compgen -G "$dest/*.ko*" || true)
	[ -z "$left" ] || fail "left behind: $left"
	left=$(compgen -G "/usr/src/*bpf-oom*" || compgen -G "/usr/src/.bpf-oom*" || true)
	[ -z "$left" ] || fail "left behind: $left"
	[ ! -e /var/lib/dkms/bpf-oom ] || fail "left behind: /var/lib/dkms/bpf-oom"
	[ -z "$(dkms status -m bpf-oom)" ] || fail "dkms status: $(dkms status -m bpf-oom)"
done
! modprobe -S "$kver" --show-depends bpf_oom >/dev/null 2>&1 ||
	fail "modprobe still knows bpf_oom"
