// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: policies cannot write to oom_control. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops/evaluate_task")
int BPF_PROG(evaluate, struct task_struct *task, struct oom_control *oc)
{
	oc->chosen = task;
	return BPF_EVAL_NEXT;
}

BPF_OOM_OPS(evaluator, .evaluate_task = (void *)evaluate);
