/* SPDX-License-Identifier: GPL-2.0-only */
/* How much memory a cgroup holds, for policies that compare cgroups. */
#ifndef _BPF_OOM_MEMCG_BPF_H
#define _BPF_OOM_MEMCG_BPF_H

#include <bpf_oom/common.bpf.h>

#define PAGE_SIZE 4096ULL

/*
 * mm_pages() - a counter of the memory of a process
 * @mm: its mm; NULL: 0
 * @item: MM_ANONPAGES, MM_FILEPAGES, MM_SHMEMPAGES or MM_SWAPENTS
 *
 * Pages. Without what single CPUs have not yet added: near enough to compare.
 */
#define mm_pages(mm, item) \
	not_negative(BPF_CORE_READ(mm, rss_stat[item].count))

static __always_inline u64 not_negative(s64 n)
{
	return n > 0 ? n : 0;
}

/* Not below 0: what is compared was not read at the same moment. */
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
 * @item: one of it, by name: numbers differ between kernels
 *
 * Bytes, 0 on a kernel that does not count this. As old as the last flush, and a
 * flush is less than it says: the kernel lets 64 pages for each CPU pass, and skips
 * one while another task is in the middle of it.
 */
#define memcg_stat(memcg, type, item) \
	memcg_stat_bytes(memcg, bpf_core_enum_value(enum type, item))

static __always_inline u64 memcg_stat_bytes(struct mem_cgroup *memcg, int item)
{
	unsigned long bytes = bpf_mem_cgroup_page_state(memcg, item);

	return bytes == -1UL ? 0 : bytes;
}

/**
 * memcg_held() - what reclaim does not get back from a memcg, other than by swap
 * @memcg: the memcg
 *
 * What is charged and in swap, without page cache and the reclaimable part of slab.
 * Not the sum of what does count: all charges are known at any time, statistics are
 * not, and what brought the OOM is newest. A kill frees it, but for what
 * memcg_outlives() counts.
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
 * memcg_outlives() - what of memcg_held() stays when the processes are gone
 * @memcg: the memcg
 * @anon: bytes of anonymous memory that its processes have, rather too much: the sum of
 *	MM_ANONPAGES, and what may be missing from it
 * @shmem: bytes of shmem that its processes map: the sum of MM_SHMEMPAGES
 * @swap: bytes that they have in swap: the sum of MM_SWAPENTS
 *
 * The kernel does not tell the files of a tmpfs from other shmem. But what nobody
 * maps lives in a file, and what is mapped may. Of shmem in swap it is not known
 * whether it is mapped; it is left out as the kernel's own score does. Anonymous memory
 * stays charged where a process got it when the process has moved to another cgroup.
 *
 * Return: bytes, no more than there are.
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
 * memcg_protected() - what memory.min and memory.low keep from being reclaimed
 * @memcg: the memcg
 * @top: the level (cgroup.level) of the cgroup that is out of memory, 0 for the whole
 *	system; nothing protects that one itself
 *
 * As the kernel's last reclaim computed it, which precedes an OOM and goes on under
 * pressure: a setting that is newer, or a cgroup, does not count yet. Reclaim has regard
 * to what the cgroups above have: a setting of a tenant protects no more than the tenant
 * has. But reclaim within the tenant has not, and may have been last, so those above are
 * asked once more; what they have is not computed by reclaim below them.
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
 * @css: one of a walk with BPF_CGROUP_ITER_DESCENDANTS_POST, for each that is ONLINE
 * @has_children: of the same walk; 0 before it
 *
 * Children come right before their parent, so it is enough to remember one.
 *
 * Return: false for the root of all.
 */
static __always_inline bool css_is_leaf(struct cgroup_subsys_state *css, int *has_children)
{
	int parent = BPF_CORE_READ(css, parent, id); /* of the root: 0 */
	bool leaf = css->id != *has_children && parent;

	*has_children = parent;
	return leaf;
}

#endif /* _BPF_OOM_MEMCG_BPF_H */
