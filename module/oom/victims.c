// SPDX-License-Identifier: GPL-2.0-only
/*
 * The last victims, until their memory is free
 *
 * The kernel marks a victim as done (MMF_OOM_SKIP) when its pages are unmapped, and
 * frees them after that; and since 7.0 a walk of a memcg does not show tasks that are
 * exiting, even before that. Who looks for a victim that is on its way finds none
 * then, although nothing is free yet. A task that goes on to allocate brings OOM after
 * OOM in that time, and each could cost a victim.
 *
 * All of this is used by the task that handles the OOM, so by one at a time.
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
 * The kernel gives a victim two seconds before it reaps it (OOM_REAPER_DELAY), and who
 * frees much on a machine that is short of CPU time takes longer than that.
 */
#define FREEING_MAX (5 * HZ)

/**
 * struct victim - a process that was killed
 * @mm: its memory; a reference that does not keep the memory. NULL: no victim
 * @pid: the process
 * @domain: of the OOM that it was killed for
 * @freeing: it has been seen to be freed ...
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
 * bpf_oom_victim_add() - the OOM killer has chosen a process
 * @domain: of the OOM
 * @task: the victim
 *
 * Does nothing if it is known.
 *
 * Context: under oom_lock; also in the lock of @task, but not so with PREEMPT_RT, where
 * the last reference to an mm may not be dropped then.
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

/* The OOM reaper sets the flag, at the latest when it has given up. */
static bool is_coming(struct victim *v)
{
	return !mm_flags_test(MMF_OOM_SKIP, v->mm) || is_freeing(v);
}

/**
 * bpf_oom_victim_coming() - is a victim on its way out, or freeing its memory?
 * @domain: where
 *
 * Context: while an OOM is being handled.
 * Return: its pid, 0 if there is none. Bounded: by the OOM reaper, and five seconds.
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
 * bpf_oom_victim_frees() - is memory coming at this moment?
 * @domain: where
 *
 * Context: while an OOM is being handled.
 * Return: true if a victim of an OOM of this domain is freeing its memory. Bounded:
 * five seconds for each victim.
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
