/* SPDX-License-Identifier: GPL-2.0-only */
/* note.c: fills the record of a decision */
#ifndef _BPF_OOM_OOM_NOTE_H
#define _BPF_OOM_OOM_NOTE_H

#include <linux/oom_hook.h>

#include "oom/decision.h"

int bpf_oom_note_task(struct oom_control *oc, struct task_struct *task, s64 score);
int bpf_oom_note_cgroup(struct oom_control *oc, struct cgroup *cgrp, s64 score,
			const char *why);
int bpf_oom_note_decline(struct oom_control *oc, const char *why);

void bpf_oom_note_kernel(struct decision *d);
void bpf_oom_note_path(struct cgroup *cgrp, char *to, size_t size);
void bpf_oom_note_death(struct record_victim *v, struct task_struct *task, uid_t uid);
void bpf_oom_note_kill(struct decision *d, struct task_struct *task,
		       const char *message, int ret);
void bpf_oom_note_wait(struct decision *d, struct task_struct *task);
void bpf_oom_note_ranked(struct decision *d, struct task_struct *task,
			 enum oom_hook_verdict verdict);

#endif /* _BPF_OOM_OOM_NOTE_H */
