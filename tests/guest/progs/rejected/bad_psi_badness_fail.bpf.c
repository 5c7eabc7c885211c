// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: scores are for policies that handle an OOM; here there is none. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops.s/handle_psi_event")
void BPF_PROG(handler, struct bpf_psi *psi, struct bpf_psi_trigger *t)
{
	bpf_oom_badness(bpf_get_current_task_btf(), 1000);
}

BPF_PSI_OPS(scorer, .handle_psi_event = (void *)handler);
