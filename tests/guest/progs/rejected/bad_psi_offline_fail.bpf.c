// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: no trigger can be created when a cgroup has been removed. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops.s/handle_psi_event")
void BPF_PROG(handler, struct bpf_psi *psi, struct bpf_psi_trigger *t)
{
}

SEC("struct_ops.s/handle_cgroup_offline")
void BPF_PROG(offline, struct bpf_psi *psi, u64 cgroup_id)
{
	bpf_psi_create_trigger(psi, 0, PSI_MEM, 100000, 1000000);
}

BPF_PSI_OPS(late, .handle_psi_event = (void *)handler,
	    .handle_cgroup_offline = (void *)offline);
