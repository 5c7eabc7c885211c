// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: this kfunc would evade the checks of bpf_oom_kill_process(). */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

extern int bpf_send_signal_task(struct task_struct *task, int sig,
				enum pid_type type, u64 value) __ksym __weak;

SEC("struct_ops/evaluate_task")
int BPF_PROG(evaluate, struct task_struct *task, struct oom_control *oc)
{
	return bpf_send_signal_task(task, 9, PIDTYPE_TGID, 0) ? BPF_EVAL_NEXT : BPF_EVAL_ABORT;
}

BPF_OOM_OPS(evaluator, .evaluate_task = (void *)evaluate);
