/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All differences between kernel versions, and no others
 *
 * Oldest supported kernel: 6.12. Each entry says since when it is needed and
 * when it can go.
 */
#ifndef _BPF_OOM_COMPAT_H
#define _BPF_OOM_COMPAT_H

#include <linux/btf.h>
#include <linux/mm_types.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#error "bpf-oom needs Linux 6.12 or later"
#endif

/* 7.0: trusted arguments are the default and the flag is gone. Until 6.18 is. */
#ifndef KF_TRUSTED_ARGS
#define KF_TRUSTED_ARGS 0
#endif

/* 6.18: the flags of an mm are behind functions. Until 6.18 is the oldest. */
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
 * bpf_find_btf_id() is exported since 7.0 or so; the build looks whether it is.
 * 6.12, where it is not, has none of the kfuncs that are looked up. Kernels between
 * may have some: compat_finds_kfuncs() is false there. The reference on the kernel's
 * BTF cannot be dropped by a module; the kernel never frees that one.
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
 * compat_finds_kfuncs() - is what compat_kfunc_id() does not find not there?
 *
 * Return: false if there may be one.
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
