// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: reading a file allocates and waits for the disk. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

extern int bpf_dynptr_from_file(struct file *file, u32 flags,
				struct bpf_dynptr *ptr__uninit) __ksym __weak;

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(handler, struct oom_control *oc)
{
	struct bpf_dynptr ptr;

	return bpf_dynptr_from_file(NULL, 0, &ptr);
}

BPF_OOM_OPS(reader, .handle_out_of_memory = (void *)handler);
