// SPDX-License-Identifier: GPL-2.0-only
/*
 * The latest victims, until their memory is free
 *
 * The kernel marks a victim as done (MMF_OOM_SKIP) when its pages are unmapped, and
 * frees them after that; and since 7.0 a walk of a memcg skips tasks that are exiting,
 * even earlier. A search for a victim that is on its way out then finds none, although
 * nothing is free yet. A task that goes on allocating causes OOM after OOM in that
 * time, and each could cost another victim.
 *
 * Only the task that handles the OOM uses this table, so one task at a time.
 */
#include <linux/jiffies.h>
#include <linux/maple_tree.h>
#include <linux/mm.h>
#include <linux/sched/coredump.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "compat.h"
#include "oom/victims.h"

#define VICTIMS 16

/*
 * The kernel gives a victim two seconds before it reaps it (OOM_REAPER_DELAY), and a
 * large victim takes longer than that if it lacks CPU time.
 */
#define FREEING_MAX (5 * HZ)

/**
 * struct victim - a process that was killed
 * @mm: its mm, with a reference of mmgrab(), which does not keep the pages; NULL: unused
 * @pid: the process
 * @domain: domain of the OOM that the process was killed for
 * @freeing: we have seen that the memory is being freed ...
 * @since: ... first at this time (jiffies)
 */
struct victim {
	struct mm_struct *mm;
	pid_t pid;
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
 * bpf_oom_victim_add() - remember a process that the OOM killer has chosen
 * @domain: domain of the OOM
 * @task: the victim
 *
 * Does nothing if the victim is known already.
 *
 * Context: under oom_lock; also under task_lock() of @task, except with PREEMPT_RT,
 * where the last reference to an mm must not be dropped under that lock.
 */
void bpf_oom_victim_add(u64 domain, struct task_struct *task)
{
	struct mm_struct *mm = task->signal->oom_mm;
	struct victim *v;
	unsigned int i;

	for (i = 0; i < VICTIMS; i++) {
		if (victims[i].mm == mm)
			return;
	}
	v = &victims[next_victim++ % VICTIMS];
	forget(v);
	mmgrab(mm);
	v->mm = mm;
	v->pid = task_tgid_nr(task);
	v->domain = domain;
	v->freeing = false;
}

/* The mm has no user any more but is not yet empty. Freeing it may wait for I/O. */
static bool is_freeing(struct victim *v)
{
	if (atomic_read(&v->mm->mm_users) || mtree_empty(&v->mm->mm_mt))
		return false;
	if (!v->freeing)
		v->since = jiffies;
	v->freeing = true;
	return time_before(jiffies, v->since + FREEING_MAX);
}

/* The OOM reaper sets MMF_OOM_SKIP, at the latest when it gives up. */
static bool is_coming(struct victim *v)
{
	return !mm_flags_test(MMF_OOM_SKIP, v->mm) || is_freeing(v);
}

/**
 * bpf_oom_victim_coming() - is a victim on its way out, or freeing its memory?
 * @domain: domain of the OOM
 *
 * Context: while an OOM is being handled.
 * Return: pid of the victim, 0 if there is none. The OOM reaper and FREEING_MAX bound
 * the time for which a victim is returned.
 */
pid_t bpf_oom_victim_coming(u64 domain)
{
	unsigned int i;

	for (i = 0; i < VICTIMS; i++) {
		struct victim *v = &victims[i];

		if (v->mm && v->domain == domain && is_coming(v))
			return v->pid;
	}
	return 0;
}

/**
 * bpf_oom_victim_frees() - is a victim freeing its memory at this moment?
 * @domain: domain of the OOM
 *
 * Context: while an OOM is being handled.
 * Return: true if a victim of an OOM of this domain is; for FREEING_MAX at most for
 * each victim.
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
 * bpf_oom_victims_forget() - drop all victims: we handle no OOMs any more
 *
 * Our references would keep what is left of an mm, above all its page tables.
 *
 * Context: process context; no OOM is being handled by us.
 */
void bpf_oom_victims_forget(void)
{
	unsigned int i;

	for (i = 0; i < VICTIMS; i++)
		forget(&victims[i]);
}
