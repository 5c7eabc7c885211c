// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: another struct_ops type is no place for OOM kfuncs. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops/test_1")
int BPF_PROG(other_test, struct bpf_dummy_ops_state *cb)
{
	/* No task, but whether it may be called is asked first. */
	return bpf_task_is_oom_victim((void *)cb);
}

/* The one type that every kernel with BPF has. */
SEC(".struct_ops")
struct bpf_dummy_ops otherops = {
	.test_1 = (void *)other_test,
};
