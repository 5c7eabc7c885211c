#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make dkms-install over an older version replaces it for every kernel for which it was
# installed.

# shellcheck source=../lib.sh
. tests/dkms/lib.sh

[ -n "$other" ] || { echo "there is no second kernel"; exit 77; }
sed -i 's/^PACKAGE_VERSION=.*/PACKAGE_VERSION="0.0.1"/' dkms.conf
quiet make dkms-install KVER="$other"
sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$version\"/" dkms.conf
quiet make dkms-install KVER="$kver"
installed "$kver"
installed "$other"
[ ! -e /usr/src/bpf-oom-0.0.1 ] || fail "left behind: /usr/src/bpf-oom-0.0.1"
[ "$(dkms status | grep -c installed)" = 2 ] || fail "dkms status: $(dkms status)"
