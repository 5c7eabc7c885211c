/* SPDX-License-Identifier: GPL-2.0-only */
/* attachment.c: a policy that is attached to a cgroup */
#ifndef _BPF_OOM_POLICY_ATTACHMENT_H
#define _BPF_OOM_POLICY_ATTACHMENT_H

#include <linux/bpf.h>
#include <linux/cgroup.h>
#include <linux/kobject.h>
#include <linux/srcu.h>

#include <bpf_oom/oom.h>

#include "policy/breaker.h"

/**
 * struct attachment_count - counters of an attachment, shown by sysfs.c
 * @asked: OOMs that it was asked about; each also counts in @handled, @declined or
 *	@errors
 * @handled: OOMs after which memory came, through the policy or by itself
 * @kills: processes that died of it
 * @waits: OOMs that it handled by waiting for a victim
 * @declined: OOMs that it left to the next policy
 * @errors: OOMs that it left with an error, or because a kill was refused
 * @bypassed: OOMs that it was not asked about since its breaker had tripped
 * @time_total_ns: time that its programs took
 * @time_max_ns: the longest time for one OOM
 *
 * Written by the task that handles an OOM, one at a time; read at any time.
 */
struct attachment_count {
	u64 asked;
	u64 handled;
	u64 kills;
	u64 waits;
	u64 declined;
	u64 errors;
	u64 bypassed;
	u64 time_total_ns;
	u64 time_max_ns;
};

static inline void bpf_oom_count(u64 *counter, u64 nr)
{
	WRITE_ONCE(*counter, *counter + nr);
}

/**
 * struct attachment - a policy that is attached to a cgroup
 * @node: in the hash table, by cgroup id, in the order of attachment
 * @ops: the policy; an update replaces it. It belongs to the struct_ops map, which frees
 *	it only after our detach or update has waited for its programs. Read under
 *	bpf_oom_attach_srcu
 * @link: NULL when attached by the map alone. No reference: the link cannot be
 *	freed before it has detached, which takes attach_mutex
 * @cgrp: the cgroup, with a reference
 * @kobj: its directory in sysfs; the last reference frees the attachment
 * @id: its number in sysfs, never reused
 * @count: its counters
 * @breaker: stops asking the policy if it runs wild
 * @ending: the cgroup has been removed, and the sweep has called the offline handler
 *	or is about to. Protected by attach_mutex
 */
struct attachment {
	struct hlist_node node;
	struct bpf_oom_ops __rcu *ops;
	struct bpf_link *link;
	struct cgroup *cgrp;
	struct kobject kobj;
	u64 id;
	struct attachment_count count;
	struct breaker breaker;
	bool ending;
};

/*
 * Covers a program from the moment when its attachment is found until it has
 * returned. Detach and update wait for it, because freeing a struct_ops map does
 * not wait for sleepable programs.
 */
extern struct srcu_struct bpf_oom_attach_srcu;

void bpf_oom_wait_for_programs(void);
int bpf_oom_attached_ops(struct attachment *att, const struct bpf_oom_ops **ops);
void bpf_oom_attached_ops_put(int idx);

#endif /* _BPF_OOM_POLICY_ATTACHMENT_H */
