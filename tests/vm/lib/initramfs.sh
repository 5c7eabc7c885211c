# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The initramfs of a kernel: a static busybox and the modules that it takes to mount the root file system by 9p.

VM_MODULES="virtio_pci virtio_console 9pnet_virtio 9p overlay"

# vm_initramfs KERNEL: sets VM_INITRAMFS
vm_initramfs() {
	local kind=initramfs-$1 key

	key=$({ echo "$VM_ROOT_KEY $VM_KVER ${VM_KERNEL_LAYER##*/}"; cat "$VM_LIB/initramfs.sh" "$VM_LIB/mkinitramfs.sh" "$VM_DIR/guest/initramfs"; } |
		vm_hash)
	VM_INITRAMFS=$VM_CACHE/$kind-$key/initramfs.cpio
	vm_begin "$kind" "$key" || return 0
	vm_hold 8 "$VM_ROOT"
	mkdir "$VM_TMP/in"
	cp "$VM_LIB/mkinitramfs.sh" "$VM_DIR/guest/initramfs" "$VM_TMP/in/"
	# shellcheck disable=SC2086 # a list of words
	VM_MNT=$VM_CACHE/mnt VM_BIND=$VM_TMP/in "${VM_ISOLATED[@]}" "$VM_LIB/enter.sh" "$VM_ROOT" - \
		/mnt/mkinitramfs.sh "$VM_KVER" $VM_MODULES >"$VM_TMP/initramfs.cpio" || die "cannot make an initramfs for $1"
	rm -rf "$VM_TMP/in"
	vm_commit "$kind" "$key"
}
