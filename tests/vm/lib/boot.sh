#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Boot the VM that VM_* describe (see run.sh) and exit with the status of its command.
# Runs as PID 1 of its own namespaces: when it ends, so do QEMU, mounts and temporary
# files.
set -euo pipefail
# In other namespaces the mounts below would be the host's.
[ $$ = 1 ] || { echo "vm: $0 must be PID 1 of its own namespaces" >&2; exit 1; }
trap 'exit 130' INT
trap 'exit 143' TERM

died() {
	echo "vm: $*; end of its console:" >&2
	tail -n 200 console | tr -d '\r' >&2
	exit 125
}

# End the VM, after asking its kernel for blocked tasks, memory and backtraces of all
# CPUs.
watchdog() {
	local key

	sleep "$VM_TIMEOUT"
	: >expired
	for key in 7 w m l; do
		echo "sendkey alt-sysrq-$key" >monitor.in
		sleep 1
	done
	echo quit >monitor.in
	sleep 2
	kill -KILL "$1"
}

mount -t tmpfs -o mode=755 tmpfs "$VM_MNT"
# Use relative names from here on, so that no path upsets the option parsers of mount and
# QEMU.
cd "$VM_MNT"
mkdir -p top/.vm top/src root kernel layer extra src export
touch console status
mount --bind "$VM_ROOT" root
if [ "$VM_KERNEL_LAYER" ]; then mount --bind "$VM_KERNEL_LAYER" kernel; fi
mount --bind "$VM_LAYER/upper" layer
if [ "$VM_EXTRA_LAYER" ]; then mount --bind "$VM_EXTRA_LAYER/upper" extra; fi
mount --bind "$VM_SRC" src
cp "$VM_DIR/guest/init" top/.vm/init
[ "$VM_INTERACTIVE" ] || printf '%s\n' "$VM_CMD" >top/.vm/cmd
[ -z "$VM_SYSTEMD" ] || : >top/.vm/systemd
echo "${TERM:-dumb} $VM_SIZE" >top/.vm/terminal
mount -t overlay -o ro,lowerdir=top:layer:extra:kernel:root overlay export
touch result
mount --bind "$VM_RESULT" result
cp "$VM_KERNEL" vmlinuz
cp "$VM_INITRAMFS" initramfs
# Use QEMU of the root file system, where all of these are in /mnt. QEMU of Debian 12 has
# a race: a virtual CPU that translates an instruction while another CPU changes it may
# keep the old one for ever, for example an INT3 of ftrace.
mount --bind . root/mnt
mount --bind export root/mnt/export
mount --bind src root/mnt/src
mount --bind "$VM_RESULT" root/mnt/result
mount --rbind /dev root/dev
mount -t proc proc root/proc	# its 9p server reaches files through /proc/self/fd

# The output goes through a FIFO, so that QEMU does not change the caller's stdout (flags,
# truncation).
mkfifo output monitor.in monitor.out
cat output &
reader=$!
if [ "$VM_VERBOSE" ]; then
	tail -n +1 -f console >&2 &
fi
if [ "$VM_INTERACTIVE" ]; then
	serial=(-chardev stdio,id=con,mux=on,signal=off,logfile=console -mon chardev=con)
else
	serial=(-chardev file,id=con,path=console)
fi

params="console=ttyS0 panic=-1 loglevel=4 log_buf_len=8M sysrq_always_enabled"
if [ "$VM_ACCEL" != kvm ]; then
	# An emulated CPU on a busy host loses ticks and stalls for seconds: neither panic
	# nor report a lockup.
	params+=" no_timer_check tsc=nowatchdog watchdog_thresh=30 rcupdate.rcu_cpu_stall_timeout=90 workqueue.watchdog_thresh=120"
	# It would measure the TSC while it boots, and on a busy host take it for several times
	# slower than it is: its clock would run as much too fast, and tests out of time.
	cp "$VM_DIR/lib/tsc-khz.c" .
	chroot root gcc -O1 -o /mnt/tsc-khz /mnt/tsc-khz.c
	params+=" tsc_early_khz=$(chroot root /mnt/tsc-khz)"
fi
case $VM_KVER in
# Under emulation the kernel's ACPI interpreter exceeds its own time limit; virtio does
# not need it.
*-debug) params+=" pci=noacpi" ;;
esac
share=(security_model=none,readonly=on,multidevs=remap)
qemu=(chroot root env -C /mnt qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot
	-accel "$VM_ACCEL" -cpu "$VM_CPU" -smp 2 -m "$VM_MEM"
	-kernel vmlinuz -initrd initramfs
	-append "$params $VM_PARAMS"
	"${serial[@]}" -serial chardev:con
	-chardev pipe,id=mon,path=monitor -mon chardev=mon
	-virtfs "local,path=export,mount_tag=root,${share[*]}"
	-virtfs "local,path=src,mount_tag=src,${share[*]}"
	-device virtio-serial
	-chardev file,id=output,path=output -device virtserialport,chardev=output,name=org.bpf-oom.output
	-chardev file,id=status,path=status -device virtserialport,chardev=status,name=org.bpf-oom.status
	-chardev file,id=result,path=result -device virtserialport,chardev=result,name=org.bpf-oom.result)
if [ "$VM_DISK" ]; then
	truncate -s "$VM_DISK" disk
	qemu+=(-drive if=none,id=disk,file=disk,format=raw -device virtio-blk-pci,drive=disk)
fi

"${qemu[@]}" <&0 &
pid=$!
if [ "$VM_TIMEOUT" != 0 ]; then
	watchdog $pid &
fi
wait $pid || true
: <>output	# unblocks the reader if QEMU never opened the other end
wait $reader || true
cat console >"$VM_CONSOLE"

[ ! -e expired ] || died "timeout after $VM_TIMEOUT s"
read -r code <status || died "the VM died"
tail -n 5 console | grep -q 'reboot: Power down' || died "the command exited with $code, but the VM did not power off cleanly"
exit "$code"
