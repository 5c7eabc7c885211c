/* SPDX-License-Identifier: GPL-2.0-only */
/* attach.c: attaches policies to cgroups and finds them */
#ifndef _BPF_OOM_POLICY_ATTACH_H
#define _BPF_OOM_POLICY_ATTACH_H

#include "policy/attachment.h"

int bpf_oom_attach(struct bpf_oom_ops *ops, struct bpf_link *link);
int bpf_oom_update(struct bpf_oom_ops *ops, struct bpf_oom_ops *old);
void bpf_oom_detach(struct bpf_oom_ops *ops, struct bpf_link *link);
bool bpf_oom_attached_ask(struct cgroup *cgrp,
			  bool (*ask)(struct attachment *att,
				      const struct bpf_oom_ops *ops, void *arg),
			  void *arg);
struct cgroup *bpf_oom_attached_cgroup(u64 id);
void bpf_oom_cgroup_offline(struct cgroup *cgrp);
int bpf_oom_attach_init(void);
void bpf_oom_attach_exit(void);

#endif /* _BPF_OOM_POLICY_ATTACH_H */
