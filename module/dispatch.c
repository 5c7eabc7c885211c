// SPDX-License-Identifier: GPL-2.0-only
/*
 * An OOM asks the policies, nearest first
 */
#include <linux/memcontrol.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>

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
 * bpf_oom_cgroup() - who is out of memory?
 * @oc: the OOM
 *
 * Context: while it is being handled.
 * Return: the cgroup that hit its limit, the root for the whole system.
 */
struct cgroup *bpf_oom_cgroup(const struct oom_control *oc)
{
#ifdef CONFIG_MEMCG
	if (oc->memcg)
		return oc->memcg->css.cgroup;
#endif
	return &cgrp_dfl_root.cgrp;
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

/* As rare as the kernel's own reports: it limits those in the same way. */
static void report_default(const struct oom_control *oc)
{
	static DEFINE_RATELIMIT_STATE(default_rs, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);

	if (__ratelimit(&default_rs))
		report(oc, "default", &cgrp_dfl_root.cgrp, 0);
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
	struct decision *d = READ_ONCE(deciding);

	if (!d || READ_ONCE(d->task) != current || d->oc != oc)
		return NULL;
	return d;
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
	if (!bpf_oom_account_begin(d))
		return false;
	relief = call_handler(d) || bpf_oom_rank(d);
	if (d->kills && !d->dry_run)
		report(d->oc, ops->name, att->cgrp, d->kills);
	return bpf_oom_account_end(d, relief);
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
	};
	struct cgroup *cgrp = bpf_oom_cgroup(oc), *parent;
	bool handled;

	WRITE_ONCE(deciding, &d);
	/*
	 * The last one asked is the root of the default hierarchy, also where
	 * the memory controller is on a v1 hierarchy with a root of its own.
	 */
	do {
		parent = cgroup_parent(cgrp);
		handled = bpf_oom_attached_ask(parent ? cgrp : &cgrp_dfl_root.cgrp,
					       ask_policy, &d);
		cgrp = parent;
	} while (!handled && cgrp);
	WRITE_ONCE(deciding, NULL);

	if (d.rehearsal) {
		bpf_oom_rehearsed_done(d.asked);
		return handled;
	}
	/* Nor must the kernel's killer act on what was true before. */
	if (!handled && d.asked && bpf_oom_room_again(&d)) {
		bpf_oom_account_freed(&d);
		return true;
	}
	if (!handled)
		bpf_oom_account_fallback(&d);
	/* That it was declared, and why, nobody else may show. */
	if (!handled && (d.record || oom_hook_text(oc)))
		report_default(oc);
	return handled;
}
