// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: the policy would never be asked about an OOM. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops.s/handle_cgroup_offline")
void BPF_PROG(offline, u64 cgroup_id)
{
}

BPF_OOM_OPS(idle, .handle_cgroup_offline = (void *)offline);
