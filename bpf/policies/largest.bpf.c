// SPDX-License-Identifier: GPL-2.0-only
/*
 * largest: kill in the largest cgroup
 *
 * The kernel looks for the largest process. Where each cgroup is a service or a
 * container, that is the wrong question: a service of forty small workers is never
 * asked to pay. This policy looks for the cgroup of which most memory comes back, and
 * kills the largest process in it.
 *
 * Which cgroups
 *	The OOM's domain is the cgroup that hit its limit, with all below it, or
 *	the whole system. A candidate is a leaf in it, that is a cgroup without
 *	children in the memory controller; a domain that is a leaf is its own
 *	candidate. The tasks of a threaded subtree, or of children without the
 *	memory controller, are charged to such a leaf and count as its own.
 *	Where processes have nothing in common but their cgroup, each of them stands for
 *	itself, and only for what it holds itself: in the root, in an inner cgroup of
 *	cgroup v1, in a login session of systemd, and where the option says so.
 *
 * How large
 *	All that is charged to it, and swap, without what a kill would not free:
 *	page cache and the reclaimable part of slab (see memcg_held()), files in a
 *	tmpfs (see memcg_outlives()), and what is held by processes that must not
 *	be killed (oom_score_adj of -1000, init). Page cache stays, or the kernel
 *	would have reclaimed it. Swap counts as memory does, for who fills the swap
 *	makes others run out of memory; so the kernel's own rule has it.
 *	What memory.min and memory.low protect does not count. The oom_score_adj of
 *	the processes shifts the size as it does in the kernel, by thousandths of the
 *	domain, each in proportion to what the process holds.
 *
 * Who dies
 *	The process with the highest score of the kernel, without its page cache, and
 *	with it those that memory.oom.group says. All of the cgroup if the option says
 *	so; that one first nevertheless: it is the culprit, and its memory comes first.
 *
 * When the kernel decides instead
 *	Whenever there is doubt: an iterator could not allocate, a process went away,
 *	the kill was refused, nothing was found. When a cpuset or memory policy ran
 *	out of memory, because sizes of cgroups say nothing about nodes. And when it
 *	would be another cgroup if processes that must not be killed counted: then
 *	smaller ones would pay, one after the other, for something that stays, and the
 *	kernel does that with fewer kills.
 */
#include <bpf_oom/crowd.bpf.h>

/* Kill all processes of the cgroup; false: the largest one in it. */
const volatile bool whole_cgroup;

/*
 * For single cgroups and those below them, by their id. 1: kill all processes of the
 * cgroup. 0: each process stands for itself.
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

/* What the processes of a cgroup are to each other. */
enum bond {
	STRANGERS,	/* nothing */
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
 * struct scored - the processes of a cgroup, and what the kernel thinks of them
 * @crowd: what they hold
 * @worst: the score of the one to be killed first; LOWEST: nobody can be killed
 */
struct scored {
	struct crowd crowd;
	s64 worst;
};

/**
 * struct weight - what a cgroup weighs, in bytes
 * @score: by what can be killed there
 * @full: if processes that must not be killed counted; LOWEST: there are none
 * @strangers: each of its processes stands for itself
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

/* For the return of a handler. */
static __always_inline int decline(struct oom_control *oc, const char *why)
{
	if (bpf_ksym_exists(bpf_oom_decline))
		bpf_oom_decline(oc, why);
	return 0;
}

/*
 * What is not static is verified by itself, and not once more for each way through the
 * loops that call it.
 */

/*
 * The kernel's score but for page cache. LOWEST: it cannot be killed, or nothing would
 * come of it.
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

/* False: without memory it is not known. */
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

/* Returns whether there is anything that is not protected by memory.min or memory.low. */
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

/* systemd-logind calls them session-ID.scope. */
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
 * struct ranking - of what has been weighed
 * @score: of the largest that can be killed
 * @full: the highest weight that has been seen with processes that must not be killed
 * @full_is_best: that is the largest itself, whose other processes pay
 * @doubt: the kernel shall decide
 */
struct ranking {
	s64 score;
	s64 full;
	bool full_is_best;
	bool doubt;
};

/* Returns whether it is the largest so far. */
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

/* Returns a reference, or NULL: nobody has been found. */
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

/* A reference, or NULL. */
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

/* A process that exits by itself meanwhile (-ESRCH) is as good as a kill. */
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
	/* Memory has come back: nobody else need die. */
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
