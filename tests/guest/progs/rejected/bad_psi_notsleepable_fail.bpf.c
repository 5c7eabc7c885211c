// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: the callbacks must be sleepable. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops/handle_psi_event")
void BPF_PROG(handler, struct bpf_psi *psi, struct bpf_psi_trigger *t)
{
}

BPF_PSI_OPS(notsleepable, .handle_psi_event = (void *)handler);
