// SPDX-License-Identifier: GPL-2.0-only
/* Pressure policies in the shapes of v1 and of v2 */
#include <bpf_oom/common.bpf.h>
#include <bpf_oom/compat.bpf.h>

char _license[] SEC("license") = "GPL";

const volatile unsigned long long watched;
unsigned int v1_events, v2_events;
unsigned long long v1_seen, v1_freed, v2_seen, v2_offline;

static int watch(struct bpf_psi *psi)
{
	return bpf_psi_create_trigger(psi, watched, PSI_CPU, 100000, 1000000);
}

SEC("struct_ops.s/init")
int BPF_PROG(v1_init, struct bpf_psi *psi)
{
	return watch(psi);
}

BPF_PSI_EVENT_V1(v1_event, struct psi_trigger *t)
{
	v1_seen = t->cgroup_id;
	v1_events++;
}

BPF_PSI_FREE_V1(v1_free, u64 cgroup_id)
{
	v1_freed = cgroup_id;
}

SEC("struct_ops.s/init")
int BPF_PROG(v2_init, struct bpf_psi *psi)
{
	return watch(psi);
}

SEC("struct_ops.s/handle_psi_event")
void BPF_PROG(v2_event, struct bpf_psi *psi, struct psi_trigger *t)
{
	v2_seen = t->cgroup_id;
	v2_events++;
}

SEC("struct_ops.s/handle_cgroup_offline")
void BPF_PROG(v2_gone, struct bpf_psi *psi, u64 cgroup_id)
{
	v2_offline = cgroup_id;
}

BPF_PSI_OPS(shape_psi_v1,
	    .init = (void *)v1_init,
	    .handle_psi_event = (void *)v1_event,
	    .handle_cgroup_offline = (void *)v1_free);

BPF_PSI_OPS(shape_psi_v2,
	    .init = (void *)v2_init,
	    .handle_psi_event = (void *)v2_event,
	    .handle_cgroup_offline = (void *)v2_gone);
