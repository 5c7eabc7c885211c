/* SPDX-License-Identifier: GPL-2.0-only */
/* psi-guard: who causes the pressure? */
#ifndef _PSI_GUARD_CAUSE_BPF_H
#define _PSI_GUARD_CAUSE_BPF_H

#include <bpf_oom/memcg.bpf.h>

#include "options.bpf.h"
#include "state.bpf.h"

#define MAX_LEAVES 4096

/* A growth that was measured over less is not carried on. */
#define SAMPLE_MIN_NS (NSEC_PER_SEC / 4)
#define SAMPLE_MAX_NS (10 * NSEC_PER_SEC)

/**
 * struct past_size - how large a leaf was when the pressure began, or we
 * @ns: when that was
 * @bytes: how large
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

static u64 protection(struct mem_cgroup *memcg)
{
	u64 min = memcg->memory.min, low = memcg->memory.low;

	return (min > low ? min : low) * PAGE_SIZE;
}

static void sample(struct mem_cgroup *memcg, u64 now)
{
	u64 id = id_of(memcg);
	struct past_size *old = bpf_map_lookup_elem(&samples, &id);
	struct past_size new = { .ns = now };

	if (old && now - old->ns < SAMPLE_MAX_NS)
		return;
	new.bytes = memcg_held(memcg);
	bpf_map_update_elem(&samples, &id, &new, BPF_ANY);
}

static u64 size_soon(struct mem_cgroup *memcg, u64 now)
{
	u64 bytes = memcg_held(memcg), id = id_of(memcg), grown, ns;
	struct past_size *old = bpf_map_lookup_elem(&samples, &id);
	u64 size = without(bytes, protection(memcg));

	if (!size || !old || old->bytes >= bytes)
		return size;
	grown = bytes - old->bytes;
	ns = now - old->ns;
	if (ns < SAMPLE_MIN_NS)
		return size;
	/* In ms, so that it does not overflow. */
	return size + grown * lookahead_s * 1000 / (ns / NSEC_PER_MSEC);
}

static bool has_victim(struct mem_cgroup *memcg)
{
	struct bpf_iter_css_task it;
	struct task_struct *task;
	bool found = false;

	if (!bpf_iter_css_task_new(&it, &memcg->css, CSS_TASK_ITER_PROCS)) {
		while ((task = bpf_iter_css_task_next(&it))) {
			if (!task_is_unkillable(task)) {
				found = true;
				break;
			}
		}
	}
	bpf_iter_css_task_destroy(&it);
	return found;
}

/*
 * Looks at all leaves in the memory controller below @root. With @find: returns
 * a reference to the one that is to blame, or NULL. Without: samples them.
 */
static struct mem_cgroup *look_at_leaves(struct mem_cgroup *root, u64 now, bool find)
{
	struct mem_cgroup *memcg, *smaller, *worst = NULL;
	struct cgroup_subsys_state *css;
	u64 size, worst_size = 0;
	int has_children = 0;
	bool leaf;

	bpf_rcu_read_lock();
	bpf_for_each(css, css, &root->css, BPF_CGROUP_ITER_DESCENDANTS_POST) {
		/* Removed cgroups linger here, but without tasks. */
		if (!(css->flags & CSS_ONLINE))
			continue;
		leaf = css_is_leaf(css, &has_children);
		if (!leaf)
			continue;
		memcg = bpf_get_mem_cgroup(css);
		if (!memcg)
			continue;
		if (find) {
			size = size_soon(memcg, now);
			if (size > worst_size && has_victim(memcg)) {
				smaller = worst;
				worst = memcg;
				memcg = smaller;
				worst_size = size;
			}
		} else {
			sample(memcg, now);
		}
		if (memcg)
			bpf_put_mem_cgroup(memcg);
	}
	bpf_rcu_read_unlock();
	return worst;
}

/* A reference, or NULL. */
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

static struct mem_cgroup *look_below_root(u64 now, bool find)
{
	struct mem_cgroup *root, *worst;

	root = memcg_of(cgroup_id ?: ROOT_ID);
	if (!root)
		return NULL;
	bpf_mem_cgroup_flush_stats(root);
	worst = look_at_leaves(root, now, find);
	bpf_put_mem_cgroup(root);
	return worst;
}

static bool at_limit(struct mem_cgroup *memcg)
{
	u64 max = memcg->memory.max, high = memcg->memory.high;
	u64 limit = high < max ? high : max;

	/* What one reclaim frees and what is charged in advance make it sway. */
	return (u64)memcg->memory.usage.counter >= limit - limit / 16;
}

/* The lowest cgroup at its limit, from here up to the root: a reference, or NULL. */
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
