// SPDX-License-Identifier: GPL-2.0-only
/*
 * largest: kill in the largest cgroup
 *
 * The kernel looks for the largest process. Where each cgroup is a service or a
 * container, that is the wrong question: a service of forty small workers is never
 * the victim. This policy looks for the cgroup from which a kill would free most memory,
 * and kills the largest process in it.
 *
 * Which cgroups
 *	The OOM's domain is the cgroup that hit its limit, with all below it, or
 *	the whole system. A candidate is a leaf in it, that is a cgroup without
 *	children in the memory controller; a domain that is a leaf is its own
 *	candidate. The tasks of a threaded subtree, or of children without the
 *	memory controller, are charged to such a leaf and count as its own.
 *	Where processes have nothing in common but their cgroup, each of them is a
 *	candidate by itself, with its own memory only: in the root, in an inner cgroup
 *	of cgroup v1, in a login session of systemd, and where the option says so.
 *
 * How large
 *	All memory charged to the cgroup, plus swap, minus what a kill would not free:
 *	page cache and the reclaimable part of slab (see memcg_held()), files in a
 *	tmpfs (see memcg_outlives()), and the memory of processes that must not
 *	be killed (oom_score_adj of -1000, init). Page cache does not matter, since
 *	the kernel has reclaimed what it could. Swap counts like memory, since a cgroup
 *	that fills the swap makes others run out of memory; the kernel's own rule counts
 *	it, too.
 *	Memory protected by memory.min and memory.low does not count. The oom_score_adj
 *	of the processes shifts the size as it does in the kernel, by thousandths of the
 *	domain, each in proportion to the memory of the process.
 *
 * Which process
 *	The one with the kernel's highest score, without its page cache, and with it
 *	all that memory.oom.group says. With the option whole_cgroup, all processes of
 *	the cgroup; that one still first, since it is the culprit, and its memory is
 *	freed first.
 *
 * When the kernel decides instead
 *	Whenever there is doubt: an iterator could not allocate memory, a process has
 *	exited, the kill was refused, no candidate was found. When a cpuset or memory
 *	policy ran out of memory, because sizes of cgroups say nothing about nodes. And
 *	when another cgroup would be the largest if processes that must not be killed
 *	counted: then smaller cgroups would be killed, one after the other, because of
 *	memory that stays, and the kernel needs fewer kills for that.
 */
#include <bpf_oom/crowd.bpf.h>

/* Kill all processes of the cgroup; false: only the largest one in it. */
const volatile bool whole_cgroup;

/*
 * Options of single cgroups and those below them, by id of the cgroup. 1: kill all
 * processes of the cgroup. 0: each process is a candidate by itself.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u32);
} whole SEC(".maps");

char LICENSE[] SEC("license") = "GPL";

BPF_OOM_DESCRIPTION("kills in the service or container from which most memory comes back");

/* How the processes of a cgroup belong together */
enum bond {
	STRANGERS,	/* each is a candidate by itself */
	PARTS,		/* weighed together */
	UNIT,		/* killed together as well */
};

enum verdict {
	NO_CANDIDATE,
	CANDIDATE,
	LEAVE_IT_TO_THE_KERNEL,
};

#define EAGAIN 11
#define LOWEST (-__LONG_LONG_MAX__ - 1LL)

/**
 * struct scored - the processes of a cgroup with the kernel's scores
 * @crowd: their memory
 * @worst: score of the process to be killed first; LOWEST: none can be killed
 */
struct scored {
	struct crowd crowd;
	s64 worst;
};

/**
 * struct weight - size of a cgroup, in bytes
 * @score: memory of what can be killed there
 * @full: the same plus processes that must not be killed; LOWEST: there are none
 * @strangers: each of its processes is a candidate by itself
 */
struct weight {
	s64 score;
	s64 full;
	bool strangers;
};

static __always_inline void pass_over(struct oom_control *oc, struct mem_cgroup *memcg,
				      s64 score, const char *why)
{
	if (bpf_ksym_exists(bpf_oom_pass_over))
		bpf_oom_pass_over(oc, memcg, score, why);
}

/* Returns 0, for a handler to return: the policy does not decide. */
static __always_inline int decline(struct oom_control *oc, const char *why)
{
	if (bpf_ksym_exists(bpf_oom_decline))
		bpf_oom_decline(oc, why);
	return 0;
}

/*
 * Global functions: the verifier checks them once, and not for each path through the
 * loops that call them.
 */

/*
 * The kernel's score without page cache. LOWEST: the task cannot be killed, or a kill
 * would free nothing.
 */
__noinline s64 task_score(struct task_struct *task __arg_trusted, u64 totalpages)
{
	s64 score = bpf_oom_badness(task, totalpages);
	struct mm_struct *mm;

	if (score == LONG_MIN)
		return LOWEST;
	mm = process_mm(task);
	return score - (s64)mm_pages(mm, MM_FILEPAGES);
}

__noinline int count(struct task_struct *task __arg_trusted, u64 totalpages,
		     struct scored *s __arg_nonnull)
{
	s64 score = task_score(task, totalpages);

	crowd_add(&s->crowd, task, score != LOWEST);
	if (!task_is_unkillable(task) && score > s->worst)
		s->worst = score;
	return 0;
}

/* Returns false if it could not allocate memory to walk the processes. */
static bool count_all(struct oom_control *oc, struct mem_cgroup *memcg, struct scored *s)
{
	struct bpf_iter_css_task it;
	struct task_struct *task;
	bool known = false;

	if (bpf_iter_css_task_new(&it, &memcg->css, CSS_TASK_ITER_PROCS))
		goto out;
	known = true;
	while ((task = bpf_iter_css_task_next(&it))) {
		if (!(task->flags & PF_KTHREAD))
			count(task, oc->totalpages, s);
	}
out:
	bpf_iter_css_task_destroy(&it);
	return known;
}

/* Returns 0 if memory.min and memory.low protect all of the cgroup's memory, else 1. */
__noinline int weigh_parts(struct mem_cgroup *memcg __arg_trusted, u64 totalpages,
			   int top, const struct scored *s __arg_nonnull,
			   struct weight *w __arg_nonnull)
{
	const struct crowd *c = &s->crowd;
	u64 size = without(memcg_held(memcg),
			   memcg_outlives(memcg, c->anon * PAGE_SIZE, c->shmem * PAGE_SIZE,
					  c->swap * PAGE_SIZE));
	u64 free_to_take = without(size, memcg_protected(memcg, top));
	s64 more = crowd_shift(c, totalpages);

	w->score = (s64)without(free_to_take, c->spared * PAGE_SIZE) + more;
	w->full = c->spared ? (s64)free_to_take + more : LOWEST;
	return free_to_take || !size;
}

static void weigh_strangers(const struct scored *s, struct weight *w)
{
	w->score = s->worst == LOWEST ? LOWEST : s->worst * (s64)PAGE_SIZE;
	w->full = s->crowd.spared ? (s64)(s->crowd.largest_spared * PAGE_SIZE) : LOWEST;
}

/* systemd-logind calls sessions session-ID.scope. */
static bool is_session(struct mem_cgroup *memcg)
{
	const char *kn_name = BPF_CORE_READ(memcg, css.cgroup, kn, name);
	char name[32];
	long len;

	len = bpf_probe_read_kernel_str(name, sizeof(name), kn_name);
	if (len < 16 || len > (long)sizeof(name))
		return false;
	return !bpf_strncmp(name, 8, "session-") && !bpf_strncmp(name + len - 7, 6, ".scope");
}

__noinline int bond(struct mem_cgroup *memcg __arg_trusted, bool leaf)
{
	__u32 *value;

	if (!leaf)
		return STRANGERS;
	value = cgroup_setting(&whole, memcg->css.cgroup);
	if (value)
		return *value ? UNIT : STRANGERS;
	if (is_session(memcg))
		return STRANGERS;
	return whole_cgroup ? UNIT : PARTS;
}

static enum verdict weigh(struct oom_control *oc, struct mem_cgroup *memcg, int top,
			  bool strangers, struct weight *w)
{
	struct scored s = { .worst = LOWEST };
	bool protected = false;

	w->full = LOWEST;
	w->strangers = strangers;
	if (!count_all(oc, memcg, &s))
		return LEAVE_IT_TO_THE_KERNEL;
	if (s.worst == LOWEST && !s.crowd.spared)
		return NO_CANDIDATE;
	if (strangers)
		weigh_strangers(&s, w);
	else
		protected = !weigh_parts(memcg, oc->totalpages, top, &s, w);
	if (s.worst == LOWEST) {
		pass_over(oc, memcg, w->full, "all its processes are protected by oom_score_adj");
		return NO_CANDIDATE;
	}
	if (protected) {
		pass_over(oc, memcg, w->score, "memory.min or memory.low protects all of it");
		return NO_CANDIDATE;
	}
	if (bpf_ksym_exists(bpf_oom_candidate_memcg))
		bpf_oom_candidate_memcg(oc, memcg, w->score);
	return CANDIDATE;
}

/**
 * struct ranking - what a walk has found
 * @score: the largest weight of what can be killed
 * @full: the largest weight that includes processes that must not be killed
 * @full_is_best: both are of one cgroup, so its other processes can be killed
 * @doubt: leave the decision to the kernel
 */
struct ranking {
	s64 score;
	s64 full;
	bool full_is_best;
	bool doubt;
};

/* Returns whether this is the best candidate so far. */
__noinline int rank(struct ranking *r __arg_nonnull, const struct weight *w __arg_nonnull,
		    bool candidate)
{
	bool best = candidate && w->score > r->score;

	if (best) {
		r->score = w->score;
		r->full_is_best = false;
	}
	if (w->full > r->full) {
		r->full = w->full;
		r->full_is_best = best && !w->strangers;
	}
	return best;
}

/* Returns a reference, or NULL if there is no candidate. */
static struct mem_cgroup *find_largest(struct oom_control *oc, struct mem_cgroup *domain,
				       struct ranking *r, int *best_bond)
{
	int top = BPF_CORE_READ(domain, css.cgroup, level), has_children = 0, b;
	struct mem_cgroup *memcg, *smaller, *best = NULL;
	struct cgroup_subsys_state *css;
	enum verdict verdict;
	struct weight w;
	bool leaf;

	/*
	 * A cgroup may be removed during the walk, which means that its last task has
	 * exited. If the walk has not reached it yet, it is not CSS_ONLINE, or getting a
	 * reference fails, or it has no tasks to judge; its parent may then be a leaf. If
	 * it is already the best candidate, it is held here but has no process left to
	 * kill: then the kernel decides.
	 */
	bpf_rcu_read_lock();
	bpf_for_each(css, css, &domain->css, BPF_CGROUP_ITER_DESCENDANTS_POST) {
		/* The walk still visits removed cgroups, which have no tasks. */
		if (!(css->flags & CSS_ONLINE))
			continue;
		leaf = css_is_leaf(css, &has_children);
		memcg = bpf_get_mem_cgroup(css);
		if (!memcg)
			continue;

		b = bond(memcg, leaf);
		verdict = weigh(oc, memcg, top, b == STRANGERS, &w);
		if (verdict != LEAVE_IT_TO_THE_KERNEL && rank(r, &w, verdict == CANDIDATE)) {
			smaller = best;
			best = memcg;
			memcg = smaller;
			*best_bond = b;
		}
		if (memcg)
			bpf_put_mem_cgroup(memcg);
		if (verdict == LEAVE_IT_TO_THE_KERNEL) {
			r->doubt = true;
			break;
		}
	}
	bpf_rcu_read_unlock();
	return best;
}

static __always_inline int kill(struct oom_control *oc, struct task_struct *task, int bond)
{
	if (bond == UNIT)
		return bpf_oom_kill_process(oc, task, "Out of memory (largest cgroup)");
	if (bond == PARTS)
		return bpf_oom_kill_process(oc, task,
					    "Out of memory (largest process of the largest cgroup)");
	return bpf_oom_kill_process(oc, task, "Out of memory (largest process)");
}

/* Returns a reference, or NULL. */
static struct task_struct *find_worst(struct oom_control *oc, struct mem_cgroup *memcg)
{
	struct task_struct *task, *ref, *better, *worst = NULL;
	struct bpf_iter_css_task it;
	s64 score, worst_score = LOWEST;

	if (bpf_iter_css_task_new(&it, &memcg->css, CSS_TASK_ITER_PROCS))
		goto out;
	while ((task = bpf_iter_css_task_next(&it))) {
		score = task_score(task, oc->totalpages);
		if (score <= worst_score)
			continue;
		ref = bpf_task_acquire(task);
		if (!ref)
			continue;
		better = worst;
		worst = ref;
		worst_score = score;
		if (better)
			bpf_task_release(better);
	}
out:
	bpf_iter_css_task_destroy(&it);
	return worst;
}

/* A process that exits by itself meanwhile (-ESRCH) counts as killed. */
static int kill_others(struct oom_control *oc, struct mem_cgroup *memcg, int tgid)
{
	struct bpf_iter_css_task it;
	struct task_struct *task;
	int killed = 0;

	if (bpf_iter_css_task_new(&it, &memcg->css, CSS_TASK_ITER_PROCS))
		goto out;
	while ((task = bpf_iter_css_task_next(&it))) {
		if (task->tgid == tgid || task_is_unkillable(task))
			continue;
		if (!kill(oc, task, UNIT))
			killed = 1;
	}
out:
	bpf_iter_css_task_destroy(&it);
	return killed;
}

static int kill_in(struct oom_control *oc, struct mem_cgroup *memcg, int bond)
{
	struct task_struct *task = find_worst(oc, memcg);
	int err, tgid;

	if (!task)
		return decline(oc, "the processes of the largest cgroup have exited");
	tgid = task->tgid;
	err = kill(oc, task, bond);
	bpf_task_release(task);
	/* There is free memory again: no more kills are needed. */
	if (err == -EAGAIN)
		return 0;
	if (bond == UNIT && kill_others(oc, memcg, tgid))
		return 1;
	return err ? decline(oc, "the largest process could not be killed") : 1;
}

static int handle(struct oom_control *oc, struct mem_cgroup *domain)
{
	struct ranking r = { .score = LOWEST, .full = LOWEST };
	struct mem_cgroup *memcg;
	int killed = 0, bond = PARTS;

	bpf_mem_cgroup_flush_stats(domain);
	memcg = find_largest(oc, domain, &r, &bond);
	if (r.doubt)
		decline(oc, "no memory left to look at the processes");
	else if (!memcg)
		decline(oc, "no cgroup has a process that could be killed");
	else if (r.full > r.score && !r.full_is_best)
		decline(oc, "the largest is protected by oom_score_adj");
	else
		killed = kill_in(oc, memcg, bond);
	if (memcg)
		bpf_put_mem_cgroup(memcg);
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
		return decline(oc, "the sizes of cgroups say nothing about nodes");
	if (memcg__nullable)
		return handle(oc, memcg__nullable);

	root = bpf_get_root_mem_cgroup();
	if (!root)
		return decline(oc, "no memory controller in this kernel (cgroup_disable=memory?)");
	killed = handle(oc, root);
	bpf_put_mem_cgroup(root);
	return killed;
}

BPF_OOM_OPS(largest, .handle_out_of_memory = (void *)largest_oom);
