// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: an OOM policy cannot create triggers. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(handler, struct oom_control *oc)
{
	return bpf_psi_create_trigger((void *)oc, 0, PSI_MEM, 100000, 1000000);
}

BPF_OOM_OPS(trigger, .handle_out_of_memory = (void *)handler);
