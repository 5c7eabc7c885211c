// SPDX-License-Identifier: GPL-2.0-only
/*
 * The breaker: stops asking a policy that runs wild, for a while and per domain
 *
 * A policy cannot tell that it is broken, so the check is outside of it. The limits are
 * generous: a broken policy reaches them, a policy on a bad day does not.
 *
 * Everything is counted per OOM domain: the cgroup that hit its limit, the task's cgroup
 * where a cpuset or memory policy ran out, or the system. A tenant decides how many OOMs
 * there are in its own cgroups, and must not stop a policy that also serves others. A
 * policy that runs wild everywhere is stopped everywhere, one domain after the other.
 *
 * Nothing is allocated during an OOM, so the table has a fixed size, and a user who
 * creates hundreds of cgroups may fill it. Then the entry that is worth least is reused,
 * see is_worth_less(). The entry of the system is never reused. A tripped entry is
 * reused only when all have tripped, and then the one that would be re-armed first: a
 * limit that must be reached again is better than a domain that is not watched at all.
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
/* A pause is forgotten if this many times its length passes without another one. */
#define FORGET_FACTOR 20

/* The mode lets in uid 0, also that of a container without the capability. */
static int set_limit(const char *val, const struct kernel_param *kp)
{
	return capable(CAP_SYS_ADMIN) ? param_set_uint(val, kp) : -EPERM;
}

static const struct kernel_param_ops limit_ops = {
	.set = set_limit,
	.get = param_get_uint,
};

/* As many in a minute as the kernel's rate limit lets it report: 10 in 5 s. */
static unsigned int breaker_kills = 120;
module_param_cb(breaker_kills, &limit_ops, &breaker_kills, 0644);
MODULE_PARM_DESC(breaker_kills, "bypass a policy that answers more OOMs of a cgroup, or of the system, than this in a minute with a kill that the kernel would not have made; 0: never (120)");

/* Twice the number of starts that systemd allows a service that fails at once. */
static unsigned int breaker_failures = 10;
module_param_cb(breaker_failures, &limit_ops, &breaker_failures, 0644);
MODULE_PARM_DESC(breaker_failures, "bypass a policy that fails so often in a row, by an error or a kill that is refused; 0: never (10)");

/* Default of kernel.watchdog_thresh, after which the kernel calls a task stuck. */
static unsigned int breaker_ms = 10000;
module_param_cb(breaker_ms, &limit_ops, &breaker_ms, 0644);
MODULE_PARM_DESC(breaker_ms, "bypass a policy that took more CPU time than this for an OOM, in ms; 0: never (10000)");

static unsigned int breaker_pause = 60;
module_param_cb(breaker_pause, &limit_ops, &breaker_pause, 0644);
MODULE_PARM_DESC(breaker_pause, "for how many seconds to bypass it; twice as long each time that it happens again, up to an hour (60)");

/* Path of a domain; used by the task that handles the OOM. */
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

/* How near the domain is to tripping. After a quiet minute its counts don't matter. */
static u32 count_recent(const struct breaker_domain *dom, u64 now)
{
	if (now - dom->used >= BREAKER_SLOTS * BREAKER_SLOT_SECONDS)
		return 0;
	return count_kills(dom) + dom->failures;
}

/*
 * Should @a be reused rather than @b? A flood of domains with one OOM each replaces
 * entries like its own, but no entry that has tripped or is about to.
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

/* Prefers unused entries: they have counted nothing, so they are worth least. */
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

/* NULL: the domain is not in the table, and the event needs no entry. */
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
	/* When it is armed again, counting starts anew. */
	dom->failures = 0;
	memset(dom->kills, 0, sizeof(dom->kills));
}

/* Rate-limited, so that tenants cannot flood the log; the system's line always comes. */
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
 * bpf_oom_breaker_init() - initialise the breaker of a new attachment
 * @b: the breaker, zeroed
 *
 * Context: any.
 */
void bpf_oom_breaker_init(struct breaker *b)
{
	spin_lock_init(&b->lock);
}

/**
 * bpf_oom_breaker_bypasses() - should a policy be bypassed?
 * @b: the breaker of its attachment
 * @ops: the policy
 * @cgrp: the cgroup that is out of memory, NULL: the system
 *
 * Re-arms the breaker if the pause is over.
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
 * bpf_oom_breaker_watch() - count what a policy did about an OOM
 * @b: the breaker of its attachment
 * @ops: the policy
 * @cgrp: the cgroup that is out of memory, NULL: the system
 * @event: what the policy did
 *
 * Context: process context, while the OOM is being handled.
 * Return: the limit that has just tripped the breaker for OOMs of @cgrp: "kills",
 * "failures" or "time"; else NULL.
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
 * bpf_oom_breaker_reset() - re-arm the breaker for all domains
 * @b: the breaker of its attachment
 *
 * All counts start anew, and past pauses are forgotten.
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
 * bpf_oom_breaker_show() - list the domains for which the breaker has tripped
 * @b: the breaker of an attachment
 * @buf: a page, for the text that ABI/sysfs-kernel-bpf_oom describes
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
