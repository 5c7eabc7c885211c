/* SPDX-License-Identifier: GPL-2.0-only */
/* What the processes of a cgroup hold, for policies that compare cgroups. */
#ifndef _BPF_OOM_CROWD_BPF_H
#define _BPF_OOM_CROWD_BPF_H

#include <bpf_oom/memcg.bpf.h>

/* Pages, more than there are. */
#define CROWD_UNKNOWN 0x1000000000000ULL

/**
 * struct crowd - the processes of a cgroup, in pages
 * @pages: of those that may be killed
 * @largest: of the largest of these; 0: nobody can be killed
 * @spared: of those that must not be killed
 * @largest_spared: of the largest of these
 * @anon: anonymous memory of any of them, and what may not have been added to that yet
 * @shmem: shmem that is mapped by any of them
 * @swap: swap of any of them
 * @raised: the pages of those that may be killed, each times its oom_score_adj if that
 *	is positive
 * @lowered: the same, each times its oom_score_adj without the sign if it is negative
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

/* Of a process, what single CPUs have not yet added: a batch for each that it was on. */
#define CROWD_NOT_ADDED 512

/* More that have exited, one after the other, are not worth the time. */
#define CROWD_MAX_EXITED 16

/**
 * process_mm() - the memory of a process, also when its first thread has exited
 * @task: the first thread, best under RCU
 *
 * Return: for BPF_CORE_READ(); NULL: none of the first threads has it any more.
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
 * crowd_add() - count a process
 * @c: the others of its cgroup; all 0 before the first
 * @task: the process; no kernel thread
 * @mortal: would a kill free what it holds? It does not matter where
 *	task_is_unkillable().
 *
 * Any program may call it; what it reads is near enough to compare.
 *
 * Return: what the process holds in pages, without page cache.
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
	/* Not that of who exits, which is gone. */
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
 * crowd_shift() - what the oom_score_adj of the processes adds to their size
 * @c: all processes of the cgroup
 * @totalpages: of the OOM's domain, as in struct oom_control
 *
 * As in the kernel, a thousandth of the domain for each point, and each process in
 * proportion to what it holds.
 *
 * Return: bytes, negative if they are lowered.
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
