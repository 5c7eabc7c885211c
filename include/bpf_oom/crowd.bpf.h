/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory of the processes of a cgroup, for policies that compare cgroups */
#ifndef _BPF_OOM_CROWD_BPF_H
#define _BPF_OOM_CROWD_BPF_H

#include <bpf_oom/memcg.bpf.h>

/* A number of pages that no machine has */
#define CROWD_UNKNOWN 0x1000000000000ULL

/**
 * struct crowd - sums over the processes of a cgroup, in pages
 * @pages: pages of processes that may be killed
 * @largest: pages of the largest of these; 0: no process can be killed
 * @spared: pages of processes that must not be killed
 * @largest_spared: pages of the largest of these
 * @anon: anonymous memory of all processes of the cgroup, and what single CPUs may not yet
 *	have added to it
 * @shmem: shmem that processes of the cgroup map, spared ones included
 * @swap: swap of processes of the cgroup, spared ones included
 * @raised: pages of each process that may be killed, times its oom_score_adj if that is
 *	positive
 * @lowered: the same, times the absolute value of oom_score_adj if that is negative
 */
struct crowd {
	u64 pages;
	u64 largest;
	u64 spared;
	u64 largest_spared;
	u64 anon;
	u64 shmem;
	u64 swap;
	u64 raised;
	u64 lowered;
};

/* What single CPUs may not have added of a process: a batch for each that it was on. */
#define CROWD_NOT_ADDED 512

/* Bounds the search for a thread with an mm if the first threads have exited. */
#define CROWD_MAX_EXITED 16

/**
 * process_mm() - the mm of a process, also if its first thread has exited
 * @task: the first thread, if possible under RCU
 *
 * Return: the mm, for BPF_CORE_READ(); NULL if none of the first CROWD_MAX_EXITED
 * threads has it any more.
 */
static __always_inline struct mm_struct *process_mm(struct task_struct *task)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	struct list_head *end, *next;
	int i;

	if (mm)
		return mm;
	end = (void *)BPF_CORE_READ(task, signal) +
	      bpf_core_field_offset(struct signal_struct, thread_head);
	next = BPF_CORE_READ(task, thread_node.next);
	bpf_for(i, 0, CROWD_MAX_EXITED) {
		if (mm || next == end)
			break;
		task = (void *)next - bpf_core_field_offset(struct task_struct, thread_node);
		mm = BPF_CORE_READ(task, mm);
		next = BPF_CORE_READ(task, thread_node.next);
	}
	return mm;
}

static __always_inline u64 at_least(u64 n, u64 min)
{
	return n > min ? n : min;
}

/**
 * crowd_add() - add a process to a crowd
 * @c: the crowd; zeroed before the first process
 * @task: the process; no kernel thread
 * @mortal: would a kill free its memory? Ignored if task_is_unkillable()
 *
 * Any program may call it. The values that it reads are exact enough for a comparison.
 *
 * Return: pages of the process, without page cache.
 */
static __always_inline u64 crowd_add(struct crowd *c, struct task_struct *task, bool mortal)
{
	struct mm_struct *mm = process_mm(task);
	u64 shmem = mm_pages(mm, MM_SHMEMPAGES), swap = mm_pages(mm, MM_SWAPENTS);
	u64 anon = mm_pages(mm, MM_ANONPAGES);
	u64 pages = anon + shmem + swap +
		    not_negative(BPF_CORE_READ(mm, pgtables_bytes.counter)) / PAGE_SIZE;
	s64 adj = BPF_CORE_READ(task, signal, oom_score_adj);
	bool unkillable = task_is_unkillable(task);

	c->anon += anon + CROWD_NOT_ADDED;
	c->shmem += shmem;
	c->swap += swap;
	/* Without an mm the pages are unknown, unless the whole process is exiting. */
	if (!mm && BPF_CORE_READ(task, signal, live.counter) > 0) {
		c->anon = CROWD_UNKNOWN;
		c->shmem = CROWD_UNKNOWN;
		c->swap = CROWD_UNKNOWN;
		if (unkillable)
			pages = CROWD_UNKNOWN;
	}
	if (unkillable) {
		c->spared = at_most(c->spared + pages, CROWD_UNKNOWN);
		c->largest_spared = at_least(c->largest_spared, pages);
	} else if (mortal) {
		c->pages += pages;
		c->largest = at_least(c->largest, pages);
		if (adj > 0)
			c->raised += pages * adj;
		else
			c->lowered += pages * -adj;
	}
	return pages;
}

/**
 * crowd_shift() - the effect of the processes' oom_score_adj on their size
 * @c: all processes of the cgroup
 * @totalpages: size of the OOM's domain, as in struct oom_control
 *
 * As in the kernel, each point is a thousandth of the domain. Processes are weighted by
 * their size.
 *
 * Return: bytes; negative if oom_score_adj lowers the size.
 */
static __always_inline s64 crowd_shift(const struct crowd *c, u64 totalpages)
{
	u64 point = totalpages / 1000 * PAGE_SIZE;

	if (!c->pages)
		return 0;
	if (c->raised > c->lowered)
		return (c->raised - c->lowered) / c->pages * point;
	return -(s64)((c->lowered - c->raised) / c->pages * point);
}

#endif /* _BPF_OOM_CROWD_BPF_H */
