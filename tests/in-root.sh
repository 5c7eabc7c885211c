#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# in-root.sh [-k KERNEL] COMMAND...: run a command in a copy of this checkout, at
# /src in the root file system of the VMs (which has all build and check tools and
# the headers of Debian's kernels; those of a kernel that we build only if it is
# named), as root and without network. All changes are discarded. $KERNELS there has
# lines "name release", one for each kernel whose headers are there.

set -euo pipefail

VM_DIR=$(dirname "$(readlink -f "$0")")/vm
# shellcheck source=vm/lib/prepare.sh
. "$VM_DIR/lib/prepare.sh"

kernel=
if [ "${1:-}" = -k ]; then
	kernel=${2:-}
	shift 2
fi
[ $# -gt 0 ] || die "usage: in-root.sh [-k KERNEL] COMMAND..."
vm_init
"$VM_DIR/deps.sh"
vm_resolve
vm_rootfs
vm_hold 8 "$VM_ROOT"
[ -z "$kernel" ] || vm_kernel "$kernel"

# Unlike vm_files, includes tests/vm.
files()
{
	git -C "$VM_SRC" -c safe.directory='*' \
		ls-files -z -co --exclude-standard --deduplicate |
		while IFS= read -r -d '' f; do
			if [ -e "$VM_SRC/$f" ] || [ -L "$VM_SRC/$f" ]; then
				printf '%s\0' "$f"
			fi
		done
}

# As a file, since a background job loses stdin; unlinked while it is in use.
tar=$(mktemp)
files | vm_tar >"$tar"
exec 3<"$tar"
rm "$tar"

mkdir -p "$VM_CACHE/ccache"
pid=
# Killing it ends its namespaces, and everything in them.
trap 'kill -KILL $pid 2>/dev/null; exit 143' TERM HUP
trap 'kill -KILL $pid 2>/dev/null; exit 130' INT

kernels=$(awk -v named="$kernel" '$1 == "kernel" && ($4 !~ /^linux-source/ || $2 == named) {
	print $2, $3 }' "$VM_RESOLVED")
# In the background, since a shell handles signals only between foreground
# commands.
# shellcheck disable=SC2016 # expanded in there
VM_MNT=$VM_CACHE/mnt VM_CCACHE=$VM_CACHE/ccache "${VM_ISOLATED[@]}" --net "$VM_LIB/enter.sh" "$VM_ROOT" - \
	bash -ec 'mkdir -p /src && cd /src && tar -x && export KERNELS=$1
		PATH=/usr/lib/ccache:$PATH
		shift && exec "$@" </dev/null' - "$kernels" "$@" <&3 &
pid=$!
status=0
wait $pid || status=$?
exit $status
