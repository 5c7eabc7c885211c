// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keeping account of what policies do
 *
 * Around each call of a policy, by the task that handles the OOM, so one at a time.
 */
#include <linux/ktime.h>

#include "dispatch.h"

/**
 * bpf_oom_account_begin() - a policy is about to be asked
 * @d: the OOM, with the policy
 *
 * Context: while the OOM is being handled.
 */
void bpf_oom_account_begin(struct decision *d)
{
	d->asked++;
	d->kills = 0;
	d->ret = 0;
	d->raised = false;
	d->refused = false;
	d->began_ns = ktime_get_ns();
}

static bool is_error(const struct decision *d)
{
	return d->ret < 0 || d->refused;
}

static void count(const struct decision *d, bool relief, u64 ns)
{
	struct attachment_count *c = &d->att->count;

	bpf_oom_count(&c->asked, 1);
	if (relief) {
		bpf_oom_count(&c->handled, 1);
		bpf_oom_count(&c->kills, d->kills);
		bpf_oom_count(&c->waits, !d->kills && !d->raised);
	} else {
		bpf_oom_count(is_error(d) ? &c->errors : &c->declined, 1);
	}
	bpf_oom_count(&c->time_total_ns, ns);
	if (ns > c->time_max_ns)
		WRITE_ONCE(c->time_max_ns, ns);
}

/**
 * bpf_oom_account_end() - a policy has been asked
 * @d: the OOM, with the policy
 * @relief: it has done something
 *
 * Context: while the OOM is being handled.
 * Return: whether the OOM has been handled.
 */
bool bpf_oom_account_end(struct decision *d, bool relief)
{
	count(d, relief, ktime_get_ns() - d->began_ns);
	return relief;
}
