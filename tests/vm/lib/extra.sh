# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# More packages of Debian for some VMs: a layer over the root file system, which keeps what only one of them needs out of it.

vm_extra_apt() {
	vm_apt apt-get -o Dir::State::status="$VM_ROOT/var/lib/dpkg/status" --no-install-recommends -y "$@"
}

# vm_extra PACKAGE...: sets VM_EXTRA_LAYER, to nothing for no packages. After vm_rootfs.
vm_extra() {
	local kind=extra key log=$VM_CACHE/extra.log

	VM_EXTRA_LAYER=
	[ $# -gt 0 ] || return 0
	# What would be installed now, with versions.
	key=$({ echo "$VM_ROOT_KEY"; cat "$VM_LIB/extra.sh" "$VM_LIB/enter.sh"; vm_extra_apt -s install "$@" | grep ^Inst; } | vm_hash) ||
		die "apt does not know what to install for: $*"
	VM_EXTRA_LAYER=$VM_CACHE/$kind-$key
	vm_begin "$kind" "$key" || return 0
	say "installing $* in a layer of its own (about 30 s; log: $log)"
	vm_hold 8 "$VM_ROOT"
	mkdir -p "$VM_TMP"/{upper,work,debs/partial}
	# No kernel runs there and no service manager: maintainer scripts start nothing.
	if ! vm_extra_apt -o Dir::Cache::archives="$VM_TMP/debs" --download-only install "$@" >"$log" 2>&1 ||
		! VM_MNT=$VM_CACHE/mnt VM_BIND=$VM_TMP/debs "${VM_ISOLATED[@]}" --net "$VM_LIB/enter.sh" "$VM_ROOT" "$VM_TMP" \
		env DEBIAN_FRONTEND=noninteractive sh -c 'apt-get -qy install /mnt/*.deb' </dev/null >>"$log" 2>&1; then
		tail -n 40 "$log" >&2
		die "cannot install $*, all of the log: $log"
	fi
	rm -rf "$VM_TMP/work" "$VM_TMP/debs"
	vm_commit "$kind" "$key"
}
