// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: programs of other struct_ops types cannot declare an OOM. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops.s/test_sleepable")
int BPF_PROG(other_test, struct bpf_dummy_ops_state *cb)
{
	return bpf_out_of_memory(NULL, 0, 0, "");
}

/* the only type that every kernel with BPF has */
SEC(".struct_ops")
struct bpf_dummy_ops otherops = {
	.test_sleepable = (void *)other_test,
};
