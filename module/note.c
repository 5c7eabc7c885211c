// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is noted while policies are asked: about victims, candidates, the kernel
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/oom.h>
#include <linux/oom_hook.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/string.h>

#include "dispatch.h"
#include "trace.h"

static bool explain = true;
module_param(explain, bool, 0644);
MODULE_PARM_DESC(explain, "note whom the kernel would kill, and each task that a policy ranks (a scan and a score more for each OOM)");

/* Under RCU. */
static u64 task_cgroup_id(struct task_struct *task)
{
	return cgroup_id(task_dfl_cgroup(task));
}

/* Under RCU. NULL: it has been reaped, and whom it points to may have been freed. */
static struct task_struct *first_thread(struct task_struct *task)
{
	return pid_alive(task) ? task->group_leader : NULL;
}

/* Under RCU. */
static const char *process_name(struct task_struct *task)
{
	struct task_struct *first = first_thread(task);

	return first ? first->comm : task->comm;
}

/* The first thread of a process may have exited, and its memory is elsewhere then. */
static u64 rss_kb(struct task_struct *task)
{
	struct task_struct *t;
	u64 kb = 0;

	/* for_each_thread() may name a lock that is not exported. */
	for (t = first_thread(task); t; t = __next_thread(t)) {
		task_lock(t);
		if (t->mm)
			kb = (u64)get_mm_rss(t->mm) << (PAGE_SHIFT - 10);
		task_unlock(t);
		if (kb)
			break;
	}
	return kb;
}

/* Whom the policy is about to kill, until it is known whether that went well. */
static struct record_victim choice;
/* Room for a path, of which the last name is wanted. */
static char path[PATH_MAX];

static void describe_victim(struct record_victim *v, struct task_struct *task)
{
	v->pid = task_tgid_nr(task);
	rcu_read_lock();
	v->uid = from_kuid(&init_user_ns, task_uid(task));
	v->rss_kb = rss_kb(task);
	strscpy(v->comm, process_name(task), sizeof(v->comm));
	cgroup_path(task_dfl_cgroup(task), v->cgroup, sizeof(v->cgroup));
	rcu_read_unlock();
}

/**
 * bpf_oom_note_choice() - a policy is about to kill
 * @d: the OOM and the policy
 * @task: whom
 *
 * While the task still has what is to be noted.
 *
 * Context: while the OOM is being handled.
 */
void bpf_oom_note_choice(struct decision *d, struct task_struct *task)
{
	/* The record has room for the first, and the others are many. */
	if (!d->kills)
		describe_victim(&choice, task);
}

/**
 * bpf_oom_note_kill() - a policy has tried to kill
 * @d: the OOM and the policy, before the kill is counted
 * @task: whom, as for bpf_oom_note_choice()
 * @message: what it said
 * @ret: as that of oom_hook_kill()
 *
 * Context: while the OOM is being handled.
 */
void bpf_oom_note_kill(struct decision *d, struct task_struct *task,
		       const char *message, int ret)
{
	struct record *r = d->record;

	rcu_read_lock();
	trace_kill(d, task_tgid_nr(task), process_name(task), ret);
	rcu_read_unlock();
	if (ret < 0)
		return;
	if (d->kills) {
		if (!ret && r->nr_others < RECORD_OTHERS)
			r->others[r->nr_others++] = task_tgid_nr(task);
		return;
	}
	/* A kill is more than a victim that is waited for. */
	if (ret && r->victim.pid)
		return;
	r->victim = choice;
	strscpy(r->reason, message, sizeof(r->reason));
}

/**
 * bpf_oom_note_wait() - a policy waits for a victim
 * @d: the OOM and the policy
 * @task: the victim
 *
 * Context: while the OOM is being handled.
 */
void bpf_oom_note_wait(struct decision *d, struct task_struct *task)
{
	bpf_oom_note_choice(d, task);
	bpf_oom_note_kill(d, task, "", 1);
}

static bool same(const struct record_candidate *a,
		 const struct record_candidate *b)
{
	return a->pid == b->pid && (a->pid || a->cgroup_id == b->cgroup_id);
}

static void drop(struct record *r, unsigned int i)
{
	r->nr_candidates--;
	memmove(&r->candidates[i], &r->candidates[i + 1],
		(r->nr_candidates - i) * sizeof(r->candidates[0]));
}

/* What is known of it already, and what was chosen before it. */
static void forget(struct record *r, const struct record_candidate *c)
{
	unsigned int i;

	for (i = 0; c->chosen && i < r->nr_candidates; i++)
		r->candidates[i].chosen = false;
	for (i = 0; i < r->nr_candidates; i++) {
		if (same(&r->candidates[i], c)) {
			drop(r, i);
			return;
		}
	}
}

/* The last that need not be in makes room. False: that is @c itself. */
static bool make_room(struct record *r, const struct record_candidate *c)
{
	unsigned int last = RECORD_CANDIDATES - 1;

	if (r->nr_candidates < RECORD_CANDIDATES)
		return true;
	if (r->candidates[last].chosen)
		last--;
	if (!c->chosen && r->candidates[last].score >= c->score)
		return false;
	drop(r, last);
	return true;
}

static void insert(struct record *r, const struct record_candidate *c)
{
	unsigned int i;

	if (!make_room(r, c))
		return;
	i = r->nr_candidates++;
	for (; i && r->candidates[i - 1].score < c->score; i--)
		r->candidates[i] = r->candidates[i - 1];
	r->candidates[i] = *c;
}

static void note(struct decision *d, const struct record_candidate *c)
{
	trace_candidate(d, c);
	forget(d->record, c);
	insert(d->record, c);
}

/**
 * bpf_oom_note_ranked() - a policy has been asked about a task
 * @d: the OOM and the policy
 * @task: the task
 * @verdict: what it said
 *
 * Context: while the OOM is being handled, under RCU.
 */
void bpf_oom_note_ranked(struct decision *d, struct task_struct *task,
			 enum oom_hook_verdict verdict)
{
	static const char * const names[] = {
		[OOM_HOOK_DEFAULT] = "default",
		[OOM_HOOK_ABORT] = "abort",
		[OOM_HOOK_SKIP] = "skip",
		[OOM_HOOK_SELECT] = "select",
	};
	struct record_candidate c;

	if (!READ_ONCE(explain))
		return;
	c.chosen = verdict == OOM_HOOK_SELECT || verdict == OOM_HOOK_ABORT;
	c.score = oom_hook_badness(task, d->oc->totalpages);
	c.pid = task_tgid_nr(task);
	c.cgroup_id = task_cgroup_id(task);
	snprintf(c.text, sizeof(c.text), "%s %s", names[verdict], task->comm);
	note(d, &c);
}

/**
 * bpf_oom_note_task() - a policy considers a task
 * @oc: the OOM that it was given
 * @task: the task
 * @score: what it thinks of it
 *
 * Context: within a handler.
 * Return: 0, or -EINVAL if @oc is not being handled by this task.
 */
int bpf_oom_note_task(struct oom_control *oc, struct task_struct *task, s64 score)
{
	struct decision *d = bpf_oom_deciding(oc);
	struct record_candidate c = { .score = score };

	if (!d)
		return -EINVAL;
	rcu_read_lock();
	c.pid = task_tgid_nr(task);
	c.cgroup_id = task_cgroup_id(task);
	strscpy(c.text, process_name(task), sizeof(c.text));
	rcu_read_unlock();
	note(d, &c);
	return 0;
}

/**
 * bpf_oom_note_cgroup() - a policy considers a cgroup
 * @oc: the OOM that it was given
 * @cgrp: the cgroup
 * @score: what it thinks of it
 *
 * Context: within a handler.
 * Return: 0, or -EINVAL if @oc is not being handled by this task.
 */
int bpf_oom_note_cgroup(struct oom_control *oc, struct cgroup *cgrp, s64 score)
{
	struct decision *d = bpf_oom_deciding(oc);
	struct record_candidate c = { .score = score };

	if (!d)
		return -EINVAL;
	c.cgroup_id = cgroup_id(cgrp);
	cgroup_path(cgrp, path, sizeof(path));
	strscpy(c.text, kbasename(path), sizeof(c.text));
	note(d, &c);
	return 0;
}

static enum oom_hook_verdict by_score(struct oom_control *oc,
				      struct task_struct *task, void *arg)
{
	return OOM_HOOK_DEFAULT;
}

/**
 * bpf_oom_note_kernel() - whom would the kernel kill?
 * @d: the OOM, before a policy has done anything
 *
 * Context: while the OOM is being handled.
 */
void bpf_oom_note_kernel(struct decision *d)
{
	struct record *r = d->record;
	struct task_struct *task;

	if (!READ_ONCE(explain))
		return;
	task = oom_hook_select(d->oc, by_score, NULL);
	if (IS_ERR_OR_NULL(task)) {
		r->kernel = task == ERR_PTR(-EINPROGRESS) ? "wait" : "none";
		return;
	}
	r->kernel = "kill";
	r->kernel_pid = task_tgid_nr(task);
	r->kernel_score = oom_hook_badness(task, d->oc->totalpages);
	strscpy(r->kernel_comm, task->comm, sizeof(r->kernel_comm));
	put_task_struct(task);
}
