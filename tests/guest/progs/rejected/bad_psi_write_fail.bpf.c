// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: policies cannot write to triggers. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops.s/handle_psi_event")
void BPF_PROG(handler, struct bpf_psi *psi, struct bpf_psi_trigger *t)
{
	t->events = 0;
}

BPF_PSI_OPS(writer, .handle_psi_event = (void *)handler);
