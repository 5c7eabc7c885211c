/* SPDX-License-Identifier: GPL-2.0-only */
/* Policies that act on pressure: functions for the rest of the module */
#ifndef _BPF_OOM_PSI_PSI_H
#define _BPF_OOM_PSI_PSI_H

#include <linux/cgroup.h>

#include <bpf_oom/oom.h>
#include <bpf_oom/psi.h>

int bpf_psi_attach(struct bpf_psi_ops *ops);
void bpf_psi_detach(struct bpf_psi_ops *ops);
bool bpf_psi_running(char *name, size_t size);
void bpf_psi_cgroup_online(struct cgroup *cgrp);
void bpf_psi_cgroup_offline(struct cgroup *cgrp);
int bpf_psi_create(struct bpf_psi *psi, u64 id, u32 resource, u32 threshold_us,
		   u32 window_us);
int bpf_psi_init(void);
void bpf_psi_exit(void);

#endif /* _BPF_OOM_PSI_PSI_H */
