// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: no OOM can be declared while one is being handled. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops/evaluate_task")
int BPF_PROG(evaluate, struct task_struct *task, struct oom_control *oc)
{
	return bpf_out_of_memory(NULL, 0, 0, "") ? BPF_EVAL_NEXT : BPF_EVAL_ABORT;
}

BPF_OOM_OPS(evaluator, .evaluate_task = (void *)evaluate);
