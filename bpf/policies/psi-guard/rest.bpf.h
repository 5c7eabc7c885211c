/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * psi-guard: cgroups without a trigger
 *
 * Each trigger costs a kernel thread, so their number is limited. A stall below the
 * policy's root is a stall of the root, too: its trigger tells when to look at the
 * averages of the other cgroups, which the kernel updates every two seconds.
 */
#ifndef _PSI_GUARD_REST_BPF_H
#define _PSI_GUARD_REST_BPF_H

#include "options.bpf.h"
#include "state.bpf.h"

/* If averages are older, the cgroup was idle in between. */
#define AVERAGE_MAX_NS (6 * NSEC_PER_SEC)

/* Cgroups with a trigger, by id. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BPF_PSI_MAX_TRIGGERS);
	__type(key, u64);
	__type(value, u8);
} triggered SEC(".maps");

/* Cgroups whose pressure does not count; an evicted one is looked at again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, u64);
	__type(value, u8);
} ignored SEC(".maps");

/* Cgroups without a trigger that have stalled lately, by id */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, u64);
	__type(value, struct streak);
} averages SEC(".maps");

/* Static, not local: of a local counter the verifier would try each value. */
static u32 nr_ids;
static u64 ids[BPF_PSI_MAX_TRIGGERS];

static u32 rest_state(void)
{
	return bpf_core_enum_value(enum psi_states, PSI_MEM_SOME) + !some_us;
}

/* Has it stalled in the last minute or so? */
static bool stalled_lately(struct cgroup *cgrp)
{
	unsigned long *avg = psi_avg(cgrp->psi);
	unsigned long avg10 = 0;

	bpf_probe_read_kernel(&avg10, sizeof(avg10), avg + rest_state() * 3);
	return avg10;
}

/*
 * Has it stalled for longer than @us of a window, on average, since the last update of
 * its averages? NULL: there was no update since the last look.
 */
static struct streak *count_average(struct cgroup *cgrp, u64 us)
{
	struct psi_group *group = cgrp->psi;
	u64 *totals = (void *)&group->avg_total;
	u64 id = cgrp->kn->id, total = 0, since, stalled;
	struct streak *s, first = {};
	u32 windows;

	first.last_ns = group->avg_last_update;
	bpf_probe_read_kernel(&total, sizeof(total), totals + rest_state());
	first.stalled_ns = total;
	s = bpf_map_lookup_elem(&averages, &id);
	if (!s) {
		bpf_map_update_elem(&averages, &id, &first, BPF_ANY);
		return NULL;
	}
	since = first.last_ns - s->last_ns;
	if (!since)
		return NULL;
	stalled = (total - s->stalled_ns) * window_us;
	windows = since / (NSEC_PER_USEC * window_us) ?: 1;
	s->last_ns = first.last_ns;
	s->stalled_ns = total;
	if (since > AVERAGE_MAX_NS || stalled < since * us) {
		s->windows = 0;
		s->limit_windows = 0;
		return NULL;
	}
	s->windows += windows;
	if (stalled < since * limit_us)
		s->limit_windows = 0;
	else
		s->limit_windows += windows;
	return s;
}

/*
 * Lists the cgroups below the root that have no trigger, or only stalling leaves of
 * these.
 */
static void list_the_rest(struct cgroup *root, bool stalled)
{
	struct cgroup_subsys_state *css;
	struct cgroup *cgrp;
	u64 id, rest = 0;
	u32 nr;

	nr_ids = 0;
	/* Only collects ids: under RCU no trigger can be created and no OOM declared. */
	bpf_rcu_read_lock();
	bpf_for_each(css, css, &root->self, BPF_CGROUP_ITER_DESCENDANTS_PRE) {
		cgrp = css->cgroup;
		if (!(css->flags & CSS_ONLINE) || cgrp->level == root_level ||
		    cgrp->level - root_level > (int)depth)
			continue;
		id = cgrp->kn->id;
		if (bpf_map_lookup_elem(&triggered, &id) ||
		    bpf_map_lookup_elem(&ignored, &id))
			continue;
		rest++;
		if (stalled && (!counts(cgrp) || !stalled_lately(cgrp)))
			continue;
		nr = nr_ids;
		if (nr >= BPF_PSI_MAX_TRIGGERS)
			continue;
		ids[nr] = id;
		nr_ids++;
	}
	bpf_rcu_read_unlock();
	stats.without_trigger = rest;
}

#endif /* _PSI_GUARD_REST_BPF_H */
