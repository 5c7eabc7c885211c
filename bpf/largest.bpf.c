// SPDX-License-Identifier: GPL-2.0-only
/*
 * largest: kill the largest cgroup
 *
 * The kernel looks for the largest process. Where each cgroup is a service or a
 * container, that is the wrong question: a service of forty small workers is
 * never asked to pay, and one that loses a process is often no better than dead.
 * This policy kills the leaf cgroup of which most memory comes back.
 *
 * Who is asked to pay
 *	The OOM's domain is the cgroup that hit its limit, with all below it, or
 *	the whole system. A candidate is a leaf in it, that is a cgroup without
 *	children in the memory controller; a domain that is a leaf is its own
 *	candidate. The tasks of a threaded subtree, or of children without the
 *	memory controller, are charged to such a leaf and count as its own. The
 *	root is never a candidate, nor is an inner cgroup of cgroup v1.
 *	No candidate is a cgroup without processes (what is left in it, a tmpfs for
 *	example, survives a kill), nor one with a process that must not be killed
 *	(oom_score_adj of -1000, init, a kernel thread); then the next largest is
 *	taken.
 *
 * How large
 *	All that is charged to it, and swap, without page cache and the reclaimable
 *	part of slab (see memcg_held()): what a kill frees. Page cache stays, or the
 *	kernel would have reclaimed it. Swap counts as memory does, for who fills the
 *	swap makes others run out of memory; so the kernel's own rule has it. Shmem
 *	that lives on in a tmpfs counts although it is not freed, as the kernel does
 *	not tell one from the other.
 *
 * When the kernel decides instead
 *	Whenever there is doubt: an iterator could not allocate, a task's cgroup
 *	went away, all kills were refused, nothing was found; also when
 *	a cpuset or memory policy ran out of memory, because sizes of cgroups say
 *	nothing about nodes. And when an earlier victim in the domain is still on
 *	its way out: the kernel then waits for it instead of killing another.
 *	As in the kernel that is a look at each process of the domain.
 */
#include <bpf_oom/memcg.bpf.h>

/* Kill all processes of the cgroup; false: only the largest one in it. */
const volatile bool whole_cgroup = true;

char LICENSE[] SEC("license") = "GPL";

BPF_OOM_DESCRIPTION("kills the service or container from which most memory comes back");

enum verdict {
	NO_CANDIDATE,
	CANDIDATE,
	LEAVE_IT_TO_THE_KERNEL,
};

/* 6.18: mm->flags became a bitmap. */
struct mm_struct___bitmap {
	struct {
		unsigned long __mm_flags[1];
	} flags;
} __attribute__((preserve_access_index));

struct mm_struct___word {
	unsigned long flags;
} __attribute__((preserve_access_index));

static bool reaped(struct mm_struct *mm)
{
	struct mm_struct___bitmap *bitmap = (void *)mm;
	struct mm_struct___word *word = (void *)mm;
	unsigned long flags;

	if (bpf_core_field_exists(bitmap->flags.__mm_flags))
		flags = BPF_CORE_READ(bitmap, flags.__mm_flags[0]);
	else
		flags = BPF_CORE_READ(word, flags);
	return flags & (1UL << MMF_OOM_SKIP);
}

/* All processes are looked at, because any may be a victim on its way out. */
static enum verdict judge(struct mem_cgroup *memcg)
{
	enum verdict verdict = NO_CANDIDATE;
	struct bpf_iter_css_task it;
	bool protected = false;
	struct task_struct *task;

	if (bpf_iter_css_task_new(&it, &memcg->css, CSS_TASK_ITER_PROCS)) {
		verdict = LEAVE_IT_TO_THE_KERNEL;
		goto out;
	}
	while ((task = bpf_iter_css_task_next(&it))) {
		if (bpf_task_is_oom_victim(task)) {
			if (reaped(BPF_CORE_READ(task, signal, oom_mm)))
				continue;
			verdict = LEAVE_IT_TO_THE_KERNEL;
			goto out;
		}
		if (task_is_unkillable(task))
			protected = true;
		verdict = CANDIDATE;
	}
	if (protected)
		verdict = NO_CANDIDATE;
out:
	bpf_iter_css_task_destroy(&it);
	return verdict;
}

/* Returns a reference, or NULL when the kernel shall decide. */
static struct mem_cgroup *find_largest(struct oom_control *oc, struct mem_cgroup *domain)
{
	struct mem_cgroup *memcg, *smaller, *best = NULL;
	struct cgroup_subsys_state *css;
	u64 size, best_size = 0;
	int has_children = 0;
	enum verdict verdict = NO_CANDIDATE;
	bool leaf;

	/*
	 * A cgroup may be removed during the walk, which means that its last
	 * task has gone. Before its turn it is not ONLINE, or its reference is
	 * refused, or it has no tasks to judge; its parent may then be a leaf.
	 * After its turn, as the best, it is held here but has nobody left to
	 * be killed: then the kernel decides.
	 */
	bpf_rcu_read_lock();
	bpf_for_each(css, css, &domain->css, BPF_CGROUP_ITER_DESCENDANTS_POST) {
		/* Removed cgroups linger here, but without tasks. */
		if (!(css->flags & CSS_ONLINE))
			continue;
		leaf = css_is_leaf(css, &has_children);
		memcg = bpf_get_mem_cgroup(css);
		if (!memcg)
			continue;

		verdict = judge(memcg);
		if (verdict == CANDIDATE && leaf) {
			size = memcg_held(memcg);
			if (bpf_ksym_exists(bpf_oom_candidate_memcg))
				bpf_oom_candidate_memcg(oc, memcg, size);
			if (size > best_size) {
				smaller = best;
				best = memcg;
				memcg = smaller;
				best_size = size;
			}
		}
		if (memcg)
			bpf_put_mem_cgroup(memcg);
		if (verdict == LEAVE_IT_TO_THE_KERNEL)
			break;
	}
	bpf_rcu_read_unlock();

	if (best && verdict == LEAVE_IT_TO_THE_KERNEL) {
		bpf_put_mem_cgroup(best);
		best = NULL;
	}
	return best;
}

/* A process that exits by itself meanwhile (-ESRCH) is as good as a kill. */
static int kill_all(struct oom_control *oc, struct mem_cgroup *memcg)
{
	struct bpf_iter_css_task it;
	struct task_struct *task;
	int killed = 0;

	if (bpf_iter_css_task_new(&it, &memcg->css, CSS_TASK_ITER_PROCS))
		goto out;
	while ((task = bpf_iter_css_task_next(&it))) {
		if (!bpf_oom_kill_process(oc, task, "Out of memory (largest cgroup)"))
			killed = 1;
	}
out:
	bpf_iter_css_task_destroy(&it);
	return killed;
}

/*
 * In bytes. The counters without what single CPUs have not yet added: near
 * enough to tell the largest.
 */
static u64 task_size(struct task_struct *task)
{
	struct mm_struct *mm = task->mm;
	s64 pages;

	if (!mm)
		return 0;
	pages = mm->rss_stat[MM_ANONPAGES].count +
		mm->rss_stat[MM_SHMEMPAGES].count +
		mm->rss_stat[MM_SWAPENTS].count;
	return (pages > 0 ? pages * 4096 : 0) + mm->pgtables_bytes.counter;
}

static int kill_largest_task(struct oom_control *oc, struct mem_cgroup *memcg)
{
	struct task_struct *task, *ref, *smaller, *best = NULL;
	struct bpf_iter_css_task it;
	u64 size, best_size = 0;
	int killed = 0;

	/* Threads too: a process whose first thread has exited has its mm there. */
	if (bpf_iter_css_task_new(&it, &memcg->css, 0))
		goto out;
	while ((task = bpf_iter_css_task_next(&it))) {
		size = task_size(task);
		if (size <= best_size || bpf_task_is_oom_victim(task))
			continue;
		ref = bpf_task_acquire(task);
		if (!ref)
			continue;
		smaller = best;
		best = ref;
		best_size = size;
		if (smaller)
			bpf_task_release(smaller);
	}
out:
	bpf_iter_css_task_destroy(&it);
	if (!best)
		return 0;
	killed = !bpf_oom_kill_process(oc, best,
				       "Out of memory (largest process of the largest cgroup)");
	bpf_task_release(best);
	return killed;
}

static int handle(struct oom_control *oc, struct mem_cgroup *domain)
{
	struct mem_cgroup *victim;
	int killed;

	bpf_mem_cgroup_flush_stats(domain);
	victim = find_largest(oc, domain);
	if (!victim)
		return 0;
	killed = whole_cgroup ? kill_all(oc, victim) : kill_largest_task(oc, victim);
	bpf_put_mem_cgroup(victim);
	return killed;
}

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(largest_oom, struct oom_control *oc, struct cgroup *cgrp,
	     struct mem_cgroup *memcg__nullable)
{
	struct mem_cgroup *root;
	int killed;

	if (oc->constraint == CONSTRAINT_CPUSET ||
	    oc->constraint == CONSTRAINT_MEMORY_POLICY)
		return 0;
	if (memcg__nullable)
		return handle(oc, memcg__nullable);

	root = bpf_get_root_mem_cgroup();
	if (!root)
		return 0;
	killed = handle(oc, root);
	bpf_put_mem_cgroup(root);
	return killed;
}

BPF_OOM_OPS(largest, .handle_out_of_memory = (void *)largest_oom);
