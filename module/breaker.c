// SPDX-License-Identifier: GPL-2.0-only
/*
 * The breaker: a policy that runs wild is not asked any more
 *
 * It is there for what a policy cannot know of itself, so it is in no policy. The
 * limits are generous: they are to be reached by what is broken, not by a bad day.
 */
#define pr_fmt(fmt) "bpf_oom: " fmt

#include <linux/limits.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/timekeeping.h>

#include "internal.h"

/* As many in a minute as the kernel reports: 10 in 5 s, see oom_kill_process(). */
static unsigned int breaker_kills = 120;
module_param(breaker_kills, uint, 0644);
MODULE_PARM_DESC(breaker_kills, "bypass a policy that answers more OOMs than this in a minute with a kill; 0: never (120)");

/* Twice as often as systemd lets a service start that fails at once. */
static unsigned int breaker_failures = 10;
module_param(breaker_failures, uint, 0644);
MODULE_PARM_DESC(breaker_failures, "bypass a policy that fails so often in a row, by an error or a kill that is refused; 0: never (10)");

/* kernel.watchdog_thresh: who keeps others waiting for longer is stuck. */
static unsigned int breaker_ms = 10000;
module_param(breaker_ms, uint, 0644);
MODULE_PARM_DESC(breaker_ms, "bypass a policy that took longer than this for an OOM, in ms; 0: never (10000)");

static u64 limit(u32 own, const unsigned int *param)
{
	u32 limit = own ?: READ_ONCE(*param);

	return limit && limit != BPF_OOM_BREAKER_OFF ? limit : U64_MAX;
}

/* Those of the last BREAKER_SECONDS, by the second. */
static u32 count_kill(struct breaker *b)
{
	u64 now = ktime_get_seconds();
	unsigned int i;
	u32 sum = 0;

	if (now - b->second >= BREAKER_SECONDS)
		memset(b->kills, 0, sizeof(b->kills));
	else
		while (b->second != now)
			b->kills[++b->second % BREAKER_SECONDS] = 0;
	b->second = now;
	b->kills[now % BREAKER_SECONDS]++;
	for (i = 0; i < BREAKER_SECONDS; i++)
		sum += b->kills[i];
	return sum;
}

static const char *judge(struct breaker *b, const struct bpf_oom_ops *ops,
			 const struct breaker_event *e)
{
	b->failures = e->failed ? b->failures + 1 : 0;
	if (e->killed && count_kill(b) > limit(ops->breaker_kills, &breaker_kills))
		return "kills";
	if (b->failures >= limit(ops->breaker_failures, &breaker_failures))
		return "failures";
	if (div_u64(e->ns, NSEC_PER_MSEC) > limit(ops->breaker_ms, &breaker_ms))
		return "time";
	return NULL;
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
 * bpf_oom_breaker_tripped() - is the attachment bypassed?
 * @b: its breaker
 *
 * Context: any.
 * Return: NULL if it is not; else which limit it was: "kills", "failures", "time".
 */
const char *bpf_oom_breaker_tripped(const struct breaker *b)
{
	return READ_ONCE(b->tripped);
}

/**
 * bpf_oom_breaker_reset() - ask the policy again
 * @b: the breaker of its attachment
 *
 * All counts begin anew.
 *
 * Context: process context.
 */
void bpf_oom_breaker_reset(struct breaker *b)
{
	spin_lock(&b->lock);
	b->failures = 0;
	memset(b->kills, 0, sizeof(b->kills));
	WRITE_ONCE(b->tripped, NULL);
	spin_unlock(&b->lock);
}

/**
 * bpf_oom_breaker_watch() - a policy has been asked
 * @b: the breaker of its attachment
 * @ops: the policy
 * @event: what it did
 *
 * Context: process context, while the OOM is being handled.
 * Return: NULL; or which limit it is that has just tripped the breaker.
 */
const char *bpf_oom_breaker_watch(struct breaker *b, const struct bpf_oom_ops *ops,
				  const struct breaker_event *event)
{
	const char *why;

	spin_lock(&b->lock);
	why = judge(b, ops, event);
	if (why)
		WRITE_ONCE(b->tripped, why);
	spin_unlock(&b->lock);
	if (why)
		pr_err("policy %s: BREAKER TRIPPED (%s): it is bypassed, until 'bpfoom reset' re-arms it\n",
		       ops->name, why);
	return why;
}
