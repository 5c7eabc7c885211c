#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# attached.sh BPFOOM: fail if policies are attached that only this tool can detach, which
# is about to be removed: they would stay attached. With FORCE=1 only list them.

set -eu

tool=${1:?usage: attached.sh BPFOOM}

# Without the tool there is nothing to remove, without the module nothing is attached.
[ -x "$tool" ] && [ -d /sys/module/bpf_oom ] || exit 0

json=$("$tool" list --json) || {
	[ "${FORCE:-}" = 1 ] && exit 0
	echo "bpf-oom: nothing was removed: '$tool list' does not tell whether policies are attached. To remove it all the same: make uninstall FORCE=1" >&2
	exit 1
}
case $json in
*'"active":true'*) ;;
*) exit 0 ;;
esac

if [ "${FORCE:-}" = 1 ]; then
	echo "bpf-oom: these policies go on until the next boot, or until their pins are removed (rm /sys/fs/bpf/bpf-oom/links/*):" >&2
else
	echo "bpf-oom: nothing was removed, since these policies are attached and would go on without the tool that detaches them:" >&2
fi
"$tool" list | sed 's/^/    /' >&2
[ "${FORCE:-}" = 1 ] && exit 0
echo "bpf-oom: end them first, with 'bpfoom detach --all'; or have them go on until the next boot: make uninstall FORCE=1" >&2
exit 1
