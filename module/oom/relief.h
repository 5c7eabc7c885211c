/* SPDX-License-Identifier: GPL-2.0-only */
/* relief.c: kills, waits and raises limits for the policy that is being asked */
#ifndef _BPF_OOM_OOM_RELIEF_H
#define _BPF_OOM_OOM_RELIEF_H

#include "oom/decision.h"

bool bpf_oom_room_again(const struct decision *d);
bool bpf_oom_is_on_the_way(const struct decision *d);
int bpf_oom_running_kill(struct oom_control *oc, struct task_struct *task,
			 const char *message);
int bpf_oom_running_wait(struct oom_control *oc, struct task_struct *task);
int bpf_oom_running_raise(struct oom_control *oc, struct mem_cgroup *memcg,
			  u64 bytes);

#endif /* _BPF_OOM_OOM_RELIEF_H */
