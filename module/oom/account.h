/* SPDX-License-Identifier: GPL-2.0-only */
/* account.c: accounting around each call of a policy */
#ifndef _BPF_OOM_OOM_ACCOUNT_H
#define _BPF_OOM_OOM_ACCOUNT_H

#include "oom/decision.h"

void bpf_oom_account_next(void);
bool bpf_oom_account_may_ask(struct decision *d);
void bpf_oom_account_begin(struct decision *d);
bool bpf_oom_account_end(struct decision *d, bool relief);
void bpf_oom_account_freed(struct decision *d);
void bpf_oom_account_fallback(struct decision *d);
void bpf_oom_account_death(struct task_struct *task, uid_t uid);
void bpf_oom_account_declared(const struct declared *declared);
void bpf_oom_account_exit(void);

void bpf_oom_account_settle(void);

#endif /* _BPF_OOM_OOM_ACCOUNT_H */
