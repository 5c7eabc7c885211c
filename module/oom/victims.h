/* SPDX-License-Identifier: GPL-2.0-only */
/* victims.c: the latest victims, until their memory is free */
#ifndef _BPF_OOM_OOM_VICTIMS_H
#define _BPF_OOM_OOM_VICTIMS_H

#include <linux/types.h>

struct task_struct;

void bpf_oom_victim_add(u64 domain, struct task_struct *task);
pid_t bpf_oom_victim_coming(u64 domain);
bool bpf_oom_victim_frees(u64 domain);
void bpf_oom_victims_forget(void);

#endif /* _BPF_OOM_OOM_VICTIMS_H */
