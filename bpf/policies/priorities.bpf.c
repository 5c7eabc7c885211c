// SPDX-License-Identifier: GPL-2.0-only
/*
 * priorities: kill in the cgroup that matters least
 *
 * Where memory is overcommitted, some cgroup has to pay when all use what they were
 * promised, and which one should depend on what it is worth, not on how large it is. Each
 * cgroup can have a priority; a process has that of its nearest ancestor cgroup that has
 * one. A process of the lowest priority is killed; among equals the one that the kernel
 * would choose: the largest, adjusted by oom_score_adj.
 *
 * The scan is the kernel's own. So this works for an OOM of a cgroup, of the system, and
 * of a cpuset or memory policy alike, and processes that must not be killed are never
 * considered. If an earlier victim has not exited yet, the kernel waits for it.
 *
 * One process is killed, with all others in its cgroup if that has memory.oom.group set.
 */
#include <bpf_oom/common.bpf.h>

/* Priority of processes that have no cgroup with a priority */
const volatile __u32 default_priority = 100;

/* Priorities by id of the cgroup */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u32);
} priority SEC(".maps");

char LICENSE[] SEC("license") = "GPL";

BPF_OOM_DESCRIPTION("kills in the cgroup that matters least, by --set priority@CGROUP=N");

/*
 * The process selected so far in this scan. There is only one scan at a time: OOMs queue.
 * Not static, or the compiler splits it and its BTF does not match.
 */
struct {
	__u32 priority;
	long score;
} lowest;

static __u32 priority_of(struct task_struct *task)
{
	__u32 *value = cgroup_setting(&priority, task->cgroups->dfl_cgrp);

	return value ? *value : default_priority;
}

SEC("struct_ops/evaluate_task")
int BPF_PROG(priorities_evaluate, struct task_struct *task, struct oom_control *oc)
{
	long score = bpf_oom_badness(task, oc->totalpages);
	__u32 value = priority_of(task);

	if (score == LONG_MIN)
		return BPF_EVAL_NEXT;
	/*
	 * Records list the highest score first, so negate: the lowest priority is killed
	 * first.
	 */
	if (bpf_ksym_exists(bpf_oom_candidate_task))
		bpf_oom_candidate_task(oc, task, -(s64)value);
	/* oc->chosen is NULL at the beginning of a scan. */
	if (oc->chosen && (value > lowest.priority ||
			   (value == lowest.priority && score <= lowest.score)))
		return BPF_EVAL_NEXT;
	lowest.priority = value;
	lowest.score = score;
	return BPF_EVAL_SELECT;
}

BPF_OOM_OPS(priorities, .evaluate_task = (void *)priorities_evaluate);
