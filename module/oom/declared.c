// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks that are declaring an OOM
 */
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "oom/declared.h"

static LIST_HEAD(declarers);
/*
 * Protects the list. Taken in process context, also while an OOM is being handled, and
 * in a tracepoint probe, which must not sleep: hence raw, for PREEMPT_RT.
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
 * bpf_oom_declared() - the declared OOM that the current task is handling
 *
 * Marks it as recorded.
 *
 * Context: while the OOM is being handled.
 * Return: the declaration; NULL if no program has declared this OOM.
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
 * bpf_oom_declarer_add() - note that the current task is about to declare an OOM
 * @d: the declaration, to be kept until bpf_oom_declarer_remove()
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
 * bpf_oom_declarer_remove() - forget a declared OOM that is over
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
