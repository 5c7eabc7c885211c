# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The build layer of a kernel: what installing this checkout adds to the root file system. Built inside that root.

# The files of the checkout that take part in the build. Untracked ones count, ignored and deleted ones do not.
vm_files() {
	git -C "$VM_SRC" -c safe.directory='*' ls-files -z -co --exclude-standard --deduplicate -- . ':!tests/vm' "$@" |
		(cd "$VM_SRC" && while IFS= read -r -d '' f; do
			if [ -e "$f" ] || [ -L "$f" ]; then printf '%s\0' "$f"; fi
		done)
}

vm_tar() {
	tar -C "$VM_SRC" --no-recursion --null --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX "$@" -c -T -
}

vm_layer_key() {
	{ echo "$VM_ROOT_KEY $VM_KVER ${VM_KERNEL_LAYER##*/}"; cat "$VM_LIB/layer.sh" "$VM_LIB/enter.sh" "$VM_LIB/build.sh"
	  vm_files ':!*.md' | sort -z | vm_tar --mtime=@0; } | vm_hash
}

# vm_layer KERNEL: sets VM_LAYER_KEY and VM_LAYER.
vm_layer() {
	local kind=layer-$1 log=$VM_CACHE/build-$1.log start=$SECONDS

	VM_LAYER_KEY=$(vm_layer_key)
	VM_LAYER=$VM_CACHE/$kind-$VM_LAYER_KEY
	vm_begin "$kind" "$VM_LAYER_KEY" || return 0
	mkdir -p "$VM_TMP"/{upper,work,build/src}
	vm_files | vm_tar | tar -x -C "$VM_TMP/build/src"
	say "building for $1 ($VM_KVER; log: $log)"
	vm_hold 8 "$VM_ROOT"
	mkdir -p "$VM_CACHE/ccache"
	cp "$VM_LIB/build.sh" "$VM_TMP/build/"
	# No network: what a build needs is in the root file system.
	if ! VM_MNT=$VM_CACHE/mnt VM_BIND=$VM_TMP/build VM_CCACHE=$VM_CACHE/ccache "${VM_ISOLATED[@]}" --net \
		"$VM_LIB/enter.sh" "$VM_ROOT" "$VM_TMP" /mnt/build.sh "$VM_KVER" </dev/null >"$log" 2>&1; then
		tail -n 40 "$log" >&2
		die "the build for $1 failed, all of its log: $log"
	fi
	rm -rf "$VM_TMP/work" "$VM_TMP/build"
	cp "$log" "$VM_TMP/build.log"
	vm_commit "$kind" "$VM_LAYER_KEY"
	say "built for $1 in $((SECONDS - start)) s"
}
