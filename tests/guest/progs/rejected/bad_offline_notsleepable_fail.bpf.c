// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: the callback must be sleepable. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(handler, struct oom_control *oc)
{
	return 0;
}

SEC("struct_ops/handle_cgroup_offline")
void BPF_PROG(offline, u64 cgroup_id)
{
}

BPF_OOM_OPS(notsleepable,
	    .handle_out_of_memory = (void *)handler,
	    .handle_cgroup_offline = (void *)offline);
