// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: evaluate_task cannot sleep, since the kernel scans under RCU. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops.s/evaluate_task")
int BPF_PROG(evaluate, struct task_struct *task, struct oom_control *oc)
{
	return BPF_EVAL_SELECT;
}

BPF_OOM_OPS(evaluator, .evaluate_task = (void *)evaluate);
