// SPDX-License-Identifier: GPL-2.0-only
/* The memory of processes and cgroups as policies compute it */
#include <bpf_oom/crowd.bpf.h>

#include "unit.h"

#define LONG_MAX __LONG_MAX__

static struct mem_cgroup memcg;
static unsigned long usage, stats[NR_MEMCG_STATS];

bool task_is_unkillable(struct task_struct *task)
{
	return task->signal->oom_score_adj == -1000;
}

unsigned long bpf_mem_cgroup_usage(struct mem_cgroup *of)
{
	return usage;
}

unsigned long bpf_mem_cgroup_page_state(struct mem_cgroup *of, int item)
{
	return stats[item];
}

/* A process with one thread */
struct process {
	struct mm_struct mm;
	struct signal_struct signal;
	struct task_struct task;
};

static void link_threads(struct process *p)
{
	p->task.mm = &p->mm;
	p->task.signal = &p->signal;
	p->signal.live.counter = 1;
	p->signal.thread_head.next = &p->task.thread_node;
	p->task.thread_node.next = &p->signal.thread_head;
}

static struct process *process(s64 anon, int adj)
{
	static struct process p;

	memset(&p, 0, sizeof(p));
	link_threads(&p);
	p.mm.rss_stat[MM_ANONPAGES].count = anon;
	p.signal.oom_score_adj = adj;
	return &p;
}

TEST(crowd_sums_up_pages_and_keeps_the_largest)
{
	struct crowd c = {};

	crowd_add(&c, &process(10, 0)->task, true);
	crowd_add(&c, &process(30, 0)->task, true);
	crowd_add(&c, &process(20, 0)->task, true);
	CHECK_EQ(c.pages, 60);
	CHECK_EQ(c.largest, 30);
	CHECK_EQ(c.spared, 0);
}

TEST(crowd_counts_all_but_page_cache)
{
	struct process *p = process(1, 0);
	struct crowd c = {};

	p->mm.rss_stat[MM_FILEPAGES].count = 1000;
	p->mm.rss_stat[MM_SHMEMPAGES].count = 10;
	p->mm.rss_stat[MM_SWAPENTS].count = 100;
	p->mm.pgtables_bytes.counter = 2 * PAGE_SIZE;
	CHECK_EQ(crowd_add(&c, &p->task, true), 113);
	CHECK_EQ(c.shmem, 10);
	CHECK_EQ(c.swap, 100);
}

/* A read of a counter misses what is pending on single CPUs. */
TEST(crowd_takes_negative_counters_for_0)
{
	struct crowd c = {};

	CHECK_EQ(crowd_add(&c, &process(-5, 0)->task, true), 0);
}

TEST(crowd_tells_the_spared_from_the_others)
{
	struct crowd c = {};

	crowd_add(&c, &process(10, -1000)->task, true);
	crowd_add(&c, &process(20, 0)->task, true);
	CHECK_EQ(c.pages, 20);
	CHECK_EQ(c.spared, 10);
	CHECK_EQ(c.largest_spared, 10);
	CHECK_EQ(c.lowered, 0);
}

TEST(crowd_does_not_count_whom_a_kill_would_not_free)
{
	struct crowd c = {};

	CHECK_EQ(crowd_add(&c, &process(10, 0)->task, false), 10);
	CHECK_EQ(c.pages, 0);
	CHECK_EQ(c.largest, 0);
	CHECK_EQ(c.spared, 0);
}

TEST(crowd_finds_the_memory_of_a_second_thread)
{
	struct process *p = process(10, 0);
	struct task_struct second = { .mm = &p->mm, .signal = &p->signal };
	struct crowd c = {};

	p->task.mm = NULL;
	p->task.thread_node.next = &second.thread_node;
	second.thread_node.next = &p->signal.thread_head;
	CHECK_EQ(crowd_add(&c, &p->task, true), 10);
}

/* Only the last of @exited + 1 threads has an mm. */
static u64 pages_behind(int exited)
{
	struct process *p = process(10, 0);
	struct task_struct threads[40] = {};
	struct crowd c = {};
	int i;

	p->task.mm = NULL;
	p->task.thread_node.next = &threads[0].thread_node;
	for (i = 0; i < exited; i++)
		threads[i].thread_node.next = &threads[i + 1].thread_node;
	threads[exited - 1].mm = &p->mm;
	threads[exited - 1].thread_node.next = &p->signal.thread_head;
	return crowd_add(&c, &p->task, true);
}

TEST(crowd_looks_behind_16_threads_that_have_exited)
{
	CHECK_EQ(pages_behind(CROWD_MAX_EXITED - 1), 10);
}

TEST(crowd_does_not_look_behind_more)
{
	CHECK_EQ(pages_behind(CROWD_MAX_EXITED + 2), 0);
}

TEST(crowd_without_memory_to_be_found_is_unknown)
{
	struct process *p = process(10, -1000);
	struct crowd c = {};

	p->task.mm = NULL;
	crowd_add(&c, &p->task, true);
	CHECK_EQ(c.shmem, CROWD_UNKNOWN);
	CHECK_EQ(c.swap, CROWD_UNKNOWN);
	CHECK_EQ(c.spared, CROWD_UNKNOWN);
	/* It stays unknown. */
	crowd_add(&c, &p->task, true);
	CHECK_EQ(c.spared, CROWD_UNKNOWN);
}

TEST(crowd_an_exited_process_holds_nothing)
{
	struct process *p = process(10, -1000);
	struct crowd c = {};

	p->task.mm = NULL;
	p->signal.live.counter = 0;
	CHECK_EQ(crowd_add(&c, &p->task, true), 0);
	CHECK_EQ(c.shmem, 0);
	CHECK_EQ(c.spared, 0);
}

/* --- oom_score_adj ------------------------------------------------------------ */

TEST(shift_is_a_thousandth_of_the_domain_for_each_point)
{
	struct crowd c = {};

	crowd_add(&c, &process(10, 3)->task, true);
	CHECK_EQ(crowd_shift(&c, 1000), 3 * PAGE_SIZE);
	CHECK_EQ(crowd_shift(&c, 999), 0);
}

TEST(shift_down_is_negative)
{
	struct crowd c = {};

	crowd_add(&c, &process(10, -3)->task, true);
	CHECK_EQ(crowd_shift(&c, 2000), -6 * (s64)PAGE_SIZE);
}

TEST(shift_is_in_proportion_to_what_each_holds)
{
	struct crowd c = {};

	crowd_add(&c, &process(30, 100)->task, true);
	crowd_add(&c, &process(10, -100)->task, true);
	CHECK_EQ(crowd_shift(&c, 1000), 50 * PAGE_SIZE);
}

TEST(shift_of_nobody_is_0)
{
	struct crowd c = {};

	CHECK_EQ(crowd_shift(&c, 1000), 0);
}

TEST(shift_up_and_down_the_same_is_0)
{
	struct crowd c = {};

	crowd_add(&c, &process(10, 100)->task, true);
	crowd_add(&c, &process(10, -100)->task, true);
	CHECK_EQ(crowd_shift(&c, 1000000), 0);
}

/* 1 PiB, all of it used by one process */
TEST(shift_of_the_largest_system_does_not_overflow)
{
	struct crowd c = {};
	u64 pages = 1ULL << 38;

	crowd_add(&c, &process((s64)pages, 1000)->task, true);
	CHECK_EQ(crowd_shift(&c, pages), pages / 1000 * 1000 * PAGE_SIZE);
	memset(&c, 0, sizeof(c));
	crowd_add(&c, &process((s64)pages, -999)->task, true);
	CHECK_EQ(crowd_shift(&c, pages), -(s64)(pages / 1000 * 999 * PAGE_SIZE));
}

/* --- memcgs ------------------------------------------------------------------- */

TEST(memcg_holds_what_is_charged_and_swapped_without_cache)
{
	usage = 1000;
	stats[NR_ACTIVE_FILE] = 100;
	stats[NR_INACTIVE_FILE] = 20;
	stats[NR_SLAB_RECLAIMABLE_B] = 3;
	stats[MEMCG_SWAP] = 50000;
	CHECK_EQ(memcg_held(&memcg), 50877);
}

/* The two values were not read at the same time. */
TEST(memcg_with_more_cache_than_usage_holds_what_is_swapped)
{
	usage = 100;
	stats[NR_ACTIVE_FILE] = 101;
	stats[MEMCG_SWAP] = 7;
	CHECK_EQ(memcg_held(&memcg), 7);
}

TEST(memcg_statistics_that_the_kernel_lacks_are_0)
{
	usage = 100;
	stats[NR_SLAB_RECLAIMABLE_B] = -1UL;
	CHECK_EQ(memcg_held(&memcg), 100);
}

TEST(memcg_outlived_is_what_no_process_has)
{
	stats[NR_ANON_MAPPED] = 1000;
	stats[NR_SHMEM] = 100;
	stats[MEMCG_SWAP] = 50;
	CHECK_EQ(memcg_outlives(&memcg, 1000, 30, 20), 100);
	CHECK_EQ(memcg_outlives(&memcg, 1000, 100, 50), 0);
	CHECK_EQ(memcg_outlives(&memcg, 1001, 101, 51), 0);
	CHECK_EQ(memcg_outlives(&memcg, CROWD_UNKNOWN, CROWD_UNKNOWN, 0), 50);
	CHECK_EQ(memcg_outlives(&memcg, 600, 100, 50), 400);
}

/* The root and three levels below it, each the child of the one before */
static struct mem_cgroup levels[4];
static struct cgroup cgroups[4];

static void protect(int level, u64 min, u64 low)
{
	int i;

	for (i = 0; i < 4; i++) {
		cgroups[i].level = i;
		levels[i].css.cgroup = &cgroups[i];
		levels[i].css.parent = i ? &levels[i - 1].css : NULL;
	}
	levels[level].memory.emin = min;
	levels[level].memory.elow = low;
}

TEST(protected_is_the_larger_of_min_and_low)
{
	protect(1, 5, 3);
	CHECK_EQ(memcg_protected(&levels[1], 0), 5 * PAGE_SIZE);
	protect(1, 3, 5);
	CHECK_EQ(memcg_protected(&levels[1], 0), 5 * PAGE_SIZE);
}

TEST(protected_is_no_more_than_those_above_have)
{
	protect(3, 50, 40);
	protect(2, 20, 30);
	protect(1, 100, 10);
	CHECK_EQ(memcg_protected(&levels[3], 0), 20 * PAGE_SIZE);
}

TEST(protected_does_not_ask_the_one_that_is_out_of_memory)
{
	protect(3, 50, 0);
	protect(2, 40, 0);
	CHECK_EQ(memcg_protected(&levels[3], 1), 40 * PAGE_SIZE);
	CHECK_EQ(memcg_protected(&levels[3], 2), 50 * PAGE_SIZE);
	CHECK_EQ(memcg_protected(&levels[3], 3), 0);
	CHECK_EQ(memcg_protected(&levels[1], 3), 0);
}

TEST(leaf_is_what_is_not_the_parent_of_the_one_before)
{
	struct cgroup_subsys_state root = { .id = 1 };
	struct cgroup_subsys_state a = { .id = 2, .parent = &root };
	struct cgroup_subsys_state ab = { .id = 3, .parent = &a };
	struct cgroup_subsys_state c = { .id = 4, .parent = &root };
	int has_children = 0;

	CHECK_EQ(css_is_leaf(&ab, &has_children), true);
	CHECK_EQ(css_is_leaf(&a, &has_children), false);
	CHECK_EQ(css_is_leaf(&c, &has_children), true);
	CHECK_EQ(css_is_leaf(&root, &has_children), false);
}
