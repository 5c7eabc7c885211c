// SPDX-License-Identifier: GPL-2.0-only
/*
 * The last victims of policies, until their memory is free
 *
 * The kernel marks a victim as done (MMF_OOM_SKIP) when its pages are unmapped, and
 * frees them after that; since 7.0 a walk of a memcg does not even show tasks that
 * are exiting. Who looks for a victim that is on its way finds none then, although
 * nothing is free yet. A task that goes on to allocate brings OOM after OOM in that
 * time, and each could cost a victim.
 *
 * All of this is used by the task that handles the OOM, so by one at a time.
 */
#include <linux/jiffies.h>
#include <linux/maple_tree.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "dispatch.h"

#define VICTIMS 16

/* As long as the kernel gives a victim before it reaps it: OOM_REAPER_DELAY. */
#define FREEING_MAX (2 * HZ)

/**
 * struct victim - a process that was killed
 * @mm: its memory; a reference that does not keep the memory. NULL: no victim
 * @domain: of the OOM that it was killed for
 * @freeing: it has been seen to be freed ...
 * @since: ... first at this time (jiffies)
 */
struct victim {
	struct mm_struct *mm;
	u64 domain;
	bool freeing;
	unsigned long since;
};

static struct victim victims[VICTIMS];
static unsigned int next_victim;

static void forget(struct victim *v)
{
	if (v->mm)
		mmdrop(v->mm);
	v->mm = NULL;
}

/**
 * bpf_oom_victim_add() - a policy has killed
 * @domain: of the OOM
 * @task: the victim
 *
 * Context: while the OOM is being handled.
 */
void bpf_oom_victim_add(u64 domain, struct task_struct *task)
{
	struct victim *v = &victims[next_victim++ % VICTIMS];

	forget(v);
	mmgrab(task->signal->oom_mm);
	v->mm = task->signal->oom_mm;
	v->domain = domain;
	v->freeing = false;
}

/* Nobody uses it any more, and not all of it is free. That may wait for I/O. */
static bool is_freeing(struct victim *v)
{
	if (atomic_read(&v->mm->mm_users) || mtree_empty(&v->mm->mm_mt))
		return false;
	if (!v->freeing)
		v->since = jiffies;
	v->freeing = true;
	return time_before(jiffies, v->since + FREEING_MAX);
}

/**
 * bpf_oom_victim_frees() - is memory coming at this moment?
 * @domain: where
 *
 * Context: while an OOM is being handled.
 * Return: true if a victim of an OOM of this domain is freeing its memory. Bounded:
 * two seconds for each victim.
 */
bool bpf_oom_victim_frees(u64 domain)
{
	bool frees = false;
	unsigned int i;

	for (i = 0; i < VICTIMS; i++) {
		struct victim *v = &victims[i];

		if (!v->mm)
			continue;
		if (is_freeing(v))
			frees |= v->domain == domain;
		else if (!atomic_read(&v->mm->mm_users))
			forget(v);
	}
	return frees;
}

/**
 * bpf_oom_victims_forget() - no OOM is going to be asked about
 *
 * Even what is left of a victim whose memory is free, its page tables, would stay.
 *
 * Context: process context; no OOM is being handled by us.
 */
void bpf_oom_victims_forget(void)
{
	unsigned int i;

	for (i = 0; i < VICTIMS; i++)
		forget(&victims[i]);
}
