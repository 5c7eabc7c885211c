// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fills the record of a decision: victims, candidates, the kernel's choice
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

#include "oom/note.h"
#include "oom/trace.h"

static bool explain = true;
module_param(explain, bool, 0644);
MODULE_PARM_DESC(explain, "note whom the kernel would kill, and each task that a policy ranks (a scan and a score more for each OOM)");

/* Called under RCU. */
static u64 task_cgroup_id(struct task_struct *task)
{
	return cgroup_id(task_dfl_cgroup(task));
}

/* Called under RCU. NULL: @task is unhashed, and its group_leader may be freed. */
static struct task_struct *first_thread(struct task_struct *task)
{
	return pid_alive(task) ? task->group_leader : NULL;
}

/* Called under RCU. */
static const char *process_name(struct task_struct *task)
{
	struct task_struct *first = first_thread(task);

	return first ? first->comm : task->comm;
}

/* The first thread may have exited: then only the other threads have the mm. */
static u64 rss_kb(struct task_struct *task)
{
	struct task_struct *t;
	u64 kb = 0;

	/* for_each_thread() may refer to a lock that is not exported. */
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

/* Used by the task that handles the OOM: the policy's choice, copied to the record. */
static struct record_victim choice;
/* Used by the task that handles the OOM: a whole path, before it is cut. */
static char path[PATH_MAX];

/**
 * bpf_oom_note_path() - copy the path of a cgroup, cut to size
 * @cgrp: the cgroup
 * @to: the buffer
 * @size: size of the buffer
 *
 * A path that is too long loses its beginning, which says least: "..." and the end stay.
 *
 * Context: while an OOM is being handled.
 */
void bpf_oom_note_path(struct cgroup *cgrp, char *to, size_t size)
{
	size_t len;

	/* With PREEMPT_RT cgroup_path() takes a sleeping lock, and a probe must not. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT) && !preemptible()) {
		strscpy(to, "...", size);
		return;
	}
	cgroup_path(cgrp, path, sizeof(path));
	len = strlen(path);
	if (len < size) {
		memcpy(to, path, len + 1);
		return;
	}
	memcpy(to, "...", 3);
	memcpy(to + 3, path + len - (size - 4), size - 3);
}

/* Called under RCU. */
static void describe_task(struct record_victim *v, struct task_struct *task,
			  uid_t uid, u64 kb)
{
	v->pid = task_tgid_nr(task);
	v->uid = uid;
	v->rss_kb = kb;
	strscpy(v->comm, process_name(task), sizeof(v->comm));
	bpf_oom_note_path(task_dfl_cgroup(task), v->cgroup, sizeof(v->cgroup));
}

/**
 * bpf_oom_note_death() - describe a victim
 * @v: the description
 * @task: a thread of the victim that still has the mm
 * @uid: the victim's user id
 *
 * Context: under oom_lock and RCU. Does not take task_lock(): the caller mostly holds it.
 */
void bpf_oom_note_death(struct record_victim *v, struct task_struct *task, uid_t uid)
{
	struct mm_struct *mm = task->mm;

	describe_task(v, task, uid,
		      mm ? (u64)get_mm_rss(mm) << (PAGE_SHIFT - 10) : 0);
}

/* Called under RCU. */
static void note_choice(struct decision *d, struct task_struct *task,
			const char *message)
{
	struct record *r = d->record;

	describe_task(&choice, task, from_kuid(&init_user_ns, task_uid(task)),
		      rss_kb(task));
	r->victim = choice;
	strscpy(r->reason, message, sizeof(r->reason));
}

/* Called under RCU. Is the candidate the process of @task, or a cgroup around it? */
static bool is_of(const struct record_candidate *c, struct task_struct *task)
{
	struct cgroup *cgrp;

	if (c->pid)
		return c->pid == task_tgid_nr(task);
	for (cgrp = task_dfl_cgroup(task); cgrp; cgrp = cgroup_parent(cgrp)) {
		if (cgroup_id(cgrp) == c->cgroup_id)
			return true;
	}
	return false;
}

/*
 * Called under RCU. The policy has chosen what it kills: mark the candidate that is the
 * process, or the best cgroup around it, unless the policy has marked one.
 */
static void note_chosen(struct record *r, struct task_struct *task)
{
	unsigned int i;

	for (i = 0; i < r->nr_candidates; i++) {
		if (r->candidates[i].chosen)
			return;
	}
	for (i = 0; i < r->nr_candidates; i++) {
		if (!r->candidates[i].why[0] && is_of(&r->candidates[i], task)) {
			r->candidates[i].chosen = true;
			return;
		}
	}
}

/*
 * Called under RCU. bpf_oom_account_death() has noted a real kill before; it does not
 * see a dry run, nor a process that was a victim already.
 */
static void note_killed(struct decision *d, struct task_struct *task,
			const char *message)
{
	struct record *r = d->record;

	if (!d->answer.kills)
		note_chosen(r, task);
	if (!r->kills) {
		note_choice(d, task, message);
		r->kills = 1;
	} else if (!d->answer.kills) {
		strscpy(r->reason, message, sizeof(r->reason));
	} else {
		choice.pid = task_tgid_nr(task);
		bpf_oom_record_add_death(r, &choice);
	}
}

/**
 * bpf_oom_note_kill() - note that a policy has tried to kill
 * @d: the OOM and the policy, before the kill is counted
 * @task: the task
 * @message: the policy's message
 * @ret: as returned by oom_hook_kill()
 *
 * Context: while the OOM is being handled.
 */
void bpf_oom_note_kill(struct decision *d, struct task_struct *task,
		       const char *message, int ret)
{
	rcu_read_lock();
	trace_kill(d, task_tgid_nr(task), process_name(task), ret);
	/* A victim that is waited for does not replace one that was killed. */
	if (ret == 1 && !d->record->victim.pid)
		note_choice(d, task, message);
	else if (!ret)
		note_killed(d, task, message);
	rcu_read_unlock();
}

/**
 * bpf_oom_note_wait() - note that a policy waits for a victim
 * @d: the OOM and the policy
 * @task: the victim
 *
 * Context: while the OOM is being handled.
 */
void bpf_oom_note_wait(struct decision *d, struct task_struct *task)
{
	bpf_oom_note_kill(d, task, "", 1);
}

/**
 * bpf_oom_note_decline() - note why a policy is going to decline
 * @oc: the OOM that the policy was given
 * @why: the reason
 *
 * Context: within a handler.
 * Return: 0, or -EINVAL if @oc is not being handled by this task.
 */
int bpf_oom_note_decline(struct oom_control *oc, const char *why)
{
	struct decision *d = bpf_oom_deciding(oc);

	if (!d)
		return -EINVAL;
	strscpy(d->answer.reason, why, sizeof(d->answer.reason));
	return 0;
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

/* Drop the old entry of @c, and earlier choices if @c is one. False: @c is new. */
static bool forget(struct record *r, const struct record_candidate *c)
{
	unsigned int i;

	for (i = 0; c->chosen && i < r->nr_candidates; i++)
		r->candidates[i].chosen = false;
	for (i = 0; i < r->nr_candidates; i++) {
		if (same(&r->candidates[i], c)) {
			drop(r, i);
			return true;
		}
	}
	return false;
}

/* Drop the worst candidate that was not chosen. False: that is @c itself. */
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

/* Too large for the stack. Used by the task that handles the OOM. */
static struct record_candidate candidate;

static struct record_candidate *new_candidate(s64 score)
{
	memset(&candidate, 0, sizeof(candidate));
	candidate.score = score;
	return &candidate;
}

static void note(struct decision *d, const struct record_candidate *c)
{
	trace_candidate(d, c);
	if (!forget(d->record, c))
		d->record->nr_considered++;
	insert(d->record, c);
}

/**
 * bpf_oom_note_ranked() - note a policy's verdict on a task
 * @d: the OOM and the policy
 * @task: the task
 * @verdict: the verdict
 *
 * Context: while the OOM is being handled, under RCU.
 */
void bpf_oom_note_ranked(struct decision *d, struct task_struct *task,
			 enum oom_hook_verdict verdict)
{
	struct record_candidate *c;

	if (!READ_ONCE(explain))
		return;
	c = new_candidate(d->ranked ? d->rank_score :
			  oom_hook_badness(task, d->oc->totalpages));
	c->chosen = verdict == OOM_HOOK_SELECT;
	c->pid = task_tgid_nr(task);
	c->cgroup_id = task_cgroup_id(task);
	strscpy(c->text, process_name(task), sizeof(c->text));
	if (verdict == OOM_HOOK_SKIP)
		strscpy(c->why, "the policy skipped it", sizeof(c->why));
	else if (verdict == OOM_HOOK_ABORT)
		strscpy(c->why, "the policy ended the scan at it", sizeof(c->why));
	note(d, c);
}

/**
 * bpf_oom_note_task() - note that a policy considers a task
 * @oc: the OOM that the policy was given
 * @task: the task
 * @score: the policy's score of the task
 *
 * While the policy ranks @task, only its score is kept: bpf_oom_note_ranked() notes it
 * with the verdict.
 *
 * Context: within a handler, or while a policy ranks @task.
 * Return: 0, or -EINVAL if @oc is not being handled by this task.
 */
int bpf_oom_note_task(struct oom_control *oc, struct task_struct *task, s64 score)
{
	struct decision *d = bpf_oom_deciding_now();
	struct record_candidate *c;

	if (!d || (oc != d->oc && oc != d->shown))
		return -EINVAL;
	if (oc == d->shown) {
		d->ranked = true;
		d->rank_score = score;
		return 0;
	}
	c = new_candidate(score);
	rcu_read_lock();
	c->pid = task_tgid_nr(task);
	c->cgroup_id = task_cgroup_id(task);
	strscpy(c->text, process_name(task), sizeof(c->text));
	rcu_read_unlock();
	note(d, c);
	return 0;
}

/**
 * bpf_oom_note_cgroup() - note that a policy considers a cgroup
 * @oc: the OOM that the policy was given
 * @cgrp: the cgroup
 * @score: the policy's score of the cgroup
 * @why: why the policy passes it over; "" if it does not
 *
 * Context: within a handler.
 * Return: 0, or -EINVAL if @oc is not being handled by this task.
 */
int bpf_oom_note_cgroup(struct oom_control *oc, struct cgroup *cgrp, s64 score,
			const char *why)
{
	struct decision *d = bpf_oom_deciding(oc);
	struct record_candidate *c;

	if (!d)
		return -EINVAL;
	c = new_candidate(score);
	c->cgroup_id = cgroup_id(cgrp);
	bpf_oom_note_path(cgrp, c->text, sizeof(c->text));
	strscpy(c->why, why, sizeof(c->why));
	note(d, c);
	return 0;
}

static enum oom_hook_verdict by_score(struct oom_control *oc,
				      struct task_struct *task, void *arg)
{
	return OOM_HOOK_DEFAULT;
}

/**
 * bpf_oom_note_kernel() - note the victim that the kernel would choose
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
		r->kernel = task == ERR_PTR(-EINPROGRESS) ? BPF_OOM_KERNEL_WAIT :
							 BPF_OOM_KERNEL_NONE;
		return;
	}
	r->kernel = BPF_OOM_KERNEL_KILL;
	r->kernel_pid = task_tgid_nr(task);
	r->kernel_score = oom_hook_badness(task, d->oc->totalpages);
	strscpy(r->kernel_comm, task->comm, sizeof(r->kernel_comm));
	put_task_struct(task);
}
