/* SPDX-License-Identifier: GPL-2.0-only */
/* breaker.c: stops asking a policy that runs wild, for a while and per domain */
#ifndef _BPF_OOM_POLICY_BREAKER_H
#define _BPF_OOM_POLICY_BREAKER_H

#include <linux/cgroup.h>
#include <linux/spinlock.h>

#include <bpf_oom/oom.h>

/* Kills count for a minute, in slots of ten seconds. */
#define BREAKER_SLOTS 6
#define BREAKER_SLOT_SECONDS 10

#define BREAKER_DOMAINS 64

/**
 * struct breaker_domain - counts of a policy for OOMs of one cgroup, or of the system
 * @id: id of the cgroup that hit its limit; 0: the system, or the entry is unused
 * @used: when an event was last counted, in seconds
 * @slot: the time up to which @kills is up to date, in slots
 * @kills: ring of per-slot counts of OOMs that the policy answered with a kill
 * @failures: failures in a row
 * @why: the limit that tripped it; NULL: it is armed
 * @until: when it is or was armed again, in seconds
 * @pause: length of the last pause, in seconds; 0: none, or long ago
 */
struct breaker_domain {
	u64 id;
	u64 used;
	u64 slot;
	u32 kills[BREAKER_SLOTS];
	u32 failures;
	const char *why;
	u64 until;
	u32 pause;
};

/**
 * struct breaker - the breaker of an attachment
 * @lock: protects @domains; taken in process context and held for a short time, also
 *	while an OOM is being handled
 * @domains: the first one is the system's
 */
struct breaker {
	spinlock_t lock; /* protects domains */
	struct breaker_domain domains[BREAKER_DOMAINS];
};

/**
 * struct breaker_event - an OOM that a policy was asked about
 * @cpu_ns: CPU time that its programs took
 * @killed: it killed, and the kernel would not have made the same kill
 * @failed: it did nothing because of an error or a refused kill
 */
struct breaker_event {
	u64 cpu_ns;
	bool killed;
	bool failed;
};

void bpf_oom_breaker_init(struct breaker *b);
bool bpf_oom_breaker_bypasses(struct breaker *b, const struct bpf_oom_ops *ops,
			      struct cgroup *cgrp);
const char *bpf_oom_breaker_watch(struct breaker *b, const struct bpf_oom_ops *ops,
				  struct cgroup *cgrp,
				  const struct breaker_event *event);
void bpf_oom_breaker_reset(struct breaker *b);
ssize_t bpf_oom_breaker_show(struct breaker *b, char *buf);

#endif /* _BPF_OOM_POLICY_BREAKER_H */
