// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: programs of other struct_ops types cannot call OOM kfuncs. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops/test_1")
int BPF_PROG(other_test, struct bpf_dummy_ops_state *cb)
{
	/*
	 * It is no task, but the verifier first checks whether the kfunc may be called.
	 */
	return bpf_task_is_oom_victim((void *)cb);
}

/* the only type that every kernel with BPF has */
SEC(".struct_ops")
struct bpf_dummy_ops otherops = {
	.test_1 = (void *)other_test,
};
