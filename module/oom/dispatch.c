// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asks the policies about an OOM, from its cgroup up to the root
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

/* The module parameter "enabled". */
bool bpf_oom_enabled = true;

/* Buffers for the report. One OOM is handled at a time, so there is one pair. */
static char policy_path[PATH_MAX], oom_path[PATH_MAX];

/* A line of its own: parsers of the kernel's report see no changed line. */
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
	d->answer.ret = d->ops->handle_out_of_memory(d->oc, d->att->cgrp, d->oc->memcg);
	bpf_oom_end_program(noreclaim);
	/*
	 * A kill counts whatever the program returns: the victim may be gone
	 * before the next policy looks for one, which would then kill a second
	 * process.
	 */
	return d->answer.kills || d->answer.freed || (d->answer.ret == 1 && d->answer.relief);
}

static bool ask_policy(struct attachment *att, const struct bpf_oom_ops *ops,
		       void *arg)
{
	struct decision *d = arg;
	bool relief;

	/* Checked under SRCU: bpf_oom_wait_for_programs() waits for what follows. */
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
	if (d->answer.kills && !d->dry_run)
		report(d->oc, ops->name, att->cgrp, d->record->kills);
	return bpf_oom_account_end(d, relief);
}

/*
 * The walk ends at the root of the default hierarchy, even if the memory controller is
 * on a v1 hierarchy, which has a root of its own.
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
 * bpf_oom_handle() - ask the policies about an OOM
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
	/* Nor may the kernel kill if memory came back while policies were asked. */
	if (d.asked && bpf_oom_room_again(&d)) {
		bpf_oom_account_freed(&d);
		return true;
	}
	/* The kernel would wait for this victim, too, but we would record it again. */
	if (!d.asked && (d.record || bpf_oom_is_declared(&d)) &&
	    bpf_oom_is_on_the_way(&d))
		return true;
	bpf_oom_account_fallback(&d);
	return false;
}
