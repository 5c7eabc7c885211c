// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: mmap_lock may be held by the task that ran out of memory. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(handler, struct oom_control *oc)
{
	long word = 0;

	bpf_copy_from_user_task(&word, sizeof(word), (void *)4096,
				bpf_get_current_task_btf(), 0);
	return word;
}

BPF_OOM_OPS(usermem, .handle_out_of_memory = (void *)handler);
