// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keeping account of what policies do
 *
 * Around each call of a policy: its counters, its breaker, and the record of the
 * decision. All of that is done by the task that handles the OOM, so one at a time.
 */
#include <linux/ktime.h>
#include <linux/oom.h>
#include <linux/timekeeping.h>

#include "dispatch.h"
#include "trace.h"

/* The record of the OOM that is being handled, and no other is. */
static struct record record;

static void start_record(struct decision *d)
{
	struct cgroup *cgrp = bpf_oom_cgroup(d->oc);
	struct record *r = &record;

	memset(r, 0, sizeof(*r));
	d->record = r;
	d->first_ns = ktime_get_ns();
	r->time_ns = ktime_get_boottime_ns();
	r->memcg = d->oc->memcg;
	r->rehearsal = d->rehearsal;
	r->cgroup_id = cgroup_id(cgrp);
	cgroup_path(cgrp, r->cgroup, sizeof(r->cgroup));
	r->order = d->oc->order;
	strscpy(r->constraint, bpf_oom_constraint(d->oc), sizeof(r->constraint));
	bpf_oom_note_kernel(d);
}

/* What was about a policy that has done nothing, and is told by @declined. */
static void clear_policy(struct record *r)
{
	r->dry_run = false;
	r->attachment = 0;
	r->kills = 0;
	r->nr_others = 0;
	r->nr_candidates = 0;
	r->victim.pid = 0;
}

static void note_declined(struct decision *d, int ret, const char *why)
{
	struct record *r = d->record;
	struct record_declined *declined;

	if (r->nr_declined == RECORD_DECLINED)
		return;
	declined = &r->declined[r->nr_declined++];
	strscpy(declined->name, d->ops->name, sizeof(declined->name));
	declined->cgroup_id = cgroup_id(d->att->cgrp);
	declined->ret = ret;
	declined->why = why;
}

static bool is_asked(const struct decision *d)
{
	if (d->rehearsal)
		return d->att->id == d->rehearsal;
	return !(d->ops->flags & BPF_OOM_F_REHEARSAL);
}

/**
 * bpf_oom_account_begin() - a policy is about to be asked
 * @d: the OOM, with the policy
 *
 * Context: while the OOM is being handled.
 * Return: false if it is not to be asked: its breaker has tripped, or it is not the
 * one that is rehearsed.
 */
bool bpf_oom_account_begin(struct decision *d)
{
	if (!is_asked(d))
		return false;
	if (!d->record)
		start_record(d);
	if (!d->rehearsal && bpf_oom_breaker_tripped(&d->att->breaker)) {
		bpf_oom_count(&d->att->count.bypassed, 1);
		note_declined(d, 0, "bypassed");
		return false;
	}
	d->asked++;
	d->kills = 0;
	d->ret = 0;
	d->relief = false;
	d->raised = false;
	d->refused = false;
	d->dry_run = d->rehearsal || (d->ops->flags & BPF_OOM_F_DRY_RUN);
	clear_policy(d->record);
	trace_asked(d);
	d->began_ns = ktime_get_ns();
	return true;
}

static void finish_record(struct decision *d, const char *policy,
			  struct cgroup *cgrp, enum record_result result,
			  u64 latency_ns)
{
	struct record *r = d->record;

	strscpy(r->policy, policy, sizeof(r->policy));
	r->policy_cgroup_id = cgroup_id(cgrp);
	cgroup_path(cgrp, r->policy_cgroup, sizeof(r->policy_cgroup));
	r->result = result;
	r->asked = d->asked;
	r->latency_ns = latency_ns;
	bpf_oom_record_commit(r);
}

static void record_policy(struct decision *d, enum record_result result, u64 ns)
{
	struct record *r = d->record;

	r->dry_run = d->dry_run;
	r->attachment = d->att->id;
	r->kills = d->kills;
	finish_record(d, d->ops->name, d->att->cgrp, result, ns);
}

static bool is_error(const struct decision *d)
{
	return d->ret < 0 || d->refused;
}

static const char *why_declined(const struct decision *d,
				enum record_result result)
{
	if (result != RECORD_DEFAULT)
		return "dry-run";
	if (d->ret < 0)
		return "error";
	if (d->refused)
		return "refused";
	return d->ret == 1 ? "nothing-done" : "declined";
}

static void count(const struct decision *d, enum record_result result, u64 ns)
{
	struct attachment_count *c = &d->att->count;

	bpf_oom_count(&c->asked, 1);
	if (result != RECORD_DEFAULT && !d->dry_run) {
		bpf_oom_count(&c->handled, 1);
		bpf_oom_count(&c->kills, d->kills);
		bpf_oom_count(&c->waits, result == RECORD_WAIT);
	} else {
		bpf_oom_count(is_error(d) ? &c->errors : &c->declined, 1);
	}
	bpf_oom_count(&c->time_total_ns, ns);
	if (ns > c->time_max_ns)
		WRITE_ONCE(c->time_max_ns, ns);
}

static void watch(struct decision *d, enum record_result result, u64 ns)
{
	struct breaker_event event = {
		.ns = ns,
		.killed = result == RECORD_KILL && !d->dry_run,
		.failed = result == RECORD_DEFAULT && is_error(d),
	};
	const char *why;

	why = bpf_oom_breaker_watch(&d->att->breaker, d->ops, &event);
	if (why)
		trace_breaker(d, why);
}

static enum record_result result_of(const struct decision *d, bool relief)
{
	if (d->kills)
		return RECORD_KILL;
	/* What it raised itself is no memory that came back by itself. */
	if (d->freed)
		return d->raised ? RECORD_RAISE : RECORD_FREED;
	if (!relief)
		return RECORD_DEFAULT;
	return d->raised && d->ret == 1 ? RECORD_RAISE : RECORD_WAIT;
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
	enum record_result result = result_of(d, relief);
	u64 ns = ktime_get_ns() - d->began_ns;
	const char *why;

	trace_verdict(d, result, ns);
	if (!d->rehearsal) {
		count(d, result, ns);
		watch(d, result, ns);
	}
	if (relief && !d->dry_run) {
		record_policy(d, result, ns);
		return true;
	}
	why = why_declined(d, result);
	trace_declined(d, why, ns);
	/* That of a dry run says why it would do nothing; if it would, later ones. */
	if (!relief) {
		/* A victim that it found and did not wait for. */
		d->record->victim.pid = 0;
		note_declined(d, d->ret, why);
	}
	if (d->dry_run)
		record_policy(d, result, ns);
	if (relief)
		note_declined(d, d->ret, why);
	if (d->dry_run)
		clear_policy(d->record);
	return false;
}

/* Nobody has acted. */
static void finish_undecided(struct decision *d, enum record_result result,
			     u64 ns)
{
	finish_record(d, "default", &cgrp_dfl_root.cgrp, result, ns);
}

/**
 * bpf_oom_account_freed() - nobody has to decide any more
 * @d: the OOM, which a policy was asked about
 *
 * Context: while the OOM is being handled.
 */
void bpf_oom_account_freed(struct decision *d)
{
	finish_undecided(d, RECORD_FREED, ktime_get_ns() - d->first_ns);
}

/**
 * bpf_oom_account_fallback() - the kernel is to decide
 * @d: the OOM
 *
 * Context: while the OOM is being handled.
 */
void bpf_oom_account_fallback(struct decision *d)
{
	u64 ns;

	if (!d->record)
		return;
	ns = ktime_get_ns() - d->first_ns;
	trace_fallback(d, ns);
	finish_undecided(d, RECORD_DEFAULT, ns);
}
