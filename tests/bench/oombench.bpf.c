// SPDX-License-Identifier: GPL-2.0-only
/* A policy that leaves everything to the kernel, to measure the framework alone */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(decline, struct oom_control *oc)
{
	return 0;
}

BPF_OOM_OPS(empty, .handle_out_of_memory = (void *)decline);
