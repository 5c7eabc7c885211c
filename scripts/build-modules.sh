#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Build the modules against the kernel headers in KDIR. Fail instead of building modules
# that would load but not work, or work on wrong assumptions about the kernel.
#
#	scripts/build-modules.sh [-n] KDIR
#
# -n: build nothing, only check whether something is missing.

set -eu

only_check=
if [ "${1:-}" = -n ]; then
	only_check=1
	shift
fi
kdir=${1:?usage: build-modules.sh [-n] KDIR}
cd "$(dirname "$0")/.."
gen=module/.gen
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)

die()
{
	echo "bpf-oom: $*" >&2
	exit 1
}

config()
{
	grep -q "^$1=y" "$kdir/.config" 2>/dev/null ||
		grep -q "^$1=y" "$kdir/include/config/auto.conf" 2>/dev/null
}

need_config()
{
	config "$1" || die "$kdir: this kernel lacks $1: $2"
}

scripts/need.sh kernel "$kdir" || exit 1
[ -d "$kdir" ] || die "no kernel headers at $kdir: install linux-headers for this kernel, or set KVER or KDIR"
[ -r "$kdir/.config" ] || [ -r "$kdir/include/config/auto.conf" ] ||
	die "$kdir is not a configured kernel tree or headers package"

need_config CONFIG_BPF_SYSCALL "no BPF programs"
need_config CONFIG_BPF_JIT "no struct_ops"
need_config CONFIG_DEBUG_INFO_BTF_MODULES "no type information for modules"
[ -r "$kdir/vmlinux" ] ||
	die "$kdir/vmlinux is missing, and without its BTF kbuild makes modules that load and do nothing. For the running kernel: cp /sys/kernel/btf/vmlinux $kdir/"

# Kernels with built-in BPF OOM need no module.
if grep -aq bpf_struct_ops_bpf_oom_ops "$kdir/vmlinux"; then
	die "this kernel has BPF OOM built in: use that, bpf-oom is not needed"
fi

memcg_kfuncs=
if config CONFIG_MEMCG && ! grep -aq bpf_mem_cgroup_usage "$kdir/vmlinux"; then
	memcg_kfuncs=y
fi

shim=y
if config CONFIG_OOM_HOOK; then
	shim=
else
	need_config CONFIG_LIVEPATCH "oom_hook.ko reaches what is not exported by livepatch relocations"
	need_config CONFIG_DYNAMIC_FTRACE_WITH_ARGS "oom_hook.ko hooks functions through ftrace"
	need_config CONFIG_PSI "policies act on memory pressure too"
	need_config CONFIG_KALLSYMS_ALL "livepatch relocations find symbols through kallsyms"
fi

CC="${HOSTCC:-cc} ${HOSTCFLAGS:-}" scripts/need.sh modules "$kdir" || exit 1
[ -z "$only_check" ] || exit 0

# check_btf ARGS...: check the BTF that pahole made, which depends on its version
check_btf()
{
	scripts/check-btf -b "$kdir/vmlinux" "$@" && return
	theirs=$(sed -n 's/^CONFIG_PAHOLE_VERSION=//p' "$kdir/include/config/auto.conf" 2>/dev/null)
	ours=$(pahole --numeric_version)
	[ "${theirs:-$ours}" = "$ours" ] ||
		echo "bpf-oom: pahole $theirs made the BTF of this kernel, pahole $ours that of the modules: if types differ above, build with the former" >&2
	exit 1
}

make -s -C scripts
mkdir -p "$gen"

# Convert the list of symbols for our tools and for modpost. Its Module.symvers makes
# modpost treat them as exported, while it stays strict about every other name.
awk -v memcg_stats="$memcg_kfuncs" '
	/^#/ || !NF { next }
	$3 == "memcg-stats" && !memcg_stats { next }
	{ print $1, $2 }' module/shim/klp-symbols.list > "$gen/klp-symbols"
awk '!seen[$2]++ { printf "0x00000000\t%s\tvmlinux\tEXPORT_SYMBOL_GPL\t\n", $2 }' \
	"$gen/klp-symbols" > "$gen/Module.symvers"

# Identify this kernel by CRC-32 and length of its BTF: the last 8 bytes of gzip's output.
if [ -n "$shim" ]; then
	objcopy --dump-section .BTF="$gen/vmlinux.btf" "$kdir/vmlinux" /dev/null 2>/dev/null ||
		cp "$kdir/vmlinux" "$gen/vmlinux.btf"
	gzip -1c "$gen/vmlinux.btf" | tail -c 8 | od -An -tu4 | {
		read -r crc size
		echo "#define OOM_HOOK_BTF_CRC ${crc}U"
		echo "#define OOM_HOOK_BTF_SIZE ${size}U"
	} > "$gen/btf-id.h"
	rm "$gen/vmlinux.btf"
	# Keep the time stamp if nothing has changed, so that nothing is rebuilt.
	cmp -s "$gen/btf-id.h" module/shim/btf-id.h ||
		cp "$gen/btf-id.h" module/shim/btf-id.h
	# A converted .ko cannot be converted again: have it linked anew.
	rm -f module/shim/oom_hook.ko
fi

find_btf_id=
if grep -qw bpf_find_btf_id "$kdir/Module.symvers" 2>/dev/null; then
	find_btf_id=y
fi

# shellcheck disable=SC2086 # several arguments
make -C "$kdir" M="$PWD" BPF_OOM_VERSION="$version" \
	BPF_OOM_MEMCG_KFUNCS="$memcg_kfuncs" \
	COMPAT_BPF_FIND_BTF_ID="$find_btf_id" \
	KBUILD_EXTRA_SYMBOLS="$PWD/$gen/Module.symvers" \
	${KBUILD_ARGS:-} modules

if [ -n "$shim" ]; then
	# Strip before the conversion: strip(1) would damage livepatch relocations.
	strip -g module/shim/oom_hook.ko
	scripts/klp-convert -s "$gen/klp-symbols" module/shim/oom_hook.ko
	check_btf -p oom_hook_klp_protos \
		-s "$gen/klp-symbols" module/shim/oom_hook.ko
fi
check_btf -t bpf_oom_ops -t bpf_psi_ops module/bpf_oom.ko
