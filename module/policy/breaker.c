// SPDX-License-Identifier: GPL-2.0-only
/*
 * The breaker: a policy that runs wild is not asked for a while, where it did so
 *
 * A policy cannot know this of itself, so it is in no policy. The limits are generous:
 * they are to be reached by what is broken, not by a bad day.
 *
 * Everything is counted per OOM domain (the cgroup that hit its limit, that of the task
 * where a cpuset or memory policy ran out, or the system),
 * because a tenant decides how many OOMs there are in its own cgroups, and a policy may
 * serve others, too. A policy that runs wild everywhere is stopped everywhere, one
 * domain after the other.
 *
 * Nothing is allocated during an OOM, so the table has a fixed size, and somebody who
 * makes cgroups by the hundred may fill it. Then the entry is reused that is worth
 * least, see is_worth_less(). The entry of the system is never reused. One that has
 * tripped is reused only when all have, and then it is the one that would be re-armed
 * first: a limit that has to be reached again is better than a domain that nobody
 * watches.
 */
#define pr_fmt(fmt) "bpf_oom: " fmt

#include <linux/capability.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sysfs.h>
#include <linux/timekeeping.h>

#include "policy/breaker.h"

/* The longest pause, in seconds. */
#define PAUSE_MAX 3600U
/* A pause is forgotten after so many times its length without another one. */
#define FORGET_FACTOR 20

/* The files are user 0's, who in a container may be nobody. */
static int set_limit(const char *val, const struct kernel_param *kp)
{
	return capable(CAP_SYS_ADMIN) ? param_set_uint(val, kp) : -EPERM;
}

static const struct kernel_param_ops limit_ops = {
	.set = set_limit,
	.get = param_get_uint,
};

/* As many in a minute as the kernel reports: 10 in 5 s, see oom_kill_process(). */
static unsigned int breaker_kills = 120;
module_param_cb(breaker_kills, &limit_ops, &breaker_kills, 0644);
MODULE_PARM_DESC(breaker_kills, "bypass a policy that answers more OOMs of a cgroup, or of the system, than this in a minute with a kill that the kernel would not have made; 0: never (120)");

/* Twice as often as systemd lets a service start that fails at once. */
static unsigned int breaker_failures = 10;
module_param_cb(breaker_failures, &limit_ops, &breaker_failures, 0644);
MODULE_PARM_DESC(breaker_failures, "bypass a policy that fails so often in a row, by an error or a kill that is refused; 0: never (10)");

/* kernel.watchdog_thresh: a task that keeps others waiting for longer is stuck. */
static unsigned int breaker_ms = 10000;
module_param_cb(breaker_ms, &limit_ops, &breaker_ms, 0644);
MODULE_PARM_DESC(breaker_ms, "bypass a policy that took more CPU time than this for an OOM, in ms; 0: never (10000)");

static unsigned int breaker_pause = 60;
module_param_cb(breaker_pause, &limit_ops, &breaker_pause, 0644);
MODULE_PARM_DESC(breaker_pause, "for how many seconds to bypass it; twice as long each time that it happens again, up to an hour (60)");

/* Room for the path of a domain; used by the task that handles the OOM. */
static char path[PATH_MAX];

static u64 limit(u32 own, const unsigned int *param)
{
	u32 limit = own ?: READ_ONCE(*param);

	return limit && limit != BPF_OOM_BREAKER_OFF ? limit : U64_MAX;
}

static const char *describe(struct cgroup *cgrp)
{
	if (!cgrp)
		return "the system";
	cgroup_path(cgrp, path, sizeof(path));
	return path;
}

static bool is_tripped(const struct breaker_domain *dom, u64 now)
{
	return dom->why && now < dom->until;
}

/* Drops the kills that are older than a minute. */
static void age_kills(struct breaker_domain *dom, u64 now)
{
	u64 slot = div_u64(now, BREAKER_SLOT_SECONDS);

	if (slot - dom->slot >= BREAKER_SLOTS)
		memset(dom->kills, 0, sizeof(dom->kills));
	else
		while (dom->slot != slot)
			dom->kills[++dom->slot % BREAKER_SLOTS] = 0;
	dom->slot = slot;
}

static u32 count_kills(const struct breaker_domain *dom)
{
	unsigned int i;
	u32 sum = 0;

	for (i = 0; i < BREAKER_SLOTS; i++)
		sum += dom->kills[i];
	return sum;
}

/* How near it is to tripping; what has been quiet for a minute can start anew. */
static u32 count_recent(const struct breaker_domain *dom, u64 now)
{
	if (now - dom->used >= BREAKER_SLOTS * BREAKER_SLOT_SECONDS)
		return 0;
	return count_kills(dom) + dom->failures;
}

/*
 * Of two entries the one to be reused. A flood of domains with an OOM each takes away
 * entries like its own, but neither what has tripped nor what is about to.
 */
static bool is_worth_less(const struct breaker_domain *a,
			  const struct breaker_domain *b, u64 now)
{
	u32 recent_a = count_recent(a, now), recent_b = count_recent(b, now);

	if (is_tripped(a, now) != is_tripped(b, now))
		return is_tripped(b, now);
	if (is_tripped(a, now))
		return a->until < b->until;
	if (recent_a != recent_b)
		return recent_a < recent_b;
	return a->used < b->used;
}

static struct breaker_domain *find_domain(struct breaker *b, u64 id)
{
	unsigned int i;

	if (!id)
		return &b->domains[0];
	for (i = 1; i < BREAKER_DOMAINS; i++) {
		if (b->domains[i].id == id)
			return &b->domains[i];
	}
	return NULL;
}

/* An unused entry has never counted anything, so it is worth least. */
static struct breaker_domain *reuse_domain(struct breaker *b, u64 id, u64 now)
{
	struct breaker_domain *dom = &b->domains[1];
	unsigned int i;

	for (i = 2; i < BREAKER_DOMAINS; i++) {
		if (is_worth_less(&b->domains[i], dom, now))
			dom = &b->domains[i];
	}
	*dom = (struct breaker_domain) { .id = id };
	return dom;
}

static bool is_slow(const struct bpf_oom_ops *ops, const struct breaker_event *e)
{
	return div_u64(e->cpu_ns, NSEC_PER_MSEC) > limit(ops->breaker_ms, &breaker_ms);
}

/* NULL: it is not in the table, and need not be. */
static struct breaker_domain *get_domain(struct breaker *b, u64 id, u64 now,
					 const struct bpf_oom_ops *ops,
					 const struct breaker_event *e)
{
	struct breaker_domain *dom = find_domain(b, id);

	if (!dom && (e->killed || e->failed || is_slow(ops, e)))
		dom = reuse_domain(b, id, now);
	return dom;
}

static const char *judge(struct breaker_domain *dom, const struct bpf_oom_ops *ops,
			 const struct breaker_event *e, u64 now)
{
	age_kills(dom, now);
	dom->kills[dom->slot % BREAKER_SLOTS] += e->killed;
	dom->failures = e->failed ? dom->failures + 1 : 0;
	dom->used = now;
	if (count_kills(dom) > limit(ops->breaker_kills, &breaker_kills))
		return "kills";
	if (dom->failures >= limit(ops->breaker_failures, &breaker_failures))
		return "failures";
	return is_slow(ops, e) ? "time" : NULL;
}

static void trip(struct breaker_domain *dom, const char *why, u64 now)
{
	if (now >= dom->until + (u64)FORGET_FACTOR * dom->pause)
		dom->pause = 0;
	dom->pause = dom->pause ? min(2 * dom->pause, PAUSE_MAX) :
				  clamp(READ_ONCE(breaker_pause), 1U, PAUSE_MAX);
	dom->why = why;
	dom->until = now + dom->pause;
	/* Armed again, it may do as much again. */
	dom->failures = 0;
	memset(dom->kills, 0, sizeof(dom->kills));
}

/* A tenant cannot flood the log by its cgroups. The system's line always comes. */
static void tell_tripped(const struct bpf_oom_ops *ops, struct cgroup *cgrp,
			 const char *why, u32 pause)
{
	static DEFINE_RATELIMIT_STATE(tripped_rs, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);

	if (!cgrp || __ratelimit(&tripped_rs))
		pr_err("policy %s: BREAKER TRIPPED (%s): not asked about OOMs of %s for %u s; 'bpfoom reset' re-arms it at once\n",
		       ops->name, why, describe(cgrp), pause);
}

/**
 * bpf_oom_breaker_init() - a new attachment
 * @b: its breaker, zeroed
 *
 * Context: any.
 */
void bpf_oom_breaker_init(struct breaker *b)
{
	spin_lock_init(&b->lock);
}

/**
 * bpf_oom_breaker_bypasses() - is a policy not to be asked?
 * @b: the breaker of its attachment
 * @ops: the policy
 * @cgrp: the cgroup that is out of memory, NULL: the system
 *
 * Re-arms the breaker when its time has come.
 *
 * Context: process context, while the OOM is being handled.
 * Return: true if the breaker has tripped for OOMs of @cgrp.
 */
bool bpf_oom_breaker_bypasses(struct breaker *b, const struct bpf_oom_ops *ops,
			      struct cgroup *cgrp)
{
	u64 now = ktime_get_seconds();
	bool tripped, rearmed = false;
	struct breaker_domain *dom;

	spin_lock(&b->lock);
	dom = find_domain(b, cgrp ? cgroup_id(cgrp) : 0);
	tripped = dom && is_tripped(dom, now);
	if (dom && dom->why && !tripped) {
		dom->why = NULL;
		rearmed = true;
	}
	spin_unlock(&b->lock);
	if (rearmed)
		pr_info_ratelimited("policy %s: asked again about OOMs of %s\n",
				    ops->name, describe(cgrp));
	return tripped;
}

/**
 * bpf_oom_breaker_watch() - a policy has been asked
 * @b: the breaker of its attachment
 * @ops: the policy
 * @cgrp: the cgroup that is out of memory, NULL: the system
 * @event: what the policy did
 *
 * Context: process context, while the OOM is being handled.
 * Return: NULL; or which limit has just tripped the breaker for OOMs of @cgrp:
 * "kills", "failures" or "time".
 */
const char *bpf_oom_breaker_watch(struct breaker *b, const struct bpf_oom_ops *ops,
				  struct cgroup *cgrp,
				  const struct breaker_event *event)
{
	u64 id = cgrp ? cgroup_id(cgrp) : 0, now = ktime_get_seconds();
	struct breaker_domain *dom;
	const char *why;
	u32 pause = 0;

	spin_lock(&b->lock);
	dom = get_domain(b, id, now, ops, event);
	why = dom ? judge(dom, ops, event, now) : NULL;
	if (why) {
		trip(dom, why, now);
		pause = dom->pause;
	}
	spin_unlock(&b->lock);
	if (why)
		tell_tripped(ops, cgrp, why, pause);
	return why;
}

/**
 * bpf_oom_breaker_reset() - ask the policy again, about all OOMs
 * @b: the breaker of its attachment
 *
 * All counts begin anew, and past trips are forgotten.
 *
 * Context: process context.
 */
void bpf_oom_breaker_reset(struct breaker *b)
{
	spin_lock(&b->lock);
	memset(b->domains, 0, sizeof(b->domains));
	spin_unlock(&b->lock);
}

/**
 * bpf_oom_breaker_show() - for which OOMs has it tripped?
 * @b: the breaker of an attachment
 * @buf: a page, for what ABI/sysfs-kernel-bpf_oom describes
 *
 * Context: process context.
 * Return: length of the text in @buf.
 */
ssize_t bpf_oom_breaker_show(struct breaker *b, char *buf)
{
	u64 now = ktime_get_seconds();
	unsigned int i;
	int len = 0;

	spin_lock(&b->lock);
	for (i = 0; i < BREAKER_DOMAINS; i++) {
		const struct breaker_domain *dom = &b->domains[i];

		if (is_tripped(dom, now))
			len += sysfs_emit_at(buf, len, "%s %llu %llu\n", dom->why,
					     dom->id, dom->until - now);
	}
	spin_unlock(&b->lock);
	return len ?: sysfs_emit(buf, "armed\n");
}
