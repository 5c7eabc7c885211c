/* SPDX-License-Identifier: GPL-2.0-only */
/* breaker.c: a policy that runs wild is not asked for a while, where it did so */
#ifndef _BPF_OOM_POLICY_BREAKER_H
#define _BPF_OOM_POLICY_BREAKER_H

#include <linux/cgroup.h>
#include <linux/spinlock.h>

#include <bpf_oom/oom.h>

/* Kills are remembered for a minute, in slots of ten seconds. */
#define BREAKER_SLOTS 6
#define BREAKER_SLOT_SECONDS 10

#define BREAKER_DOMAINS 64

/**
 * struct breaker_domain - what a policy did about OOMs of one cgroup, or of the system
 * @id: of the cgroup that hit its limit; 0: the system, or the entry is unused
 * @used: when something was last counted here, in seconds
 * @slot: the time up to which @kills is up to date, in slots
 * @kills: ring of the OOMs that the policy answered with a kill, per slot
 * @failures: in a row
 * @why: which limit tripped it; NULL: it is armed
 * @until: when it is armed again, in seconds; kept when it is
 * @pause: for how long it tripped the last time, in seconds; 0: never, or long ago
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
 * struct breaker - that of one attachment
 * @lock: protects @domains; taken in process context and held for a moment, also
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
 * @killed: it killed, and not as the kernel would have done
 * @failed: it did nothing, and not because it did not want to
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
