// SPDX-License-Identifier: GPL-2.0-only
/*
 * A policy that does what the test wants, see policy.h
 */
#include <bpf_oom/common.bpf.h>

#include "policy.h"

char _license[] SEC("license") = "GPL";

struct policy_control ctl;

static long spin(u64 i, void *arg)
{
	u64 *end = arg;

	return bpf_ktime_get_ns() >= *end;
}

static void kill_pids(struct oom_control *oc)
{
	struct task_struct *task;
	int i;

	for (i = 0; i < POLICY_KILLS; i++) {
		if (!ctl.kill_pid[i])
			continue;
		task = bpf_task_from_pid(ctl.kill_pid[i]);
		if (!task) {
			ctl.kill_ret[i] = -3; /* ESRCH */
			continue;
		}
		if (!i)
			ctl.was_victim = bpf_task_is_oom_victim(task);
		ctl.kill_ret[i] = bpf_oom_kill_process(oc, task, "Test policy");
		bpf_task_release(task);
	}
}

/* An unknown flag makes the iterator refuse, as it does without memory. */
static void break_iterator(struct cgroup *cgrp)
{
	struct bpf_iter_css_task it;

	ctl.iterate_ret = bpf_iter_css_task_new(&it, &cgrp->self, ~0U);
	bpf_iter_css_task_next(&it);
	bpf_iter_css_task_destroy(&it);
}

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(policy_oom, struct oom_control *oc, struct cgroup *cgrp,
	     struct mem_cgroup *memcg__nullable)
{
	struct mem_cgroup *memcg = memcg__nullable;
	u64 end;
	int i;

	ctl.order = oc->order;
	ctl.constraint = oc->constraint;
	ctl.totalpages = oc->totalpages;
	ctl.cgrp_id = cgrp->kn->id;
	ctl.memcg_id = memcg ? memcg->css.cgroup->kn->id : 0;
	ctl.asked_ns = bpf_ktime_get_ns();
	ctl.asked_pid = bpf_get_current_pid_tgid() >> 32;
	__sync_fetch_and_add(&ctl.asked, 1);

	if (ctl.spin_ns) {
		end = bpf_ktime_get_ns() + ctl.spin_ns;
		for (i = 0; i < 64; i++)
			bpf_loop(1 << 23, spin, &end, 0);
	}
	kill_pids(oc);
	if (ctl.fail_iterate)
		break_iterator(cgrp);
	__sync_fetch_and_add(&ctl.finished, 1);
	if (ctl.ret_if_killed)
		return !ctl.kill_ret[0];
	return ctl.ret;
}

BPF_OOM_OPS(policy, .handle_out_of_memory = (void *)policy_oom);
