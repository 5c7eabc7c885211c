#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# If make dkms-install fails and nothing was installed before, it leaves nothing behind,
# whether it is refused, does not build, or is interrupted.

# shellcheck source=../lib.sh
. tests/dkms/lib.sh

# nothing_left AFTER-WHAT
nothing_left()
{
	local left

	left=$(dkms status; compgen -G "/usr/src/*bpf-oom*" || compgen -G "/usr/src/.bpf-oom*" || true
		compgen -G "/var/lib/dkms/bpf-oom" || true; compgen -G "$dest/*.ko*" || true)
	[ -z "$left" ] || fail "left behind after $1: $left"
}

doctor
drop_config CONFIG_LIVEPATCH
ln -sfn "$(readlink -f "/lib/modules/$kver/build")" /tmp/build
ln -sfn $headers "/lib/modules/$kver/build"
refused 'bpf-oom: .*this kernel lacks CONFIG_LIVEPATCH' make dkms-install KVER="$kver"
nothing_left "a refusal"

ln -sfn "$(readlink -f /tmp/build)" "/lib/modules/$kver/build"
cp module/main.c /tmp/
echo 'this is not C' >>module/main.c
refused "bpf-oom: it was not installed for " make dkms-install KVER="$kver"
grep -q "error: .*this" /tmp/log || { tail -n 40 /tmp/log; fail "the compiler's message is not shown"; }
nothing_left "an error"

cp /tmp/main.c module/
setsid make dkms-install KVER="$kver" >/tmp/log 2>&1 &
until [ -n "$(dkms status -m bpf-oom)" ]; do
	kill -0 $! || { cat /tmp/log; fail "it ended early"; }
done
kill -TERM -- -$!
wait $! || true
cat /tmp/log; nothing_left "an interrupt"
