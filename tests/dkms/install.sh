#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make dkms-install installs the modules, of the right version, and modprobe of bpf_oom
# loads the hook first, unless it is built in.

# shellcheck source=lib.sh
. tests/dkms/lib.sh

quiet make dkms-install KVER="$kver"
installed "$kver"
dkms status | grep -q "^bpf-oom/$version, $kver, .*: installed" ||
	fail "dkms status: $(dkms status)"
order=$(modprobe -S "$kver" --show-depends bpf_oom |
	sed -n 's|^insmod .*/\([a-z_]*\)\.ko.*|\1|p' | xargs)
want="oom_hook bpf_oom"
! hook_built_in || want=bpf_oom
[ "$order" = "$want" ] || fail "modprobe bpf_oom would load: $order"
