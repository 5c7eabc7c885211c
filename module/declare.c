// SPDX-License-Identifier: GPL-2.0-only
/*
 * OOMs that a program declares
 *
 * That somebody dies of it although no allocation has failed is what wants an
 * explanation most, so each leaves a record, also where no policy is asked.
 */
#include <linux/list.h>
#include <linux/oom_hook.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "dispatch.h"

/**
 * struct declarer - a task that declares an OOM
 * @node: in the list of all
 * @task: the task
 * @name: see record.declared_by
 * @recorded: the OOM is on record
 */
struct declarer {
	struct list_head node;
	struct task_struct *task;
	char name[BPF_OOM_NAME_MAX_LEN];
	bool recorded;
};

static LIST_HEAD(declarers);
/* Protects the list, in process context, also while an OOM is being handled. */
static DEFINE_SPINLOCK(declarers_lock);

static struct declarer *find(void)
{
	struct declarer *d, *found = NULL;

	spin_lock(&declarers_lock);
	list_for_each_entry(d, &declarers, node) {
		if (d->task == current)
			found = d;
	}
	spin_unlock(&declarers_lock);
	return found;
}

/**
 * bpf_oom_declarer() - who has declared the OOM that this task is handling?
 *
 * Context: while it is being handled. What is asked about it counts as recorded.
 * Return: his name, NULL if no program has.
 */
const char *bpf_oom_declarer(void)
{
	struct declarer *d = find();

	if (!d)
		return NULL;
	d->recorded = true;
	return d->name;
}

/**
 * bpf_oom_declare() - declare an OOM for a program
 * @memcg: as for oom_hook_declare()
 * @order: as for oom_hook_declare()
 * @wait: as for oom_hook_declare()
 * @text: as for oom_hook_declare()
 *
 * Context: process context, may sleep.
 * Return: as oom_hook_declare().
 */
int bpf_oom_declare(struct mem_cgroup *memcg, int order, bool wait, const char *text)
{
	struct declarer d = { .task = current };
	int ret;

	if (!bpf_psi_running(d.name, sizeof(d.name)))
		strscpy(d.name, current->comm, sizeof(d.name));
	spin_lock(&declarers_lock);
	list_add(&d.node, &declarers);
	spin_unlock(&declarers_lock);

	ret = oom_hook_declare(memcg, order, wait, text);

	spin_lock(&declarers_lock);
	list_del(&d.node);
	spin_unlock(&declarers_lock);
	/* No policy of any kind is attached, or the kernel settled it at once. */
	if (ret == 1 && !d.recorded)
		bpf_oom_account_declared(memcg, order, d.name, text);
	return ret;
}
