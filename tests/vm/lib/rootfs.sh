# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The root file system: one Debian with every stock kernel and all build and test tools, never changed once made.

# checkpatch.pl is in no package but the 150 MB kernel source. Keyed by its version, so that it is fetched rarely.
vm_checkpatch() {
	local v src=linux-source-6.12 deb

	v=$(vm_version $src)
	VM_CHECKPATCH_KEY=$(echo "$src $v" | vm_hash)
	vm_begin checkpatch "$VM_CHECKPATCH_KEY" || return 0
	say "fetching checkpatch.pl from $src $v (about 20 s)"
	(cd "$VM_TMP" && vm_apt apt-get download "$src=$v" >/dev/null) || die "cannot download $src"
	deb=("$VM_TMP"/*.deb)
	dpkg-deb --fsys-tarfile "${deb[0]}" | tar -xO "./usr/src/$src.tar.xz" |
		tar -xJ -C "$VM_TMP" --strip-components=1 "$src/scripts/checkpatch.pl" \
			"$src/scripts/spelling.txt" "$src/scripts/const_structs.checkpatch"
	rm "${deb[0]}"
	vm_commit checkpatch "$VM_CHECKPATCH_KEY"
}

vm_rootfs_key() {
	{ cat "$VM_RESOLVED" "$VM_LIB/rootfs.sh"; vm_sources; } | vm_hash
}

# Sets VM_ROOT_KEY and VM_ROOT.
vm_rootfs() {
	local packages sources

	VM_ROOT_KEY=$(vm_rootfs_key)
	VM_ROOT=$VM_CACHE/root-$VM_ROOT_KEY
	if [ ! -d "$VM_ROOT" ]; then
		vm_resolve 10	# the archive may have dropped versions that were current this morning
		VM_ROOT_KEY=$(vm_rootfs_key)
		VM_ROOT=$VM_CACHE/root-$VM_ROOT_KEY
	fi
	[ -d "$VM_ROOT" ] || vm_checkpatch
	vm_begin root "$VM_ROOT_KEY" || return 0

	packages=$(awk '$1 == "package" && $2 !~ /^linux-source/ { print $2 "=" $3 }' "$VM_RESOLVED" | paste -sd,)
	mapfile -t sources < <(vm_sources)
	say "making a Debian $VM_SUITE root file system (60 to 90 s, 1.4 GB; log: $VM_CACHE/root.log)"
	# INITRD=No: the kernels' own initramfs would never be used and takes half a minute.
	if ! INITRD=No "${VM_ISOLATED[@]}" mmdebstrap --mode=root --variant=apt --include="$packages" --architectures=amd64 \
		--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' \
		"$VM_SUITE" "$VM_TMP" "${sources[@]}" >"$VM_CACHE/root.log" 2>&1; then
		tail -n 30 "$VM_CACHE/root.log" >&2
		die "mmdebstrap failed"
	fi
	mkdir -p "$VM_TMP/usr/share/linux-checkpatch"
	cp -r "$VM_CACHE/checkpatch-$VM_CHECKPATCH_KEY/scripts" "$VM_TMP/usr/share/linux-checkpatch/"
	# The checkout at /src belongs to whoever made it.
	printf '[safe]\n\tdirectory = *\n' >"$VM_TMP/etc/gitconfig"
	echo bpf-oom >"$VM_TMP/etc/hostname"
	echo '127.0.0.1 localhost bpf-oom' >"$VM_TMP/etc/hosts"
	: >"$VM_TMP/etc/resolv.conf"
	vm_commit root "$VM_ROOT_KEY"
}
