// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kills, waits and raises limits for the policy that is being asked
 *
 * The kernel's own functions do the work, and the decision notes what they report as
 * done: nothing else makes an OOM count as handled.
 */
#define pr_fmt(fmt) "bpf_oom: " fmt

#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/oom.h>
#include <linux/oom_hook.h>
#include <linux/page_counter.h>
#include <linux/printk.h>
#include <linux/sched/coredump.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/writeback.h>

#include "compat.h"
#include "oom/note.h"
#include "oom/relief.h"
#include "oom/victims.h"
#include "policy/attachment.h"

#ifdef CONFIG_MEMCG
/*
 * Would a charge of @nr pages fit now, in the memcg that hit its limit and in all of
 * its ancestors? In a dry run @raised has not been raised: pretend that its limit is
 * @pages.
 */
static bool charge_fits(const struct oom_control *oc, unsigned long nr,
			const struct mem_cgroup *raised, unsigned long pages)
{
	struct page_counter *counter = &oc->memcg->memory;
	unsigned long max;

	for (; counter; counter = counter->parent) {
		max = READ_ONCE(counter->max);
		if (raised && counter == &raised->memory)
			max = max(max, pages);
		if (page_counter_read(counter) + nr > max)
			return false;
	}
	return true;
}

/*
 * Ignore slack smaller than the per-CPU memcg stocks: a failing charge drains them, but
 * some CPUs do that late, so a batch per CPU may appear without a victim's help.
 */
static bool has_room(const struct oom_control *oc)
{
	unsigned long batches = (num_online_cpus() + 1) * MEMCG_CHARGE_BATCH;

	return charge_fits(oc, max(1UL << oc->order, batches), NULL, 0);
}

/* On cgroup v1 the rules differ, and memory+swap has a limit of its own. */
static bool is_of_cgroup2(const struct oom_control *oc)
{
	return oc->memcg && oc->memcg->css.cgroup->root == &cgrp_dfl_root;
}

/*
 * Has a charge failed at a cgroup v2 limit? Then the kernel has checked, under oom_lock,
 * that it did not fit: if it fits now, memory has come back since, even if no policy
 * has been asked yet. That does not hold for an OOM of the system or a declared one,
 * and is not known on cgroup v1. A rehearsal for a cgroup cannot be told apart here.
 */
static bool is_of_limit(const struct oom_control *oc)
{
	return is_of_cgroup2(oc) && !oom_hook_text(oc);
}

/**
 * bpf_oom_room_again() - has memory come back by itself?
 * @d: the OOM
 *
 * The kernel checks whether the charge fits before it starts an OOM, and not again. A
 * policy takes longer than the kernel's own choice. If an earlier victim frees memory
 * in that time, there must be no second victim. The same goes for a victim that has
 * MMF_OOM_SKIP set but is still freeing its memory.
 *
 * Context: while the OOM is being handled; not in a rehearsal, which does not start
 * with a charge that fails.
 * Return: true if there was no room when this OOM came, and now there is, or will
 * be in a moment.
 */
bool bpf_oom_room_again(const struct decision *d)
{
	if (!is_of_limit(d->oc))
		return false;
	return has_room(d->oc) || bpf_oom_victim_frees(bpf_oom_domain(d->oc));
}
#else
bool bpf_oom_room_again(const struct decision *d)
{
	return false;
}
#endif

/* The OOM reaper sets MMF_OOM_SKIP, at the latest when it gives up. */
static bool is_dying(struct task_struct *task)
{
	return tsk_is_oom_victim(task) &&
	       !mm_flags_test(MMF_OOM_SKIP, task->signal->oom_mm);
}

/**
 * struct on_the_way - a search for a victim that is on its way out
 * @oc: the OOM
 * @pid: the process that was found; 0: none
 */
struct on_the_way {
	struct oom_control *oc;
	pid_t pid;
};

/* Called under RCU. */
static int find_on_the_way(struct task_struct *task, void *arg)
{
	struct on_the_way *found = arg;

	if (!is_dying(task) || !oom_hook_in_domain(found->oc, task))
		return 0;
	found->pid = task_tgid_nr(task);
	return 1;
}

/* oom_hook_scan() would check each task's domain first, which takes longer. */
static void scan_system(struct on_the_way *found)
{
	struct task_struct *p;

	rcu_read_lock();
	for_each_process(p) {
		if (find_on_the_way(p, found))
			break;
	}
	rcu_read_unlock();
}

static pid_t scan(struct oom_control *oc)
{
	struct on_the_way found = { .oc = oc };

	if (oc->memcg)
		oom_hook_scan(oc, find_on_the_way, &found);
	else
		scan_system(&found);
	return found.pid;
}

/**
 * bpf_oom_is_on_the_way() - would the kernel wait for a victim?
 * @d: the OOM
 *
 * If so, no policy is asked: one that does not check would kill a second process. The
 * record of the victim counts this OOM as a repeat. Victims that a walk of the domain
 * does not show are found, too: see victims.c, also for the five seconds that bound the
 * wait besides the OOM reaper.
 *
 * Context: while the OOM is being handled.
 * Return: true if so; never in a rehearsal, nor for sysrq-f, which is meant to kill.
 */
bool bpf_oom_is_on_the_way(const struct decision *d)
{
	pid_t pid;

	if (d->rehearsal || d->oc->order == -1)
		return false;
	pid = bpf_oom_victim_coming(bpf_oom_domain(d->oc)) ?: scan(d->oc);
	if (!pid)
		return false;
	bpf_oom_record_repeat(pid);
	return true;
}

/**
 * bpf_oom_running_kill() - kill for the policy that is being asked
 * @oc: the OOM that the policy was given
 * @task: the task that the policy chose
 * @message: for the kernel log
 *
 * There is no check that @task is below the policy's cgroup: a policy is asked only
 * about OOMs at or below its cgroup, and oom_hook_kill() stays within their domain.
 *
 * Context: within a handler.
 * Return: 0 if memory will come from @task; -EAGAIN if it has come from elsewhere;
 * else an error of oom_hook_kill().
 */
int bpf_oom_running_kill(struct oom_control *oc, struct task_struct *task,
			 const char *message)
{
	struct decision *d = bpf_oom_deciding(oc);
	u64 cpu_ns;
	int ret;

	if (!d)
		return -EINVAL;
	/* A dry run goes on: it is meant to tell the victim. */
	if (!d->dry_run && !d->answer.kills && bpf_oom_room_again(d))
		d->answer.freed = true;
	if (d->answer.freed)
		return -EAGAIN;
	cpu_ns = bpf_oom_cpu_ns();
	ret = d->dry_run ? oom_hook_may_kill(oc, task) :
			   oom_hook_kill(oc, task, message);
	/* Not the policy's time: the kernel's report is long, a serial console slow. */
	d->began_cpu_ns += bpf_oom_cpu_ns() - cpu_ns;
	/* @task has exited, but others of its memory.oom.group were killed. */
	if (ret == -ESRCH && !d->dry_run && !d->answer.kills && d->record->kills)
		ret = 0;
	bpf_oom_note_kill(d, task, message, ret);
	if (!ret && !d->dry_run && tsk_is_oom_victim(task))
		bpf_oom_victim_add(bpf_oom_domain(oc), task);
	if (!ret)
		d->answer.kills++;
	else if (ret == 1)
		d->answer.relief = true;
	/* -ESRCH: the task has exited by itself, which is no fault of the policy. */
	else if (ret != -ESRCH)
		d->answer.refused = true;
	return ret < 0 ? ret : 0;
}

/**
 * bpf_oom_running_wait() - is it enough to wait for this task?
 * @oc: the OOM that the policy was given
 * @task: a task
 *
 * Context: within a handler.
 * Return: 0 if memory will come from @task, which has been killed before; else an
 * error as documented at bpf_oom_wait_victim().
 */
int bpf_oom_running_wait(struct oom_control *oc, struct task_struct *task)
{
	struct decision *d = bpf_oom_deciding(oc);

	if (!d)
		return -EINVAL;
	if (!is_dying(task))
		return -ESRCH;
	if (!oom_hook_in_domain(oc, task))
		return -EXDEV;
	bpf_oom_note_wait(d, task);
	d->answer.relief = true;
	return 0;
}

#ifdef CONFIG_MEMCG
/* Buffer for the log. One OOM is handled at a time, so there is one. */
static char raised_path[PATH_MAX];

/* Is @memcg between the policy's cgroup and the OOM's, or below the OOM's? */
static bool in_reach(const struct decision *d, struct mem_cgroup *memcg)
{
	struct cgroup *cgrp = memcg->css.cgroup, *oom = d->oc->memcg->css.cgroup;

	if (!cgroup_is_descendant(cgrp, d->att->cgrp))
		return false;
	return cgroup_is_descendant(cgrp, oom) || cgroup_is_descendant(oom, cgrp);
}

/* What raise_max() would return; for a dry run. */
static int may_raise_max(const struct mem_cgroup *memcg, unsigned long pages)
{
	return pages <= READ_ONCE(memcg->memory.max) ? -EINVAL : 0;
}

/* Like the kernel's own write to memory.max, but never lowers the limit. */
static int raise_max(const struct decision *d, struct mem_cgroup *memcg,
		     unsigned long pages)
{
	unsigned long old = READ_ONCE(memcg->memory.max);

	do {
		if (pages <= old)
			return -EINVAL;
	} while (!try_cmpxchg(&memcg->memory.max, &old, pages));
#ifdef CONFIG_CGROUP_WRITEBACK
	wb_domain_size_changed(&memcg->cgwb_domain);
#endif
	cgroup_path(memcg->css.cgroup, raised_path, sizeof(raised_path));
	pr_info_ratelimited("policy %s: memory.max of %s raised from %lukB to %lukB\n",
			    d->ops->name, raised_path, old * (PAGE_SIZE / SZ_1K),
			    pages * (PAGE_SIZE / SZ_1K));
	return 0;
}

/**
 * bpf_oom_running_raise() - raise the limit of a memcg
 * @oc: the OOM that the policy was given
 * @memcg: the memcg
 * @bytes: the new limit
 *
 * Context: within a handler.
 * Return: 0, or an error as documented at bpf_oom_raise_max().
 */
int bpf_oom_running_raise(struct oom_control *oc, struct mem_cgroup *memcg,
			  u64 bytes)
{
	unsigned long pages = min_t(u64, bytes / PAGE_SIZE, PAGE_COUNTER_MAX);
	struct decision *d = bpf_oom_deciding(oc);
	int ret;

	if (!d)
		return -EINVAL;
	if (!is_of_cgroup2(oc))
		return -EOPNOTSUPP;
	if (!in_reach(d, memcg))
		return -EXDEV;
	ret = d->dry_run ? may_raise_max(memcg, pages) :
			   raise_max(d, memcg, pages);
	if (!ret && charge_fits(oc, 1UL << oc->order, memcg, pages)) {
		d->answer.relief = true;
		d->answer.raised = true;
	}
	return ret;
}
#else
int bpf_oom_running_raise(struct oom_control *oc, struct mem_cgroup *memcg,
			  u64 bytes)
{
	return -EOPNOTSUPP;
}
#endif
