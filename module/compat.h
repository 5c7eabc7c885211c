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
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#error "bpf-oom needs Linux 6.12 or later"
#endif

/* 7.0: trusted arguments are the default and the flag is gone. Until 6.18 is. */
#ifndef KF_TRUSTED_ARGS
#define KF_TRUSTED_ARGS 0
#endif

#endif /* _BPF_OOM_COMPAT_H */
