# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Sets VM_ACCEL and VM_CPU. That /dev/kvm can be opened proves nothing: on some hosts
# guests make no progress. So boot a kernel, once per boot of the host, until it panics
# without a root file system.
vm_accel() {
	local result boot

	VM_ACCEL=tcg,thread=multi
	# Without the features with which kernel and libc copy and clear memory byte by
	# byte ("rep movsb"): emulation runs a loop for each byte, which is half of the
	# time of a page fault. Also without a fifth level of page tables.
	VM_CPU=max,-erms,-fsrm,-fzrm,-fsrs,-fsrc,-la57
	[ -w /dev/kvm ] || return 0
	read -r boot </proc/sys/kernel/random/boot_id
	result=$VM_CACHE/kvm-$boot
	if [ ! -s "$result" ]; then
		vm_lock kvm
		if [ ! -s "$result" ]; then
			say "trying KVM (once per boot of this machine)"
			rm -f "$VM_CACHE"/kvm-*
			if VM_MNT=$VM_CACHE/mnt "${VM_ISOLATED[@]}" "$VM_LIB/enter.sh" "$VM_ROOT" - \
				timeout 15 qemu-system-x86_64 -nodefaults -no-user-config -display none \
				-no-reboot -accel kvm -cpu max -m 512M -kernel "$VM_IMAGE" -serial stdio \
				-append "console=ttyS0 panic=-1" </dev/null 2>&1 | grep -a 'Unable to mount root' >/dev/null; then
				echo kvm >"$result"
			else
				say "KVM does not run a guest here, falling back to emulation"
				echo tcg >"$result"
			fi
		fi
		vm_unlock
	fi
	if [ "$(cat "$result")" = kvm ]; then
		VM_ACCEL=kvm VM_CPU=max
	fi
}
