// SPDX-License-Identifier: GPL-2.0-only
/*
 * priorities: kill in the cgroup that matters least
 *
 * Where memory is promised more than once, somebody has to pay when all want
 * theirs, and who that is should be a matter of what they are worth and not of how
 * large they are. Each cgroup can have a priority; a process has that of the
 * nearest cgroup above it that has one. The lowest loses, and among equals the one
 * that the kernel would choose: the largest, with regard to oom_score_adj.
 *
 * The scan is the kernel's own, so this works for an OOM of a cgroup, of the
 * system, and of a cpuset or memory policy alike, and who must not be killed is
 * never looked at. A victim that is still on its way out is waited for.
 *
 * One process is killed, with all others in its cgroup if that has
 * memory.oom.group set.
 */
#include <bpf_oom/common.bpf.h>

/* Of processes for which no cgroup has one. */
const volatile __u32 default_priority = 100;

/* By the id of the cgroup. */
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
 * Of what has been selected in this scan. There is one at a time: OOMs queue. Not
 * static, or the compiler takes it apart and its BTF does not match.
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
	/* The highest score is the first to go, and that is the lowest priority. */
	if (bpf_ksym_exists(bpf_oom_candidate_task))
		bpf_oom_candidate_task(oc, task, -(s64)value);
	/* Nobody yet: a scan begins. */
	if (oc->chosen && (value > lowest.priority ||
			   (value == lowest.priority && score <= lowest.score)))
		return BPF_EVAL_NEXT;
	lowest.priority = value;
	lowest.score = score;
	return BPF_EVAL_SELECT;
}

BPF_OOM_OPS(priorities, .evaluate_task = (void *)priorities_evaluate);
