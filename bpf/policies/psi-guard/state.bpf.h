/* SPDX-License-Identifier: GPL-2.0-only */
/* psi-guard: what the parts of it share */
#ifndef _PSI_GUARD_STATE_BPF_H
#define _PSI_GUARD_STATE_BPF_H

#include <bpf_oom/common.bpf.h>

#include "options.bpf.h"

#define NSEC_PER_USEC 1000ULL
#define NSEC_PER_MSEC 1000000ULL
#define NSEC_PER_SEC 1000000000ULL
#define ROOT_ID 1

extern struct cgroup *bpf_cgroup_ancestor(struct cgroup *cgrp, int level) __ksym __weak;

/* Callbacks of a policy do not overlap, so nothing here or elsewhere needs a lock. */

/* The level of the cgroup that the policy is on. */
static int root_level;

/* What it has seen: bpftool map dump name .data.psi_guard */
struct psi_guard_stats {
	__u64 watched;		/* cgroups with a trigger, now */
	__u64 without_trigger;	/* cgroups looked at every 2 s, when last counted */
	__u64 events;		/* of leaves */
	__u64 plenty;		/* it lasted, but the machine has memory */
	__u64 swapping;		/* it lasted, but there is swap left */
	__u64 percent;		/* of memory to be had, at the last look */
	__u64 active_percent;	/* of memory that is page cache in use */
	__u64 nobody;		/* nobody to blame */
	__u64 cooling;		/* an OOM was declared a moment ago, or a victim is going */
	__u64 too_many;		/* kills in the last minute */
	__u64 observed;		/* OOMs not declared because of observe_only */
	__u64 declared;		/* OOMs */
	__u64 at_limit;		/* of these and of the observed, at a limit */
	__u64 killed;		/* OOMs that made memory come free */
	__u64 last_cgroup_id;	/* where the last one was, declared or observed */
	__s64 last_ret;		/* of bpf_out_of_memory() */
} stats SEC(".data.psi_guard");

/* Cgroups in which the kernel found nobody to kill, by id: until when (ns) that counts. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 256);
	__type(key, u64);
	__type(value, u64);
} barren SEC(".maps");

/**
 * struct streak - pressure of a cgroup in windows one after the other
 * @last_ns: when the last of them ended
 * @stalled_ns: all that the cgroup has stalled until then
 * @events: how often the trigger has fired until then
 * @windows: how many, with a stall above the threshold
 * @limit_windows: the last so many of them with one above limit_us
 */
struct streak {
	u64 last_ns;
	u64 stalled_ns;
	u64 events;
	u32 windows;
	u32 limit_windows;
};

/* In BTF an array of arrays has one dimension, or two by pahole 1.32 and later. */
struct psi_group___flat {
	u64 total[1];
	unsigned long avg[1];
} __attribute__((preserve_access_index));

struct psi_group___nested {
	u64 total[1][1];
	unsigned long avg[1][1];
} __attribute__((preserve_access_index));

/* [clock][state] */
static u64 *psi_total(struct psi_group *group)
{
	struct psi_group___nested *nested = (void *)group;
	struct psi_group___flat *flat = (void *)group;

	return bpf_core_field_exists(nested->total) ? (void *)&nested->total :
						      (void *)&flat->total;
}

/* [state][over 10 s, 60 s, 300 s] */
static unsigned long *psi_avg(struct psi_group *group)
{
	struct psi_group___nested *nested = (void *)group;
	struct psi_group___flat *flat = (void *)group;

	return bpf_core_field_exists(nested->avg) ? (void *)&nested->avg :
						    (void *)&flat->avg;
}

/* Only the pressure of leaves does; those of the last level are taken for such. */
static bool counts(struct cgroup *cgrp)
{
	return !cgrp->nr_descendants || cgrp->level - root_level >= (int)depth;
}

static u64 id_of(struct mem_cgroup *memcg)
{
	return memcg->css.cgroup->kn->id;
}

#endif /* _PSI_GUARD_STATE_BPF_H */
