/* SPDX-License-Identifier: GPL-2.0-only */
/* declared.c: who is declaring an OOM */
#ifndef _BPF_OOM_OOM_DECLARED_H
#define _BPF_OOM_OOM_DECLARED_H

#include <linux/list.h>

#include <bpf_oom/oom.h>

struct mem_cgroup;
struct task_struct;

/**
 * struct declared - an OOM that a program has declared
 * @memcg: where; NULL: in the system
 * @order: of what was declared
 * @text: why
 * @by: see record.declared_by
 * @seq: the number of its record, if it is on record by a victim alone
 */
struct declared {
	struct mem_cgroup *memcg;
	int order;
	const char *text;
	char by[BPF_OOM_NAME_MAX_LEN];
	u64 seq;
};

/**
 * struct declarer - a task that declares an OOM
 * @node: in the list of all
 * @task: the task
 * @declared: what, for the record
 * @recorded: the OOM is on record
 */
struct declarer {
	struct list_head node;
	struct task_struct *task;
	struct declared declared;
	bool recorded;
};

void bpf_oom_declarer_add(struct declarer *d);
void bpf_oom_declarer_remove(struct declarer *d);
struct declared *bpf_oom_declared(void);

#endif /* _BPF_OOM_OOM_DECLARED_H */
