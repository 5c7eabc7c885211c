// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: policies cannot write to oom_control. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(handler, struct oom_control *oc)
{
	oc->chosen = NULL;
	return 1;
}

BPF_OOM_OPS(writer, .handle_out_of_memory = (void *)handler);
