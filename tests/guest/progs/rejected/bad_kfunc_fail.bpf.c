// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: this kfunc would evade the checks of bpf_oom_kill_process(). */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

extern int bpf_send_signal_task(struct task_struct *task, int sig,
				enum pid_type type, u64 value) __ksym __weak;

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(handler, struct oom_control *oc)
{
	return !bpf_send_signal_task(bpf_get_current_task_btf(), 9, PIDTYPE_TGID, 0);
}

BPF_OOM_OPS(kfunc_caller, .handle_out_of_memory = (void *)handler);
