/* SPDX-License-Identifier: GPL-2.0-only */
/* How much memory a cgroup holds, for policies that compare cgroups. */
#ifndef _BPF_OOM_MEMCG_BPF_H
#define _BPF_OOM_MEMCG_BPF_H

#include <bpf_oom/common.bpf.h>

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
 * not, and what brought the OOM is newest. A kill frees it, but for shmem that lives
 * on in a tmpfs, which the kernel does not tell from other shmem.
 *
 * Return: bytes.
 */
static u64 memcg_held(struct mem_cgroup *memcg)
{
	u64 cache = memcg_stat(memcg, node_stat_item, NR_ACTIVE_FILE) +
		    memcg_stat(memcg, node_stat_item, NR_INACTIVE_FILE) +
		    memcg_stat(memcg, node_stat_item, NR_SLAB_RECLAIMABLE_B);
	u64 usage = bpf_mem_cgroup_usage(memcg);

	/* The two are not read at the same moment. */
	return (usage > cache ? usage - cache : 0) +
	       memcg_stat(memcg, memcg_stat_item, MEMCG_SWAP);
}

#endif /* _BPF_OOM_MEMCG_BPF_H */
