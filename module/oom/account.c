// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accounting around each call of a policy
 *
 * Updates the policy's counters, its breaker and the record of the decision. All of
 * that runs in the task that handles the OOM, so for one OOM at a time.
 */
#include <linux/ktime.h>
#include <linux/memcontrol.h>
#include <linux/mutex.h>
#include <linux/oom.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "hook.h"
#include "oom/account.h"
#include "oom/declared.h"
#include "oom/note.h"
#include "oom/trace.h"
#include "oom/victims.h"
#include "policy/attachment.h"

/* Record of the OOM that is being handled; oom_lock allows only one. */
static struct record record;

/*
 * The last OOM that was left to the kernel: victims that left_task marks before the
 * next OOM comes belong to it. Protected by oom_lock.
 */
static struct task_struct *left_task;
static u64 left_seq, left_domain;

/* Victims are not remembered in victims.c: no domain has this id. */
#define NO_DOMAIN U64_MAX

/* The latest victim. Protected by oom_lock, under which victims are marked. */
static struct record_victim died;

static void settle_left(struct work_struct *work);
static DECLARE_WORK(settle_work, settle_left);

/* Protects @settled, the copy of a record being closed. Nests inside oom_lock. */
static DEFINE_MUTEX(settle_mutex);
static struct record settled;

/* Leaves the path of the cgroup to the caller. */
static void init_record(struct record *r, struct cgroup *cgrp, int order,
			const char *constraint, const struct declared *declared)
{
	memset(r, 0, sizeof(*r));
	r->time_ns = ktime_get_boottime_ns();
	r->memcg = cgrp != &cgrp_dfl_root.cgrp;
	r->cgroup_id = cgroup_id(cgrp);
	r->order = order;
	strscpy(r->constraint, constraint, sizeof(r->constraint));
	if (declared)
		strscpy(r->declared_by, declared->by, sizeof(r->declared_by));
}

static void start_record(struct decision *d)
{
	struct cgroup *cgrp = bpf_oom_cgroup(d->oc);
	struct record *r = &record;

	init_record(r, cgrp, d->oc->order, bpf_oom_constraint(d->oc), d->declared);
	d->record = r;
	d->first_ns = ktime_get_ns();
	r->rehearsal = d->rehearsal;
	bpf_oom_note_path(cgrp, r->cgroup, sizeof(r->cgroup));
}

/* Forget the previous policy; @declined keeps what it answered. */
static void clear_policy(struct record *r)
{
	r->dry_run = false;
	r->attachment = 0;
	r->kills = 0;
	r->nr_others = 0;
	r->nr_candidates = 0;
	r->nr_considered = 0;
	r->victim.pid = 0;
	r->reason[0] = '\0';
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
	strscpy(declined->reason, d->answer.reason, sizeof(declined->reason));
}

static bool is_asked(const struct decision *d)
{
	if (d->rehearsal)
		return d->att->id == d->rehearsal;
	return !(d->ops->flags & BPF_OOM_F_REHEARSAL);
}

/*
 * The cgroup to which the breaker charges this OOM, with a reference; NULL: the system.
 * An OOM of a cpuset or a memory policy is charged to the task's cgroup: any user can
 * cause one, and must not be able to trip the breaker for the whole system.
 */
static struct cgroup *get_domain(const struct decision *d)
{
	struct cgroup *cgrp;

	if (!d->oc->memcg && d->oc->constraint == CONSTRAINT_NONE)
		return NULL;
	if (d->oc->memcg) {
		cgrp = bpf_oom_cgroup(d->oc);
		cgroup_get(cgrp);
		return cgrp;
	}
	rcu_read_lock();
	cgrp = task_dfl_cgroup(current);
	if (!cgroup_tryget(cgrp))
		cgrp = NULL;
	rcu_read_unlock();
	return cgrp;
}

static void put_domain(struct cgroup *cgrp)
{
	if (cgrp)
		cgroup_put(cgrp);
}

static bool is_bypassed(const struct decision *d)
{
	struct cgroup *cgrp;
	bool bypassed;

	if (d->rehearsal)
		return false;
	cgrp = get_domain(d);
	bypassed = bpf_oom_breaker_bypasses(&d->att->breaker, d->ops, cgrp);
	put_domain(cgrp);
	return bypassed;
}

/**
 * bpf_oom_account_may_ask() - should this policy be asked?
 * @d: the OOM, with the policy
 *
 * Context: while the OOM is being handled.
 * Return: false if its breaker has tripped, if another policy is being rehearsed, or
 * if it is for rehearsals only and this is none.
 */
bool bpf_oom_account_may_ask(struct decision *d)
{
	if (!is_asked(d))
		return false;
	if (!is_bypassed(d))
		return true;
	bpf_oom_count(&d->att->count.bypassed, 1);
	if (!d->record)
		start_record(d);
	d->answer = (struct answer){};
	note_declined(d, 0, BPF_OOM_WHY_BYPASSED);
	return false;
}

/**
 * bpf_oom_account_begin() - start accounting for a policy that is about to be asked
 * @d: the OOM, with the policy
 *
 * Context: while the OOM is being handled.
 */
void bpf_oom_account_begin(struct decision *d)
{
	if (!d->record)
		start_record(d);
	/* The kernel's choice, as long as no policy has changed anything. */
	if (!d->asked)
		bpf_oom_note_kernel(d);
	d->asked++;
	d->answer = (struct answer){};
	d->dry_run = d->rehearsal || (d->ops->flags & BPF_OOM_F_DRY_RUN);
	clear_policy(d->record);
	trace_asked(d);
	d->began_ns = ktime_get_ns();
	d->began_cpu_ns = bpf_oom_cpu_ns();
}

static void finish_record(struct decision *d, const char *policy,
			  struct cgroup *cgrp, int result,
			  u64 latency_ns)
{
	struct record *r = d->record;

	strscpy(r->policy, policy, sizeof(r->policy));
	r->policy_cgroup_id = cgroup_id(cgrp);
	bpf_oom_note_path(cgrp, r->policy_cgroup, sizeof(r->policy_cgroup));
	r->result = result;
	r->asked = d->asked;
	r->latency_ns = latency_ns;
}

static void record_policy(struct decision *d, int result, u64 ns)
{
	struct record *r = d->record;

	r->dry_run = d->dry_run;
	r->attachment = d->att->id;
	finish_record(d, d->ops->name, d->att->cgrp, result, ns);
	bpf_oom_record_commit(r);
}

static bool is_error(const struct answer *a)
{
	return a->ret < 0 || a->refused;
}

static const char *why_declined(const struct answer *a, int result)
{
	if (result != BPF_OOM_RESULT_DEFAULT)
		return BPF_OOM_WHY_DRY_RUN;
	if (a->ret < 0)
		return BPF_OOM_WHY_ERROR;
	if (a->refused)
		return BPF_OOM_WHY_REFUSED;
	return a->ret == 1 ? BPF_OOM_WHY_NOTHING : BPF_OOM_WHY_DECLINED;
}

static void count(const struct decision *d, int result, u64 ns)
{
	struct attachment_count *c = &d->att->count;

	bpf_oom_count(&c->asked, 1);
	if (result != BPF_OOM_RESULT_DEFAULT && !d->dry_run) {
		bpf_oom_count(&c->handled, 1);
		bpf_oom_count(&c->kills, d->record->kills);
		bpf_oom_count(&c->waits, result == BPF_OOM_RESULT_WAIT);
	} else {
		bpf_oom_count(is_error(&d->answer) ? &c->errors : &c->declined, 1);
	}
	bpf_oom_count(&c->time_total_ns, ns);
	if (ns > c->time_max_ns)
		WRITE_ONCE(c->time_max_ns, ns);
}

/*
 * The kernel would have killed the same process, so the breaker does not count the
 * kill: without the policy, a server with leaking workers is killed as often. Never
 * true for a declared OOM, nor if the kernel's choice is unknown (parameter "explain").
 */
static bool is_the_kernels_kill(const struct decision *d)
{
	const struct record *r = d->record;

	return d->answer.kills == 1 && r->kernel_pid && r->victim.pid == r->kernel_pid &&
	       !oom_hook_text(d->oc);
}

static void watch(struct decision *d, int result)
{
	struct breaker_event event = {
		.cpu_ns = bpf_oom_cpu_ns() - d->began_cpu_ns,
		.killed = result == BPF_OOM_RESULT_KILL && !d->dry_run &&
			  !is_the_kernels_kill(d),
		.failed = result == BPF_OOM_RESULT_DEFAULT && is_error(&d->answer),
	};
	struct cgroup *cgrp = get_domain(d);
	const char *why;

	why = bpf_oom_breaker_watch(&d->att->breaker, d->ops, cgrp, &event);
	put_domain(cgrp);
	if (why)
		trace_breaker(d, why);
}

static int result_of(const struct answer *a, bool relief)
{
	if (a->kills)
		return BPF_OOM_RESULT_KILL;
	/* After a raise by the policy, the room is due to that raise. */
	if (a->freed)
		return a->raised ? BPF_OOM_RESULT_RAISE : BPF_OOM_RESULT_FREED;
	if (!relief)
		return BPF_OOM_RESULT_DEFAULT;
	return a->raised && a->ret == 1 ? BPF_OOM_RESULT_RAISE : BPF_OOM_RESULT_WAIT;
}

/**
 * bpf_oom_account_end() - finish accounting for a policy that has been asked
 * @d: the OOM, with the policy
 * @relief: the policy has found or brought about relief
 *
 * Context: while the OOM is being handled.
 * Return: true if the OOM has been handled.
 */
bool bpf_oom_account_end(struct decision *d, bool relief)
{
	int result = result_of(&d->answer, relief);
	u64 ns = ktime_get_ns() - d->began_ns;
	const char *why;

	trace_verdict(d, result, ns);
	if (!d->rehearsal) {
		count(d, result, ns);
		watch(d, result);
	}
	if (relief && !d->dry_run) {
		record_policy(d, result, ns);
		return true;
	}
	why = why_declined(&d->answer, result);
	trace_declined(d, why, ns);
	/* A dry-run record lists itself as declined only if it would not have acted. */
	if (!relief) {
		/* Drop a victim that the policy found but did not wait for. */
		d->record->victim.pid = 0;
		d->record->reason[0] = '\0';
		note_declined(d, d->answer.ret, why);
	}
	if (d->dry_run)
		record_policy(d, result, ns);
	if (relief)
		note_declined(d, d->answer.ret, why);
	if (d->dry_run)
		clear_policy(d->record);
	return false;
}

/*
 * False once the record is closed: the kernel also marks tasks that are dying for other
 * reasons, to give them access to the reserves.
 */
static bool is_left_to(const struct task_struct *task)
{
	return left_task == task && bpf_oom_record_open_seq() == left_seq;
}

/* Leaves the path of the cgroup to the caller. */
static void fill_declared(struct record *r, const struct declared *declared,
			  struct cgroup *cgrp)
{
	struct cgroup *root = &cgrp_dfl_root.cgrp;

	init_record(r, cgrp, declared->order, declared->text, declared);
	strscpy(r->policy, BPF_OOM_POLICY_DEFAULT, sizeof(r->policy));
	r->policy_cgroup_id = cgroup_id(root);
	strscpy(r->policy_cgroup, "/", sizeof(r->policy_cgroup));
}

/* If no policy is attached, a victim is the first sign of a declared OOM. */
static bool open_declared(void)
{
	struct declared *declared = bpf_oom_declared();
	struct cgroup *cgrp;

	if (!declared)
		return false;
	/* The record is there, but settling an earlier OOM has closed it too soon. */
	if (declared->seq)
		return true;
	cgrp = bpf_oom_memcg_cgroup(declared->memcg);
	fill_declared(&record, declared, cgrp);
	bpf_oom_note_path(cgrp, record.cgroup, sizeof(record.cgroup));
	bpf_oom_record_open(&record);
	declared->seq = record.seq;
	left_task = current;
	left_seq = record.seq;
	left_domain = NO_DOMAIN;
	return true;
}

static void remember_victim(u64 domain, struct task_struct *task)
{
	if (!IS_ENABLED(CONFIG_PREEMPT_RT) && domain != NO_DOMAIN)
		bpf_oom_victim_add(domain, task);
}

/**
 * bpf_oom_account_death() - the OOM killer has chosen a process
 * @task: the victim
 * @uid: the user id of @task
 *
 * The choice may be a policy's or the kernel's, or a result of memory.oom.group.
 *
 * Context: under oom_lock and RCU, in the task that handles the OOM; mostly also under
 * task_lock() of @task.
 */
void bpf_oom_account_death(struct task_struct *task, uid_t uid)
{
	struct decision *d = bpf_oom_deciding_now();

	if (d ? !d->record : !is_left_to(current) && !open_declared())
		return;
	bpf_oom_note_death(&died, task, uid);
	remember_victim(d ? bpf_oom_domain(d->oc) : left_domain, task);
	if (d)
		bpf_oom_record_add_death(d->record, &died);
	else
		bpf_oom_record_death(left_seq, &died);
}

/* Rate-limited like the kernel's own reports. */
static void report_left(const struct record *r)
{
	static DEFINE_RATELIMIT_STATE(default_rs, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);

	if (r->kills && __ratelimit(&default_rs))
		pr_info("oom_policy=default,policy_cgroup=/,constraint=%s,oom_cgroup=%s,killed=%u\n",
			r->constraint, r->cgroup, r->kills);
}

static void close_record(u64 seq)
{
	mutex_lock(&settle_mutex);
	if (bpf_oom_record_close(seq, &settled))
		report_left(&settled);
	mutex_unlock(&settle_mutex);
}

/**
 * bpf_oom_account_settle() - close the record of the last OOM once it is over
 *
 * Nothing tells us when the kernel is done with an OOM that was left to it: it is over
 * when oom_lock can be taken. A caller that declares an OOM at that moment, without
 * waiting, may get -EBUSY.
 *
 * Context: process context, waits for an OOM that is being handled.
 */
void bpf_oom_account_settle(void)
{
	u64 seq = bpf_oom_record_open_seq();

	if (!seq)
		return;
	bpf_oom_hook_wait();
	/* By number: another record may be open by now, whose OOM is not over. */
	close_record(seq);
}

static void settle_left(struct work_struct *work)
{
	bpf_oom_account_settle();
}

/**
 * bpf_oom_account_next() - close the previous record: a new OOM has come
 *
 * Context: while the OOM is being handled.
 */
void bpf_oom_account_next(void)
{
	u64 seq = bpf_oom_record_open_seq();

	left_task = NULL;
	if (seq)
		close_record(seq);
}

/* No policy has acted: memory has come back, or the kernel decides. */
static void finish_undecided(struct decision *d, int result,
			     u64 ns)
{
	finish_record(d, BPF_OOM_POLICY_DEFAULT, &cgrp_dfl_root.cgrp, result, ns);
}

/**
 * bpf_oom_account_freed() - record that memory came back before a decision
 * @d: the OOM, about which a policy was asked
 *
 * Context: while the OOM is being handled.
 */
void bpf_oom_account_freed(struct decision *d)
{
	finish_undecided(d, BPF_OOM_RESULT_FREED, ktime_get_ns() - d->first_ns);
	bpf_oom_record_commit(d->record);
}

/**
 * bpf_oom_account_fallback() - record that the OOM is left to the kernel
 * @d: the OOM
 *
 * It is recorded only if a policy was asked or bypassed, or if a program declared it.
 *
 * Context: while the OOM is being handled.
 */
void bpf_oom_account_fallback(struct decision *d)
{
	u64 ns = 0;

	if (!d->record && !bpf_oom_is_declared(d))
		return;
	if (d->record)
		ns = ktime_get_ns() - d->first_ns;
	else
		start_record(d);
	trace_fallback(d, ns);
	finish_undecided(d, BPF_OOM_RESULT_DEFAULT, ns);
	bpf_oom_record_open(d->record);
	left_task = current;
	left_seq = d->record->seq;
	left_domain = bpf_oom_domain(d->oc);
	schedule_work(&settle_work);
}

/* Used without oom_lock, when another OOM may be using @record. */
static struct record declared_record;
static DEFINE_MUTEX(declared_mutex);

/**
 * bpf_oom_account_declared() - record a declared OOM that no policy was asked about
 * @declared: the OOM
 *
 * The kernel has acted on it. The kernel log says how, and the record does if we saw a
 * victim.
 *
 * Context: process context.
 */
void bpf_oom_account_declared(const struct declared *declared)
{
	struct cgroup *cgrp = bpf_oom_memcg_cgroup(declared->memcg);
	struct record *r = &declared_record;

	if (declared->seq) {
		close_record(declared->seq);
		return;
	}
	/* Committing a record closes the open one, whose OOM may not be over. */
	bpf_oom_account_settle();
	mutex_lock(&declared_mutex);
	fill_declared(r, declared, cgrp);
	if (cgroup_path(cgrp, r->cgroup, sizeof(r->cgroup)) < 0)
		strscpy(r->cgroup, "...", sizeof(r->cgroup));
	bpf_oom_record_commit(r);
	mutex_unlock(&declared_mutex);
}

/* Called when no OOM is being handled and no record is being read any more. */
void bpf_oom_account_exit(void)
{
	cancel_work_sync(&settle_work);
}
