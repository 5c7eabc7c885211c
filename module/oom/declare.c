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
 * @declared: what, for the record
 * @recorded: the OOM is on record
 */
struct declarer {
	struct list_head node;
	struct task_struct *task;
	struct declared declared;
	bool recorded;
};

static LIST_HEAD(declarers);
/*
 * Protects the list, in process context, also while an OOM is being handled, and in a
 * probe of a tracepoint, where nobody may sleep: so it is raw, for PREEMPT_RT.
 */
static DEFINE_RAW_SPINLOCK(declarers_lock);

static struct declarer *find(void)
{
	struct declarer *d, *found = NULL;

	raw_spin_lock(&declarers_lock);
	list_for_each_entry(d, &declarers, node) {
		if (d->task == current)
			found = d;
	}
	raw_spin_unlock(&declarers_lock);
	return found;
}

/**
 * bpf_oom_declared() - what has a program declared that this task is handling?
 *
 * Context: while it is being handled. What is asked about counts as recorded.
 * Return: that, NULL if no program has.
 */
struct declared *bpf_oom_declared(void)
{
	struct declarer *d = find();

	if (!d)
		return NULL;
	d->recorded = true;
	return &d->declared;
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
	struct declarer d = {
		.task = current,
		.declared = { .memcg = memcg, .order = order, .text = text },
	};
	char *by = d.declared.by;
	bool heard;
	int ret;

	if (!bpf_psi_running(by, sizeof(d.declared.by)))
		strscpy(by, current->comm, sizeof(d.declared.by));
	raw_spin_lock(&declarers_lock);
	list_add(&d.node, &declarers);
	raw_spin_unlock(&declarers_lock);

	/* Where no policy is attached, it is how we hear of the victim. */
	heard = !bpf_oom_deaths_get();
	ret = oom_hook_declare(memcg, order, wait, text);
	if (heard)
		bpf_oom_deaths_put();

	raw_spin_lock(&declarers_lock);
	list_del(&d.node);
	raw_spin_unlock(&declarers_lock);
	if (ret == 1 && (!d.recorded || d.declared.seq))
		bpf_oom_account_declared(&d.declared);
	return ret;
}
