// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is declaring an OOM
 */
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "oom/declared.h"

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
 * bpf_oom_declarer_add() - this task is about to declare an OOM
 * @d: what, to be kept until bpf_oom_declarer_remove()
 *
 * Context: process context.
 */
void bpf_oom_declarer_add(struct declarer *d)
{
	d->task = current;
	d->recorded = false;
	raw_spin_lock(&declarers_lock);
	list_add(&d->node, &declarers);
	raw_spin_unlock(&declarers_lock);
}

/**
 * bpf_oom_declarer_remove() - the OOM is over
 * @d: from bpf_oom_declarer_add()
 *
 * Context: process context.
 */
void bpf_oom_declarer_remove(struct declarer *d)
{
	raw_spin_lock(&declarers_lock);
	list_del(&d->node);
	raw_spin_unlock(&declarers_lock);
}
