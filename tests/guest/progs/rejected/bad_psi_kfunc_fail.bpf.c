// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: this kfunc would kill without checks and without a record. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

extern int bpf_send_signal_task(struct task_struct *task, int sig,
				enum pid_type type, u64 value) __ksym __weak;

SEC("struct_ops.s/handle_psi_event")
void BPF_PROG(handler, struct bpf_psi *psi, struct bpf_psi_trigger *t)
{
	bpf_send_signal_task(bpf_get_current_task_btf(), 9, PIDTYPE_TGID, 0);
}

BPF_PSI_OPS(kfunc_caller, .handle_psi_event = (void *)handler);
