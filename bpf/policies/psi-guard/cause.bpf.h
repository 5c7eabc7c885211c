/* SPDX-License-Identifier: GPL-2.0-only */
/* psi-guard: which leaf causes the pressure? */
#ifndef _PSI_GUARD_CAUSE_BPF_H
#define _PSI_GUARD_CAUSE_BPF_H

#include <bpf_oom/crowd.bpf.h>

#include "options.bpf.h"
#include "shortage.bpf.h"
#include "state.bpf.h"

#define MAX_LEAVES 4096

/*
 * The minimum time over which growth must be measured, and the age after which a sample
 * is replaced
 */
#define SAMPLE_MIN_NS (NSEC_PER_SEC / 4)
#define SAMPLE_MAX_NS (10 * NSEC_PER_SEC)

/**
 * struct past_size - size of a leaf when the pressure or the policy began
 * @ns: time of the sample
 * @bytes: memory that a kill of all its processes would have freed
 */
struct past_size {
	u64 ns;
	u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_LEAVES);
	__type(key, u64);
	__type(value, struct past_size);
} samples SEC(".maps");

/*
 * Global functions: the verifier checks them once, and not for each path to a call, which
 * takes the verifier of 6.12 minutes. Those that walk processes are static: as a global
 * function, 7.3 does not let them be called under RCU.
 */

__noinline int count(struct task_struct *task __arg_trusted, struct crowd *c __arg_nonnull)
{
	return crowd_add(c, task, true) > 0;
}

/* Counts no process if it cannot allocate memory for the walk. */
static void count_all(struct mem_cgroup *memcg, struct crowd *c)
{
	struct bpf_iter_css_task it;
	struct task_struct *task;

	if (!bpf_iter_css_task_new(&it, &memcg->css, CSS_TASK_ITER_PROCS)) {
		while ((task = bpf_iter_css_task_next(&it))) {
			if (!(task->flags & PF_KTHREAD))
				count(task, c);
		}
	}
	bpf_iter_css_task_destroy(&it);
}

/**
 * struct size - size of a leaf, in bytes
 * @freed: memory that a kill of all would free; 0: none can be killed, or it is unknown
 *	because there was no memory to find out
 * @shift: effect of oom_score_adj
 */
struct size {
	u64 freed;
	s64 shift;
};

/*
 * Processes of the root cgroup have nothing in common: each is measured by itself there.
 */
__noinline int measure(struct mem_cgroup *memcg __arg_trusted,
		       const struct crowd *c __arg_nonnull, struct size *size __arg_nonnull)
{
	u64 stays;

	size->freed = 0;
	size->shift = 0;
	if (!c->largest)
		return 0;
	if (id_of(memcg) == ROOT_ID) {
		size->freed = c->largest * PAGE_SIZE;
		return 0;
	}
	stays = memcg_outlives(memcg, c->anon * PAGE_SIZE, c->shmem * PAGE_SIZE,
			       c->swap * PAGE_SIZE);
	size->freed = without(memcg_held(memcg), stays + c->spared * PAGE_SIZE);
	size->shift = crowd_shift(c, machine_pages());
	return 0;
}

/*
 * The protection of the policy's root limits that of all cgroups below it. A cgroup that
 * stalls is being reclaimed from, so the kernel has computed these values.
 */
__noinline u64 protection(struct mem_cgroup *memcg __arg_trusted)
{
	return memcg_protected(memcg, root_level ? root_level - 1 : 0);
}

static bool has_sample(struct mem_cgroup *memcg, u64 now)
{
	u64 id = id_of(memcg);
	struct past_size *old = bpf_map_lookup_elem(&samples, &id);

	return old && now - old->ns < SAMPLE_MAX_NS;
}

__noinline int sample(struct mem_cgroup *memcg __arg_trusted,
		      const struct crowd *c __arg_nonnull, u64 now)
{
	struct past_size new = { .ns = now };
	u64 id = id_of(memcg);
	struct size size;

	measure(memcg, c, &size);
	new.bytes = size.freed;
	return bpf_map_update_elem(&samples, &id, &new, BPF_ANY);
}

static bool is_barren(u64 id, u64 now)
{
	u64 *until = bpf_map_lookup_elem(&barren, &id);

	return until && now < *until;
}

static u64 growth_until_soon(u64 id, u64 bytes, u64 now)
{
	struct past_size *old = bpf_map_lookup_elem(&samples, &id);
	u64 ns;

	if (!old || old->bytes >= bytes)
		return 0;
	ns = now - old->ns;
	if (ns < SAMPLE_MIN_NS)
		return 0;
	/* in ms, so that the product does not overflow */
	return (bytes - old->bytes) * lookahead_s * 1000 / (ns / NSEC_PER_MSEC);
}

/* No process of the leaf is to blame. */
#define BLAMELESS (-__LONG_LONG_MAX__ - 1LL)

/* How much a leaf is to blame, in bytes; may be negative because of oom_score_adj */
__noinline s64 size_soon(struct mem_cgroup *memcg __arg_trusted,
			 const struct crowd *c __arg_nonnull, u64 now)
{
	struct size size;
	u64 bytes;

	if (is_barren(id_of(memcg), now))
		return BLAMELESS;
	measure(memcg, c, &size);
	bytes = without(size.freed, protection(memcg));
	if (!bytes)
		return BLAMELESS;
	bytes += growth_until_soon(id_of(memcg), size.freed, now);
	return (s64)bytes + size.shift;
}

/*
 * Walks all leaves of the memory controller below @root, and the root cgroup if it is
 * @root. With @find: returns the id of the leaf that is to blame; 0: there is none.
 * Without: takes samples of their size.
 */
static u64 look_at_leaves(struct mem_cgroup *root, u64 now, bool find)
{
	struct cgroup_subsys_state *css;
	s64 size, worst_size = BLAMELESS;
	u64 worst = 0;
	struct mem_cgroup *memcg;
	int has_children = 0;
	struct crowd crowd;
	bool leaf;

	bpf_rcu_read_lock();
	bpf_for_each(css, css, &root->css, BPF_CGROUP_ITER_DESCENDANTS_POST) {
		/* The walk still visits removed cgroups, which have no tasks. */
		if (!(css->flags & CSS_ONLINE))
			continue;
		leaf = css_is_leaf(css, &has_children);
		if (!leaf && BPF_CORE_READ(css, parent))
			continue;
		memcg = bpf_get_mem_cgroup(css);
		if (!memcg)
			continue;
		if (find || !has_sample(memcg, now)) {
			__builtin_memset(&crowd, 0, sizeof(crowd));
			count_all(memcg, &crowd);
			if (find) {
				size = size_soon(memcg, &crowd, now);
				if (size > worst_size) {
					worst_size = size;
					worst = id_of(memcg);
				}
			} else {
				sample(memcg, &crowd, now);
			}
		}
		bpf_put_mem_cgroup(memcg);
	}
	bpf_rcu_read_unlock();
	return worst;
}

/* Returns a reference, or NULL. */
static struct mem_cgroup *memcg_of(u64 id)
{
	struct mem_cgroup *memcg;
	struct cgroup *cgrp;

	cgrp = bpf_cgroup_from_id(id);
	if (!cgrp)
		return NULL;
	memcg = bpf_get_mem_cgroup(&cgrp->self);
	bpf_cgroup_release(cgrp);
	return memcg;
}

static __always_inline u64 look_below_root(u64 now, bool find)
{
	struct mem_cgroup *root;
	u64 worst;

	root = memcg_of(cgroup_id ?: ROOT_ID);
	if (!root)
		return 0;
	bpf_mem_cgroup_flush_stats(root);
	worst = look_at_leaves(root, now, find);
	bpf_put_mem_cgroup(root);
	return worst;
}

__noinline int sample_leaves(u64 now)
{
	return look_below_root(now, false) > 0;
}

__noinline u64 find_cause_id(u64 now)
{
	return look_below_root(now, true);
}

/* Returns a reference, or NULL: no leaf is to blame, or it has been removed. */
static struct mem_cgroup *find_cause(void)
{
	u64 id = find_cause_id(bpf_ktime_get_ns());

	/*
	 * No OOM can be declared for processes of the root cgroup alone, and others must
	 * not be killed for them.
	 */
	return id && id != ROOT_ID ? memcg_of(id) : NULL;
}

static bool at_limit(struct mem_cgroup *memcg)
{
	u64 max = memcg->memory.max, high = memcg->memory.high;
	u64 limit = high < max ? high : max;

	/*
	 * The usage varies by what one reclaim frees and by what is charged in advance.
	 */
	return (u64)memcg->memory.usage.counter >= limit - limit / 16;
}

/*
 * Finds the lowest cgroup at its limit, from here up to the root. Returns a reference or
 * NULL.
 */
static struct mem_cgroup *find_limit(struct cgroup *cgrp)
{
	struct mem_cgroup *memcg;
	struct cgroup *ancestor;
	int i, level;

	bpf_for(i, 0, MAX_LEVELS) {
		level = cgrp->level - i;
		if (level < root_level || level < 1)
			break;
		ancestor = bpf_cgroup_ancestor(cgrp, level);
		if (!ancestor)
			break;
		memcg = bpf_get_mem_cgroup(&ancestor->self);
		bpf_cgroup_release(ancestor);
		if (!memcg)
			continue;
		if (at_limit(memcg))
			return memcg;
		bpf_put_mem_cgroup(memcg);
	}
	return NULL;
}

#endif /* _PSI_GUARD_CAUSE_BPF_H */
