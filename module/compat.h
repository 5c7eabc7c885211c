/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All differences between kernel versions, and nothing else
 *
 * Oldest supported kernel: 6.12. Each entry says which version made it necessary and
 * when it can be dropped.
 */
#ifndef _BPF_OOM_COMPAT_H
#define _BPF_OOM_COMPAT_H

#include <linux/btf.h>
#include <linux/mm_types.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#error "bpf-oom needs Linux 6.12 or later"
#endif

/*
 * 7.0 made trusted arguments the default and removed the flag. Drop when 7.0 is the
 * oldest supported kernel.
 */
#ifndef KF_TRUSTED_ARGS
#define KF_TRUSTED_ARGS 0
#endif

/*
 * 6.18 hid the flags of an mm behind functions. Drop when 6.18 is the oldest supported
 * kernel.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
static inline bool mm_flags_test(int flag, const struct mm_struct *mm)
{
	return test_bit(flag, &mm->flags);
}
#endif

/**
 * compat_kfunc_id() - look up a kfunc of the kernel itself
 * @name: its name, one that no module uses
 *
 * bpf_find_btf_id() is exported since about 7.0; the build checks whether it is. 6.12
 * does not export it and has none of the kfuncs that are looked up. Later kernels that
 * do not export it may have some: compat_finds_kfuncs() is false there. A module cannot
 * drop the reference to the kernel's BTF, but the kernel never frees that BTF anyway.
 *
 * Return: the id in the kernel's BTF; 0 or negative if there is none.
 */
static inline s32 compat_kfunc_id(const char *name)
{
#ifdef COMPAT_BPF_FIND_BTF_ID
	struct btf *btf;

	return bpf_find_btf_id(name, BTF_KIND_FUNC, &btf);
#else
	return 0;
#endif
}

/**
 * compat_finds_kfuncs() - does compat_kfunc_id() find each kfunc that exists?
 *
 * Return: false if it may miss one.
 */
static inline bool compat_finds_kfuncs(void)
{
#ifdef COMPAT_BPF_FIND_BTF_ID
	return true;
#else
	return LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0);
#endif
}

#endif /* _BPF_OOM_COMPAT_H */
