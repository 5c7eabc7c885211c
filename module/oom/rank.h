/* SPDX-License-Identifier: GPL-2.0-only */
/* rank.c: lets a policy rank the tasks of the kernel's own scan */
#ifndef _BPF_OOM_OOM_RANK_H
#define _BPF_OOM_OOM_RANK_H

#include "oom/decision.h"

bool bpf_oom_rank(struct decision *d);

#endif /* _BPF_OOM_OOM_RANK_H */
