// SPDX-License-Identifier: GPL-2.0-only
/*
 * An OOM asks the policies, nearest first
 */
#include <linux/memcontrol.h>
#include <linux/printk.h>

#include "oom/account.h"
#include "oom/decision.h"
#include "oom/declared.h"
#include "oom/dispatch.h"
#include "oom/rank.h"
#include "oom/relief.h"
#include "policy/attach.h"
#include "policy/rehearse.h"

/* See the module's parameter of this name. */
bool bpf_oom_enabled = true;

/* Room for the paths in the report; used by one decision at a time. */
static char policy_path[PATH_MAX], oom_path[PATH_MAX];

/* One line of its own: parsers of the kernel's report see no changed line. */
static void report(const struct oom_control *oc, const char *name,
		   struct cgroup *policy_cgrp, unsigned int kills)
{
	cgroup_path(bpf_oom_cgroup(oc), oom_path, sizeof(oom_path));
	cgroup_path(policy_cgrp, policy_path, sizeof(policy_path));
	pr_info("oom_policy=%s,policy_cgroup=%s,constraint=%s,oom_cgroup=%s,killed=%u\n",
		name, policy_path, bpf_oom_constraint(oc), oom_path, kills);
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
	bpf_oom_decision_begin(&d);
	handled = ask_upwards(&d);
	bpf_oom_decision_end();

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
