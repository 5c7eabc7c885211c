// SPDX-License-Identifier: GPL-2.0-only
/* A policy in the shape of the per-task series: it chooses the lower priority */
#include <bpf_oom/common.bpf.h>
#include <bpf_oom/compat.bpf.h>

char _license[] SEC("license") = "GPL";

/* By id of the cgroup that a task is in */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, u64);
	__type(value, int);
} cg_prio SEC(".maps");

static int prio_of(struct task_struct *task)
{
	u64 id = task->cgroups->dfl_cgrp->kn->id;
	int *prio = bpf_map_lookup_elem(&cg_prio, &id);

	return prio ? *prio : 1000;
}

BPF_OOM_EVALUATE_2023(evaluate, struct task_struct *task, struct oom_control *oc)
{
	int mine = prio_of(task), other;

	if (!oc->chosen)
		return BPF_EVAL_SELECT;
	other = prio_of(oc->chosen);
	if (mine == other)
		return NO_BPF_POLICY;
	return mine < other ? BPF_EVAL_SELECT : BPF_EVAL_NEXT;
}

BPF_OOM_OPS(shape_2023, .evaluate_task = (void *)evaluate);
