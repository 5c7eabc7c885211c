// SPDX-License-Identifier: GPL-2.0-only
/* Takes the memcg of oom_control, like upstream's handlers. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

unsigned long usage;

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(oc_memcg_oom, struct oom_control *oc)
{
	struct mem_cgroup *memcg = oc->memcg;

	if (memcg)
		usage = bpf_mem_cgroup_usage(memcg);
	return 0;
}

SEC(".struct_ops.link")
struct bpf_oom_ops oc_memcg = {
	.handle_out_of_memory = (void *)oc_memcg_oom,
	.name = "oc_memcg",
};
