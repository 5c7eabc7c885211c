// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: any task that reads an iterator would run the program. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("iter.s/task")
int handler(struct bpf_iter__task *ctx)
{
	return bpf_out_of_memory(NULL, 0, 0, "");
}
