/* SPDX-License-Identifier: GPL-2.0-only */
/* psi-guard: state and helpers that its parts share */
#ifndef _PSI_GUARD_STATE_BPF_H
#define _PSI_GUARD_STATE_BPF_H

#include <bpf_oom/common.bpf.h>

#include "options.bpf.h"

#define NSEC_PER_USEC 1000ULL
#define NSEC_PER_MSEC 1000000ULL
#define NSEC_PER_SEC 1000000000ULL
#define ROOT_ID 1

extern struct cgroup *bpf_cgroup_ancestor(struct cgroup *cgrp, int level) __ksym __weak;

/* The kernel does not run callbacks of a policy in parallel, so no state needs a lock. */

/* Level of the policy's root cgroup */
static int root_level;

/* Statistics: bpftool map dump name .data.psi_guard */
struct psi_guard_stats {
	__u64 watched;		/* cgroups with a trigger, now */
	__u64 without_trigger;	/* cgroups looked at every 2 s, when last counted */
	__u64 events;		/* of triggers of leaves */
	__u64 plenty;		/* it lasted, but the machine had memory */
	__u64 swapping;		/* it lasted, but there was swap left */
	__u64 percent;		/* part of memory that can be had, at the last look */
	__u64 active_percent;	/* part of memory that is page cache in use */
	__u64 nobody;		/* no leaf was to blame */
	__u64 cooling;		/* an OOM was just declared, or a victim is exiting */
	__u64 too_many;		/* too many kills in the last minute */
	__u64 observed;		/* OOMs not declared because of observe_only */
	__u64 declared;		/* OOMs */
	__u64 at_limit;		/* part of declared and observed: at a limit */
	__u64 killed;		/* declared OOMs that freed memory */
	__u64 last_cgroup_id;	/* cgroup of the last one, declared or observed */
	__s64 last_ret;		/* last return value of bpf_out_of_memory() */
} stats SEC(".data.psi_guard");

/*
 * Cgroups in which the kernel found no process to kill, by id: until when (ns) that
 * counts
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 256);
	__type(key, u64);
	__type(value, u64);
} barren SEC(".maps");

/**
 * struct streak - pressure of a cgroup in consecutive windows
 * @last_ns: end of the last window
 * @stalled_ns: total stall time of the cgroup until then
 * @events: number of events of the trigger until then
 * @windows: number of windows with a stall above the threshold
 * @limit_windows: how many of the last ones also had a stall above limit_us
 */
struct streak {
	u64 last_ns;
	u64 stalled_ns;
	u64 events;
	u32 windows;
	u32 limit_windows;
};

/* In BTF an array of arrays has one dimension; two with pahole 1.32 and later. */
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

/* Only the pressure of leaves counts; cgroups of the last level are taken for leaves. */
static bool counts(struct cgroup *cgrp)
{
	return !cgrp->nr_descendants || cgrp->level - root_level >= (int)depth;
}

static u64 id_of(struct mem_cgroup *memcg)
{
	return memcg->css.cgroup->kn->id;
}

#endif /* _PSI_GUARD_STATE_BPF_H */
