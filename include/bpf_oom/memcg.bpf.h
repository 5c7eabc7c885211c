/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory of a cgroup, for policies that compare cgroups */
#ifndef _BPF_OOM_MEMCG_BPF_H
#define _BPF_OOM_MEMCG_BPF_H

#include <bpf_oom/common.bpf.h>

#define PAGE_SIZE 4096ULL

/*
 * mm_pages() - a counter of the memory of a process
 * @mm: its mm; NULL: 0
 * @item: MM_ANONPAGES, MM_FILEPAGES, MM_SHMEMPAGES or MM_SWAPENTS
 *
 * In pages. Counts pending on single CPUs are missing, which is exact enough for a
 * comparison.
 */
#define mm_pages(mm, item) \
	not_negative(BPF_CORE_READ(mm, rss_stat[item].count))

static __always_inline u64 not_negative(s64 n)
{
	return n > 0 ? n : 0;
}

/* Not below 0, since the two values were not read at the same time. */
static __always_inline u64 without(u64 bytes, u64 less)
{
	return bytes > less ? bytes - less : 0;
}

static __always_inline u64 at_most(u64 n, u64 max)
{
	return n < max ? n : max;
}

/*
 * memcg_stat() - a line of memory.stat
 * @memcg: the memcg
 * @type: enum node_stat_item or memcg_stat_item
 * @item: name of a constant of that enum: its value differs between kernels
 *
 * In bytes; 0 on a kernel that does not count the item. As old as the last flush, and a
 * flush may leave it older: the kernel skips the flush if less than 64 pages per CPU are
 * pending, or if another task is flushing.
 */
#define memcg_stat(memcg, type, item) \
	memcg_stat_bytes(memcg, bpf_core_enum_value(enum type, item))

static __always_inline u64 memcg_stat_bytes(struct mem_cgroup *memcg, int item)
{
	unsigned long bytes = bpf_mem_cgroup_page_state(memcg, item);

	return bytes == -1UL ? 0 : bytes;
}

/**
 * memcg_held() - memory of a memcg that reclaim cannot free, other than by swap
 * @memcg: the memcg
 *
 * Charged memory plus swap, minus page cache and the reclaimable part of slab. It is not
 * computed as the sum of the parts that count: charges are always up to date, statistics
 * are not, and the allocations that caused the OOM are the newest. A kill frees this
 * memory, except for what memcg_outlives() counts.
 *
 * Return: bytes.
 */
static u64 memcg_held(struct mem_cgroup *memcg)
{
	u64 cache = memcg_stat(memcg, node_stat_item, NR_ACTIVE_FILE) +
		    memcg_stat(memcg, node_stat_item, NR_INACTIVE_FILE) +
		    memcg_stat(memcg, node_stat_item, NR_SLAB_RECLAIMABLE_B);

	return without(bpf_mem_cgroup_usage(memcg), cache) +
	       memcg_stat(memcg, memcg_stat_item, MEMCG_SWAP);
}

/**
 * memcg_outlives() - the part of memcg_held() that stays when all processes have exited
 * @memcg: the memcg
 * @anon: bytes of anonymous memory that its processes have, rather too much: the sum of
 *	MM_ANONPAGES, and what may be missing from it
 * @shmem: bytes of shmem that its processes map: the sum of MM_SHMEMPAGES
 * @swap: bytes that its processes have in swap: the sum of MM_SWAPENTS
 *
 * The kernel's statistics do not tell tmpfs files from other shmem. But shmem that no
 * process maps must be in a file; shmem that is mapped may be, too. It is unknown whether
 * shmem in swap is mapped; it is ignored, as in the kernel's own score.
 * Anonymous memory stays charged to the cgroup that a process has left.
 *
 * Return: bytes; a lower bound.
 */
static __always_inline u64 memcg_outlives(struct mem_cgroup *memcg, u64 anon, u64 shmem,
					  u64 swap)
{
	u64 all_anon = memcg_stat(memcg, node_stat_item, NR_ANON_MAPPED);
	u64 all_shmem = memcg_stat(memcg, node_stat_item, NR_SHMEM);
	u64 all_swap = memcg_stat(memcg, memcg_stat_item, MEMCG_SWAP);

	return without(all_anon, anon) + without(all_shmem, shmem) + without(all_swap, swap);
}

/**
 * memcg_protected() - memory that memory.min and memory.low protect from reclaim
 * @memcg: the memcg
 * @top: the level (cgroup.level) of the cgroup that is out of memory, 0 for the whole
 *	system; that cgroup itself has no protection
 *
 * The values are those that the kernel's last reclaim computed, which precedes an OOM
 * and goes on under pressure: newer settings or cgroups are not included. Reclaim limits
 * them by the protection of the ancestors: a setting below a tenant protects no more
 * than the tenant's own. But reclaim within the tenant does not, and may have been last.
 * So this limits by the ancestors once more: reclaim below them does not compute theirs.
 *
 * Return: bytes.
 */
static __always_inline u64 memcg_protected(struct mem_cgroup *memcg, int top)
{
	struct cgroup_subsys_state *css = BPF_CORE_READ(memcg, css.parent);
	u64 min = BPF_CORE_READ(memcg, memory.emin), low = BPF_CORE_READ(memcg, memory.elow);
	int level = BPF_CORE_READ(memcg, css.cgroup, level), i;

	if (level <= top)
		return 0;
	bpf_for(i, top + 1, level) {
		memcg = (void *)css - bpf_core_field_offset(struct mem_cgroup, css);
		min = at_most(min, BPF_CORE_READ(memcg, memory.emin));
		low = at_most(low, BPF_CORE_READ(memcg, memory.elow));
		css = BPF_CORE_READ(css, parent);
	}
	return (min > low ? min : low) * PAGE_SIZE;
}

/**
 * css_is_leaf() - has this cgroup no children in the memory controller?
 * @css: current css of a walk with BPF_CGROUP_ITER_DESCENDANTS_POST; to be called for
 *	each css that is online
 * @has_children: state of the walk; 0 before it
 *
 * The walk visits children right before their parent, so remembering one parent is
 * enough.
 *
 * Return: true if so; false for the root of the hierarchy.
 */
static __always_inline bool css_is_leaf(struct cgroup_subsys_state *css, int *has_children)
{
	int parent = BPF_CORE_READ(css, parent, id); /* of the root: 0 */
	bool leaf = css->id != *has_children && parent;

	*has_children = parent;
	return leaf;
}

#endif /* _BPF_OOM_MEMCG_BPF_H */
