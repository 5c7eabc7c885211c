// SPDX-License-Identifier: GPL-2.0-only
/*
 * An OOM asks the policies, nearest first
 */
#include <linux/memcontrol.h>
#include <linux/printk.h>

#include "dispatch.h"

/*
 * The hook hands over one OOM at a time (under oom_lock), so there is one. NULL
 * in between. Written by the task that handles the OOM, read by kfuncs, which
 * compare the task before they look at anything else.
 */
static struct decision *deciding;

/* See the module's parameter of this name. */
bool bpf_oom_enabled = true;

/* Room for the paths in the report; used by one decision at a time. */
static char policy_path[PATH_MAX], oom_path[PATH_MAX];

/**
 * bpf_oom_constraint() - what kind of OOM it is
 * @oc: the OOM
 *
 * Context: while it is being handled.
 * Return: the kernel's name for it, or what was said when it was declared.
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
 * Return: its cgroup, the root of the default hierarchy for NULL.
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
 * bpf_oom_cgroup() - who is out of memory?
 * @oc: the OOM
 *
 * Context: while it is being handled.
 * Return: the cgroup that hit its limit, the root for the whole system.
 */
struct cgroup *bpf_oom_cgroup(const struct oom_control *oc)
{
	return bpf_oom_memcg_cgroup(oc->memcg);
}

/**
 * bpf_oom_is_declared() - has somebody declared it, and said why?
 * @d: the OOM
 *
 * Context: while it is being handled.
 * Return: false if an allocation has failed.
 */
bool bpf_oom_is_declared(const struct decision *d)
{
	const char *text = oom_hook_text(d->oc);

	return d->declared || (text && *text);
}

/* One line of its own: parsers of the kernel's report see no changed line. */
static void report(const struct oom_control *oc, const char *name,
		   struct cgroup *policy_cgrp, unsigned int kills)
{
	cgroup_path(bpf_oom_cgroup(oc), oom_path, sizeof(oom_path));
	cgroup_path(policy_cgrp, policy_path, sizeof(policy_path));
	pr_info("oom_policy=%s,policy_cgroup=%s,constraint=%s,oom_cgroup=%s,killed=%u\n",
		name, policy_path, bpf_oom_constraint(oc), oom_path, kills);
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
 * Return: the decision, NULL if it is not about @oc or of another task.
 */
struct decision *bpf_oom_deciding(struct oom_control *oc)
{
	struct decision *d = bpf_oom_deciding_now();

	return d && d->oc == oc ? d : NULL;
}

static bool call_handler(struct decision *d)
{
	unsigned int noreclaim;

	if (!d->ops->handle_out_of_memory)
		return false;
	noreclaim = bpf_oom_begin_program();
	d->ret = d->ops->handle_out_of_memory(d->oc, d->att->cgrp, d->oc->memcg);
	bpf_oom_end_program(noreclaim);
	/*
	 * A kill counts whatever the program returns: its memory may be back
	 * before the next in line looks, which would then see no victim on its
	 * way and kill a second one.
	 */
	return d->kills || d->freed || (d->ret == 1 && d->relief);
}

static bool ask_policy(struct attachment *att, const struct bpf_oom_ops *ops,
		       void *arg)
{
	struct decision *d = arg;
	bool relief;

	/* Looked at where bpf_oom_wait_for_programs() waits for what follows. */
	if (!READ_ONCE(bpf_oom_enabled))
		return false;
	d->att = att;
	d->ops = ops;
	if (!bpf_oom_account_may_ask(d))
		return false;
	if (!d->asked && bpf_oom_is_on_the_way(d))
		return true;
	bpf_oom_account_begin(d);
	relief = call_handler(d) || bpf_oom_rank(d);
	if (d->kills && !d->dry_run)
		report(d->oc, ops->name, att->cgrp, d->record->kills);
	return bpf_oom_account_end(d, relief);
}

/*
 * The last one asked is the root of the default hierarchy, also where the memory
 * controller is on a v1 hierarchy with a root of its own.
 */
static bool ask_upwards(struct decision *d)
{
	struct cgroup *cgrp = bpf_oom_cgroup(d->oc), *parent;
	bool handled;

	do {
		parent = cgroup_parent(cgrp);
		handled = bpf_oom_attached_ask(parent ? cgrp : &cgrp_dfl_root.cgrp,
					       ask_policy, d);
		cgrp = parent;
	} while (!handled && cgrp);
	return handled;
}

/**
 * bpf_oom_handle() - let the policies decide an OOM
 * @oc: the OOM
 *
 * Context: see oom_hook_ops.handle_oom.
 * Return: true if a policy has handled it, false to let the kernel decide.
 */
bool bpf_oom_handle(struct oom_control *oc)
{
	struct decision d = {
		.oc = oc, .task = current, .rehearsal = bpf_oom_rehearsed(),
		.declared = bpf_oom_declared(),
	};
	bool handled;

	bpf_oom_account_next();
	WRITE_ONCE(deciding, &d);
	handled = ask_upwards(&d);
	WRITE_ONCE(deciding, NULL);

	if (d.rehearsal) {
		bpf_oom_rehearsed_done(d.asked);
		return handled;
	}
	if (handled)
		return true;
	/* Nor must the kernel's killer act on what was true before. */
	if (d.asked && bpf_oom_room_again(&d)) {
		bpf_oom_account_freed(&d);
		return true;
	}
	/* The kernel would wait, too, but that is nothing to have on record again. */
	if (!d.asked && (d.record || bpf_oom_is_declared(&d)) &&
	    bpf_oom_is_on_the_way(&d))
		return true;
	bpf_oom_account_fallback(&d);
	return false;
}
