// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: evaluate_task ranks tasks and cannot wait for a victim. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops/evaluate_task")
int BPF_PROG(program, struct task_struct *task, struct oom_control *oc)
{
	return bpf_oom_wait_victim(oc, task) ? BPF_EVAL_NEXT : BPF_EVAL_ABORT;
}

BPF_OOM_OPS(evaluator, .evaluate_task = (void *)program);
