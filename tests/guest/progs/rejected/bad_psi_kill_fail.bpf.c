// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: kills are for policies that handle an OOM; here there is none. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops.s/handle_psi_event")
void BPF_PROG(handler, struct bpf_psi *psi, struct bpf_psi_trigger *t)
{
	bpf_task_is_oom_victim(bpf_get_current_task_btf());
}

BPF_PSI_OPS(killer, .handle_psi_event = (void *)handler);
