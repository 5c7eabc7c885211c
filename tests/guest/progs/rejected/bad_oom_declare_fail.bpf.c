// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: an OOM declared within an OOM would wait for itself. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(handler, struct oom_control *oc)
{
	return bpf_out_of_memory(NULL, 0, BPF_OOM_FLAGS_WAIT_ON_OOM_LOCK, "");
}

BPF_OOM_OPS(declarer, .handle_out_of_memory = (void *)handler);
