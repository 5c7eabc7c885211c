/* SPDX-License-Identifier: GPL-2.0-only */
/* rehearse.c: asks one policy about a simulated OOM */
#ifndef _BPF_OOM_POLICY_REHEARSE_H
#define _BPF_OOM_POLICY_REHEARSE_H

#include <linux/types.h>

int bpf_oom_rehearse(u64 attachment);
u64 bpf_oom_rehearsed(void);
void bpf_oom_rehearsed_done(bool asked);

#endif /* _BPF_OOM_POLICY_REHEARSE_H */
