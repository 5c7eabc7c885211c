/* SPDX-License-Identifier: GPL-2.0-only */
/* declared.c: tasks that are declaring an OOM */
#ifndef _BPF_OOM_OOM_DECLARED_H
#define _BPF_OOM_OOM_DECLARED_H

#include <linux/list.h>

#include <bpf_oom/oom.h>

struct mem_cgroup;
struct task_struct;

/**
 * struct declared - an OOM that a program has declared
 * @memcg: the memcg that is declared out of memory; NULL: the system
 * @order: the declared allocation order
 * @text: the program's reason
 * @by: see record.declared_by
 * @seq: number of its record if only the death of a victim has opened one, else 0
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
 * @node: in the list of all declarers
 * @task: the task
 * @declared: the OOM, for the record
 * @recorded: the OOM has been handled where it is recorded
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
