# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The kernels that Debian does not ship: its source with the patches of this checkout, built inside the root file system.
# What such a kernel adds to the root file system is a layer of its own.

# What to build from, and with which fragments of scripts/kernel.
vm_built() {
	local line

	for line in "${VM_BUILT[@]}"; do
		if [ "${line%% *}" = "$1" ]; then
			echo "${line#* }"
		fi
	done
}

vm_kernel_key() {
	# Reviews of the cover letters build nothing.
	{ echo "$*"; dpkg-query --admindir="$VM_ROOT/var/lib/dpkg" -W -f '${Package} ${Version}\n' \
		gcc-14 binutils pahole
	  cat "$VM_LIB/kernel.sh" "$VM_LIB/enter.sh" "$VM_SRC/scripts/kernel/build.sh"
	  cat "$VM_SRC/patches/$2"/*[1-9]-*.patch; shift 3; cd "$VM_SRC/scripts/kernel" && cat "$@"; } | vm_hash
}

# vm_kernel KERNEL: sets VM_KERNEL_LAYER, to nothing for a kernel from a package. After vm_rootfs.
vm_kernel() {
	local source base suffix fragments kind=kernel-$1 key v deb log=$VM_CACHE/build-kernel-$1.log start=$SECONDS

	VM_KERNEL_LAYER=
	read -r source base suffix fragments <<<"$(vm_built "$1")"
	[ -n "$source" ] || return 0
	v=$(vm_version "$source")
	# shellcheck disable=SC2086 # a list of words
	key=$(vm_kernel_key "$v" "$base" "$suffix" $fragments)
	vm_begin "$kind" "$key" || { export VM_KERNEL_LAYER=$VM_CACHE/$kind-$key; return; }
	say "fetching $source $v"
	(cd "$VM_TMP" && vm_apt apt-get download "$source=$v" >/dev/null) || die "cannot download $source"
	mkdir -p "$VM_TMP"/build/{linux,dest,src/scripts} "$VM_CACHE/ccache"
	echo max_size = 2G >"$VM_CACHE/ccache/ccache.conf"
	deb=("$VM_TMP"/*.deb)
	dpkg-deb --fsys-tarfile "${deb[0]}" | tar -xO "./usr/src/$source.tar.xz" |
		tar -xJ -C "$VM_TMP/build/linux" --strip-components=1
	rm "${deb[0]}"
	cp -r "$VM_SRC/patches" "$VM_SRC/include" "$VM_TMP/build/src/"
	cp -r "$VM_SRC/scripts/kernel" "$VM_TMP/build/src/scripts/"
	say "building the kernel $1 ($source $v; 7 to 12 min, again 1 to 2; log: $log)"
	vm_hold 8 "$VM_ROOT"
	# shellcheck disable=SC2086 # a list of words
	if ! VM_MNT=$VM_CACHE/mnt VM_BIND=$VM_TMP/build VM_CCACHE=$VM_CACHE/ccache "${VM_ISOLATED[@]}" --net \
		"$VM_LIB/enter.sh" "$VM_ROOT" - sh -c 'cd /mnt/src/scripts/kernel && exec ./build.sh /mnt/linux /mnt/dest "$@"' \
		- "$suffix" $fragments </dev/null >"$log" 2>&1; then
		tail -n 40 "$log" >&2
		die "the build of the kernel $1 failed, all of its log: $log"
	fi
	mv "$VM_TMP/build/dest/usr" "$VM_TMP/"
	rm -rf "$VM_TMP/build"
	cp "$log" "$VM_TMP/build.log"
	vm_commit "$kind" "$key"
	export VM_KERNEL_LAYER=$VM_CACHE/$kind-$key
	say "built the kernel $1 in $((SECONDS - start)) s"
}
