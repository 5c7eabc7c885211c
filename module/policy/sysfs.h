/* SPDX-License-Identifier: GPL-2.0-only */
/* sysfs.c: attachments in /sys/kernel/bpf_oom */
#ifndef _BPF_OOM_POLICY_SYSFS_H
#define _BPF_OOM_POLICY_SYSFS_H

#include "policy/attachment.h"

int bpf_oom_sysfs_add(struct attachment *att);
void bpf_oom_sysfs_remove(struct attachment *att);
int bpf_oom_sysfs_init(void);
void bpf_oom_sysfs_exit(void);

#endif /* _BPF_OOM_POLICY_SYSFS_H */
