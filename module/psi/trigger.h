/* SPDX-License-Identifier: GPL-2.0-only */
/* trigger.c: the pressure triggers of a policy */
#ifndef _BPF_OOM_PSI_TRIGGER_H
#define _BPF_OOM_PSI_TRIGGER_H

#include "psi/psi_policy.h"

void bpf_psi_tell_fired(struct psi_policy *p);
void bpf_psi_end_dead(struct psi_policy *p, struct list_head *ended);
void bpf_psi_end_all(struct psi_policy *p);
void bpf_psi_free_ended(struct list_head *ended);
int bpf_psi_trigger_init(void);
void bpf_psi_trigger_exit(void);

#endif /* _BPF_OOM_PSI_TRIGGER_H */
