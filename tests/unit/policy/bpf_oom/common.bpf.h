/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Replaces bpf_oom/common.bpf.h, to compile headers of policies natively
 *
 * Types of the kernel have the members that these headers read. As in a BPF program,
 * BPF_CORE_READ() through a NULL pointer reads 0.
 */
#ifndef UNIT_COMMON_BPF_H
#define UNIT_COMMON_BPF_H

#include <stdbool.h>
#include <stddef.h>

#include <asm/types.h>

typedef __s64 s64;
typedef __u64 u64;

#define __always_inline inline __attribute__((unused))

#define CORE_READ_1(a, m)						\
	({								\
		typeof(a) a_ = (a);					\
									\
		a_ ? a_->m : (typeof(a_->m))0;				\
	})
#define CORE_READ_2(a, m, n) CORE_READ_1(CORE_READ_1(a, m), n)
#define CORE_READ_N(_1, _2, name, ...) name
#define BPF_CORE_READ(a, ...) \
	CORE_READ_N(__VA_ARGS__, CORE_READ_2, CORE_READ_1)(a, __VA_ARGS__)
#define bpf_core_field_offset(type, field) offsetof(type, field)
#define bpf_core_enum_value(type, item) (item)
#define bpf_for(i, from, to) for ((i) = (from); (i) < (to); (i)++)

enum {
	MM_FILEPAGES,
	MM_ANONPAGES,
	MM_SWAPENTS,
	MM_SHMEMPAGES,
	NR_MM_COUNTERS,
};

enum node_stat_item {
	NR_ACTIVE_FILE,
	NR_INACTIVE_FILE,
	NR_SLAB_RECLAIMABLE_B,
	NR_SHMEM,
	NR_ANON_MAPPED,
	NR_NODE_STATS,
};

enum memcg_stat_item {
	MEMCG_SWAP = NR_NODE_STATS,
	NR_MEMCG_STATS,
};

struct list_head {
	struct list_head *next;
};

struct counter {
	s64 count;
};

struct mm_struct {
	struct counter rss_stat[NR_MM_COUNTERS];
	struct {
		s64 counter;
	} pgtables_bytes;
};

struct signal_struct {
	struct list_head thread_head;
	int oom_score_adj;
	struct {
		int counter;
	} live;
};

struct task_struct {
	struct mm_struct *mm;
	struct signal_struct *signal;
	struct list_head thread_node;
};

struct cgroup {
	int level;
};

struct cgroup_subsys_state {
	struct cgroup_subsys_state *parent;
	struct cgroup *cgroup;
	int id;
};

struct mem_cgroup {
	struct cgroup_subsys_state css;
	struct {
		u64 emin;
		u64 elow;
	} memory;
};

bool task_is_unkillable(struct task_struct *task);
unsigned long bpf_mem_cgroup_usage(struct mem_cgroup *memcg);
unsigned long bpf_mem_cgroup_page_state(struct mem_cgroup *memcg, int item);

#endif /* UNIT_COMMON_BPF_H */
