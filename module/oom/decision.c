// SPDX-License-Identifier: GPL-2.0-only
/*
 * The OOM that is being handled, and queries about it
 */
#include <linux/cgroup.h>
#include <linux/memcontrol.h>
#include <linux/oom_hook.h>

#include "oom/decision.h"

/*
 * The hook hands over one OOM at a time (under oom_lock), so there is one decision,
 * NULL in between. Written by the task that handles the OOM, read by kfuncs in any
 * task, which compare ->task before they read anything else.
 */
static struct decision *deciding;

/**
 * bpf_oom_decision_begin() - policies are about to be asked
 * @d: the OOM, to be kept until bpf_oom_decision_end()
 *
 * Context: while the OOM is being handled.
 */
void bpf_oom_decision_begin(struct decision *d)
{
	WRITE_ONCE(deciding, d);
}

/**
 * bpf_oom_decision_end() - no policy is being asked any more
 *
 * Context: while the OOM is being handled.
 */
void bpf_oom_decision_end(void)
{
	WRITE_ONCE(deciding, NULL);
}

/**
 * bpf_oom_deciding_now() - the OOM that this task asks a policy about
 *
 * Context: any task.
 * Return: the decision, NULL if there is none.
 */
struct decision *bpf_oom_deciding_now(void)
{
	struct decision *d = READ_ONCE(deciding);

	return d && READ_ONCE(d->task) == current ? d : NULL;
}

/**
 * bpf_oom_deciding() - the OOM that a policy is being asked about
 * @oc: what the policy was given
 *
 * Context: any task.
 * Return: the decision, NULL if it is about another OOM or belongs to another task.
 */
struct decision *bpf_oom_deciding(struct oom_control *oc)
{
	struct decision *d = bpf_oom_deciding_now();

	return d && d->oc == oc ? d : NULL;
}

/**
 * bpf_oom_constraint() - the constraint of an OOM, for reports
 * @oc: the OOM
 *
 * Context: while the OOM is being handled.
 * Return: the kernel's name of the constraint, or the text of a declared OOM.
 */
const char *bpf_oom_constraint(const struct oom_control *oc)
{
	const char *text = oom_hook_text(oc);

	if (text && *text)
		return text;
	switch (oc->constraint) {
	case CONSTRAINT_NONE:
		return "CONSTRAINT_NONE";
	case CONSTRAINT_CPUSET:
		return "CONSTRAINT_CPUSET";
	case CONSTRAINT_MEMORY_POLICY:
		return "CONSTRAINT_MEMORY_POLICY";
	case CONSTRAINT_MEMCG:
		return "CONSTRAINT_MEMCG";
	}
	return "?";
}

/**
 * bpf_oom_memcg_cgroup() - the cgroup of a memcg
 * @memcg: the memcg, or NULL
 *
 * Context: any.
 * Return: the cgroup; for NULL the root of the default hierarchy.
 */
struct cgroup *bpf_oom_memcg_cgroup(struct mem_cgroup *memcg)
{
#ifdef CONFIG_MEMCG
	if (memcg && memcg->css.parent)
		return memcg->css.cgroup;
#endif
	return &cgrp_dfl_root.cgrp;
}

/**
 * bpf_oom_cgroup() - the cgroup that is out of memory
 * @oc: the OOM
 *
 * Context: while the OOM is being handled.
 * Return: the cgroup that hit its limit; for the whole system the root.
 */
struct cgroup *bpf_oom_cgroup(const struct oom_control *oc)
{
	return bpf_oom_memcg_cgroup(oc->memcg);
}

/**
 * bpf_oom_is_declared() - was this OOM declared, by a program or with a text?
 * @d: the OOM
 *
 * Context: while the OOM is being handled.
 * Return: true if so; false if an allocation has failed.
 */
bool bpf_oom_is_declared(const struct decision *d)
{
	const char *text = oom_hook_text(d->oc);

	return d->declared || (text && *text);
}
