# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# vm_prepare KERNEL [PACKAGE]...: everything that a boot needs, from the cache where possible. Sets VM_ROOT, VM_KERNEL_LAYER,
# VM_LAYER, VM_EXTRA_LAYER, VM_INITRAMFS, VM_KERNEL (the image), VM_IMAGE (the same, in the root file system), VM_KVER,
# VM_ACCEL and VM_CPU.

for lib in common apt rootfs kernel layer extra initramfs kvm; do
	# shellcheck source=/dev/null
	. "$VM_DIR/lib/$lib.sh"
done

vm_prepare() {
	local image layer

	vm_init
	"$VM_DIR/deps.sh"
	vm_resolve
	vm_kver "$1"
	vm_rootfs
	vm_kver "$1"	# making the root file system may have found a newer version
	vm_kernel "$1"
	vm_layer "$1"
	vm_extra "${@:2}"
	vm_initramfs "$1"
	VM_KERNEL=
	for image in "boot/vmlinuz-$VM_KVER" "usr/lib/modules/$VM_KVER/vmlinuz" "usr/lib/modules/$VM_KVER/vmlinuz.unsigned"; do
		for layer in "$VM_ROOT" ${VM_KERNEL_LAYER:+"$VM_KERNEL_LAYER"}; do
			if [ -e "$layer/$image" ]; then
				VM_KERNEL=$layer/$image VM_IMAGE=/$image
			fi
		done
	done
	[ -n "$VM_KERNEL" ] || die "no kernel image for $VM_KVER in $VM_ROOT"
	vm_accel
}
