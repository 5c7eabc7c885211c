// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: a pressure policy kills by declaring an OOM. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops.s/handle_psi_event")
void BPF_PROG(handler, struct bpf_psi *psi, struct bpf_psi_trigger *t)
{
	bpf_send_signal_thread(9);
}

BPF_PSI_OPS(signaller, .handle_psi_event = (void *)handler);
