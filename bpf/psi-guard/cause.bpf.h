/* SPDX-License-Identifier: GPL-2.0-only */
/* psi-guard: who causes the pressure? */
#ifndef _PSI_GUARD_CAUSE_BPF_H
#define _PSI_GUARD_CAUSE_BPF_H

#include <bpf_oom/crowd.bpf.h>

#include "options.bpf.h"
#include "state.bpf.h"

#define MAX_LEAVES 4096

/* A growth that was measured over less is not carried on. */
#define SAMPLE_MIN_NS (NSEC_PER_SEC / 4)
#define SAMPLE_MAX_NS (10 * NSEC_PER_SEC)

/**
 * struct past_size - how large a leaf was when the pressure began, or we
 * @ns: when that was
 * @bytes: how much a kill of all would have freed
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
 * What is not static is verified by itself, and not once more for each way through the
 * loops that call it.
 */

__noinline int count(struct task_struct *task __arg_trusted, struct crowd *c __arg_nonnull)
{
	return crowd_add(c, task, true) > 0;
}

/*
 * What the cgroup of the policy has is the most that those below it can have. Who stalls
 * is being reclaimed from, so that is known.
 */
__noinline u64 protection(struct mem_cgroup *memcg __arg_trusted)
{
	return memcg_protected(memcg, root_level ? root_level - 1 : 0);
}

/* False: without memory it is not known. */
static bool count_all(struct mem_cgroup *memcg, struct crowd *c)
{
	struct bpf_iter_css_task it;
	struct task_struct *task;
	bool known = false;

	if (!bpf_iter_css_task_new(&it, &memcg->css, CSS_TASK_ITER_PROCS)) {
		known = true;
		while ((task = bpf_iter_css_task_next(&it))) {
			if (!(task->flags & PF_KTHREAD))
				count(task, c);
		}
	}
	bpf_iter_css_task_destroy(&it);
	return known;
}

__noinline u64 freed_by_kills(struct mem_cgroup *memcg __arg_trusted,
			      const struct crowd *c __arg_nonnull)
{
	u64 stays = memcg_outlives(memcg, c->shmem * PAGE_SIZE, c->swap * PAGE_SIZE);

	return without(memcg_held(memcg), stays + c->spared * PAGE_SIZE);
}

/*
 * What a kill of all would free; false: without memory it is not known. Processes of the
 * root of all have nothing in common, so each stands for itself there.
 */
static bool size_now(struct mem_cgroup *memcg, struct crowd *c, u64 *bytes)
{
	if (!count_all(memcg, c))
		return false;
	if (id_of(memcg) == ROOT_ID)
		*bytes = c->largest * PAGE_SIZE;
	else
		*bytes = freed_by_kills(memcg, c);
	return true;
}

static void sample(struct mem_cgroup *memcg, u64 now)
{
	u64 id = id_of(memcg);
	struct past_size *old = bpf_map_lookup_elem(&samples, &id);
	struct past_size new = { .ns = now };
	struct crowd c = {};

	if (old && now - old->ns < SAMPLE_MAX_NS)
		return;
	if (!size_now(memcg, &c, &new.bytes))
		return;
	bpf_map_update_elem(&samples, &id, &new, BPF_ANY);
}

static u64 size_soon(struct mem_cgroup *memcg, u64 now)
{
	u64 id = id_of(memcg), bytes = 0, size, grown, ns;
	struct past_size *old;
	struct crowd c = {};

	/* In doubt, and where nobody can be killed. */
	if (!size_now(memcg, &c, &bytes) || !c.largest)
		return 0;
	size = without(bytes, protection(memcg));
	old = bpf_map_lookup_elem(&samples, &id);
	if (!size || !old || old->bytes >= bytes)
		return size;
	grown = bytes - old->bytes;
	ns = now - old->ns;
	if (ns < SAMPLE_MIN_NS)
		return size;
	/* In ms, so that it does not overflow. */
	return size + grown * lookahead_s * 1000 / (ns / NSEC_PER_MSEC);
}

/*
 * Looks at all leaves in the memory controller below @root, and at the root of all if
 * that is it. With @find: returns a reference to the one that is to blame, or NULL.
 * Without: samples them.
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
		if (!leaf && BPF_CORE_READ(css, parent))
			continue;
		memcg = bpf_get_mem_cgroup(css);
		if (!memcg)
			continue;
		if (find) {
			size = size_soon(memcg, now);
			if (size > worst_size) {
				/*
				 * Or clang compares for each assignment, and
				 * for the verifier these can differ.
				 */
				barrier();
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
	/* No OOM can be declared for it alone, and others are not to pay. */
	if (worst && id_of(worst) == ROOT_ID) {
		bpf_put_mem_cgroup(worst);
		return NULL;
	}
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
