// SPDX-License-Identifier: GPL-2.0-only
/*
 * A policy that does what the test wants, see policy.h
 *
 * Looking up kfuncs takes half of the time of loading. So those that few tests need are
 * only in able.bpf.c, which is this file with ABLE defined.
 */
#include <bpf_oom/common.bpf.h>

#include "policy.h"

char _license[] SEC("license") = "GPL";

struct policy_control ctl;

static long spin(u64 i, void *arg)
{
	u64 *end = arg;

	return ctl.go_on || bpf_ktime_get_ns() >= *end;
}

static void take_time(u64 ns)
{
	u64 end = bpf_ktime_get_ns() + ns;
	int i;

	for (i = 0; i < 64; i++)
		bpf_loop(1 << 23, spin, &end, 0);
}

static int kill_pid(struct oom_control *oc, int pid, int *was_victim)
{
	struct task_struct *task = bpf_task_from_pid(pid);
	int ret;

	if (!task)
		return -3; /* ESRCH */
	*was_victim = bpf_task_is_oom_victim(task);
	ret = bpf_oom_kill_process(oc, task, "Test policy");
	bpf_task_release(task);
	return ret;
}

/* Returns whether the first kill succeeded. */
static bool kill_pids(struct oom_control *oc)
{
	int i, ret, was_victim = 0;
	bool killed = false;

	for (i = 0; i < POLICY_KILLS; i++) {
		if (!ctl.kill_pid[i])
			continue;
		ret = kill_pid(oc, ctl.kill_pid[i], &was_victim);
		if (!i)
			killed = !ret;
		/*
		 * Keep the first success: the next OOM may come before the test has read
		 * this.
		 */
		if (ctl.killed[i])
			continue;
		ctl.kill_ret[i] = ret;
		ctl.killed[i] = !ret;
		if (!i)
			ctl.was_victim = was_victim;
	}
	return killed;
}

#ifdef ABLE
static void wait_for_pid(struct oom_control *oc)
{
	struct task_struct *task = bpf_task_from_pid(ctl.wait_pid);

	ctl.wait_ret = -3; /* ESRCH */
	if (!task)
		return;
	ctl.wait_ret = bpf_oom_wait_victim(oc, task);
	ctl.waits += !ctl.wait_ret;
	bpf_task_release(task);
}

static int raise(struct oom_control *oc, u64 id, u64 to)
{
	struct mem_cgroup *memcg;
	struct cgroup *cgrp;
	int ret = -2; /* ENOENT */

	/* A kernel without memory cgroups; there the program loads too. */
	if (!bpf_ksym_exists(bpf_get_mem_cgroup))
		return ret;
	cgrp = bpf_cgroup_from_id(id);
	if (!cgrp)
		return ret;
	memcg = bpf_get_mem_cgroup(&cgrp->self);
	if (memcg) {
		ret = bpf_oom_raise_max(oc, memcg, to);
		bpf_put_mem_cgroup(memcg);
	}
	bpf_cgroup_release(cgrp);
	return ret;
}

/* Does nothing if the cgroup does not exist any more. */
static void pass_over(struct oom_control *oc, u64 id)
{
	struct mem_cgroup *memcg;
	struct cgroup *cgrp;

	if (!bpf_ksym_exists(bpf_get_mem_cgroup))
		return;
	cgrp = bpf_cgroup_from_id(id);
	if (!cgrp)
		return;
	memcg = bpf_get_mem_cgroup(&cgrp->self);
	if (memcg) {
		bpf_oom_pass_over(oc, memcg, 7, "it is not its turn");
		bpf_put_mem_cgroup(memcg);
	}
	bpf_cgroup_release(cgrp);
}

static long badness(struct oom_control *oc, int pid)
{
	struct task_struct *task = bpf_task_from_pid(pid);
	long points;

	if (!task)
		return 0;
	points = bpf_oom_badness(task, oc->totalpages);
	bpf_task_release(task);
	return points;
}

/* With an unknown flag the iterator fails, as it does if it cannot allocate memory. */
static void break_iterator(struct cgroup *cgrp)
{
	struct bpf_iter_css_task it;

	ctl.iterate_ret = bpf_iter_css_task_new(&it, &cgrp->self, ~0U);
	bpf_iter_css_task_next(&it);
	bpf_iter_css_task_destroy(&it);
}

static void raise_limits(struct oom_control *oc)
{
	int i;

	for (i = 0; i < POLICY_RAISES; i++) {
		if (ctl.raise_id[i])
			ctl.raise_ret[i] = raise(oc, ctl.raise_id[i], ctl.raise_to[i]);
	}
}
#endif

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(policy_oom, struct oom_control *oc, struct cgroup *cgrp,
	     struct mem_cgroup *memcg__nullable)
{
	struct mem_cgroup *memcg = memcg__nullable;
	bool killed;

	ctl.order = oc->order;
	ctl.constraint = oc->constraint;
	ctl.totalpages = oc->totalpages;
	ctl.cgrp_id = cgrp->kn->id;
	ctl.memcg_id = memcg ? memcg->css.cgroup->kn->id : 0;
	ctl.asked_ns = bpf_ktime_get_ns();
	ctl.asked_pid = bpf_get_current_pid_tgid() >> 32;
	__sync_fetch_and_add(&ctl.asked, 1);

	if (ctl.spin_ns)
		take_time(ctl.spin_ns);
#ifdef ABLE
	if (ctl.badness_pid)
		ctl.badness = badness(oc, ctl.badness_pid);
	raise_limits(oc);
	if (ctl.pass_over_id)
		pass_over(oc, ctl.pass_over_id);
	if (ctl.says_why)
		bpf_oom_decline(oc, "it is Sunday");
#endif
	killed = kill_pids(oc);
#ifdef ABLE
	if (ctl.wait_pid)
		wait_for_pid(oc);
	if (ctl.fail_iterate)
		break_iterator(cgrp);
#endif
	__sync_fetch_and_add(&ctl.finished, 1);
	if (ctl.ret_if_killed)
		return killed;
	return ctl.ret;
}

SEC("struct_ops/evaluate_task")
int BPF_PROG(policy_evaluate, struct task_struct *task, struct oom_control *oc)
{
	int i;

	ctl.chosen_pid = oc->chosen ? oc->chosen->tgid : 0;
	ctl.scans += !ctl.chosen_pid;
	ctl.evaluated++;
	if (ctl.rank_score)
		bpf_oom_candidate_task(oc, task, ctl.rank_score);
	for (i = 0; i < POLICY_KILLS; i++) {
		if (task->tgid == ctl.rank_pid[i])
			return ctl.rank[i];
	}
	return ctl.rank_other;
}

SEC("struct_ops.s/handle_cgroup_offline")
void BPF_PROG(policy_offline, u64 cgroup_id)
{
	ctl.offline_id = cgroup_id;
	__sync_fetch_and_add(&ctl.offline, 1);
	if (ctl.offline_ns)
		take_time(ctl.offline_ns);
	__sync_fetch_and_add(&ctl.offline_done, 1);
}

/* Tests remove members that they do not want, see policy_open(). */
BPF_OOM_OPS(policy,
	    .handle_out_of_memory = (void *)policy_oom,
	    .evaluate_task = (void *)policy_evaluate,
	    .handle_cgroup_offline = (void *)policy_offline);
