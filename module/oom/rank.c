// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lets a policy rank the tasks of the kernel's own scan for a victim
 *
 * The kernel walks the domain, be it a memcg, a cpuset or the system, and knows
 * which tasks can be killed and which victim is still on its way out. The policy
 * only gives a verdict on each task.
 */
#define pr_fmt(fmt) "bpf_oom: " fmt

#include <linux/err.h>
#include <linux/oom.h>
#include <linux/oom_hook.h>
#include <linux/printk.h>
#include <linux/sched/task.h>

#include "oom/note.h"
#include "oom/rank.h"
#include "oom/relief.h"
#include "oom/trace.h"

/**
 * struct scan - a scan in which a policy ranks tasks
 * @d: the OOM and the policy
 * @shown: a copy of the OOM for the program. Its ->chosen is the task that the policy
 *	has selected so far, with a reference; ->chosen of the OOM is the kernel's
 */
struct scan {
	struct decision *d;
	struct oom_control shown;
};

static void show_chosen(struct scan *s, struct task_struct *task)
{
	if (s->shown.chosen)
		put_task_struct(s->shown.chosen);
	if (task)
		get_task_struct(task);
	s->shown.chosen = task;
}

static enum oom_hook_verdict hook_verdict(int verdict)
{
	switch (verdict) {
	case BPF_EVAL_ABORT:
		return OOM_HOOK_ABORT;
	case BPF_EVAL_NEXT:
		return OOM_HOOK_SKIP;
	case BPF_EVAL_SELECT:
		return OOM_HOOK_SELECT;
	}
	return OOM_HOOK_DEFAULT;
}

/* Called under RCU. */
static enum oom_hook_verdict evaluate(struct oom_control *oc,
				      struct task_struct *task, void *arg)
{
	enum oom_hook_verdict verdict;
	unsigned int noreclaim;
	struct scan *s = arg;

	s->d->ranked = false;
	noreclaim = bpf_oom_begin_program();
	verdict = hook_verdict(s->d->ops->evaluate_task(task, &s->shown));
	bpf_oom_end_program(noreclaim);
	if (verdict == OOM_HOOK_SELECT)
		show_chosen(s, task);
	bpf_oom_note_ranked(s->d, task, verdict);
	return verdict;
}

/* Logs the reason: the policy may spare all tasks, or none could be killed. */
static void scan_failed(const struct decision *d, int err)
{
	const char *why = "the victim was gone before the kill";

	if (!err)
		why = "nobody was selected";
	else if (err == -ECANCELED)
		why = "it said so";
	trace_failed_scan(d, err);
	pr_info_ratelimited("policy %s: a scan ended without a victim: %s\n",
			    d->ops->name, why);
}

static int kill_selected(struct decision *d, struct task_struct *task)
{
	char message[BPF_OOM_NAME_MAX_LEN + sizeof("Out of memory ()")];

	snprintf(message, sizeof(message), "Out of memory (%s)", d->ops->name);
	return bpf_oom_running_kill(d->oc, task, message);
}

/**
 * bpf_oom_rank() - kill the victim of a scan in which the policy ranks tasks
 * @d: the OOM and the policy
 *
 * Context: see oom_hook_ops.handle_oom.
 * Return: true if memory is on its way; false also for a policy without
 * ->evaluate_task().
 */
bool bpf_oom_rank(struct decision *d)
{
	struct scan s = { .d = d, .shown = *d->oc };
	struct task_struct *task;
	int err;

	if (!d->ops->evaluate_task)
		return false;
	d->shown = &s.shown;
	task = oom_hook_select(d->oc, evaluate, &s);
	d->shown = NULL;
	show_chosen(&s, NULL);
	err = PTR_ERR_OR_ZERO(task);
	/* The scan met a victim that is on its way out. */
	if (err == -EINPROGRESS)
		return true;
	if (!IS_ERR_OR_NULL(task)) {
		err = kill_selected(d, task);
		put_task_struct(task);
		if (!err || d->answer.freed)
			return true;
	}
	scan_failed(d, err);
	return false;
}
