// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: a task pointer that was read from memory is not trusted. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(program, struct oom_control *oc)
{
	return !bpf_oom_wait_victim(oc, oc->chosen);
}

BPF_OOM_OPS(untrusted, .handle_out_of_memory = (void *)program);
