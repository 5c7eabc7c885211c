// SPDX-License-Identifier: GPL-2.0-only
/* A policy in the shape of v3: the link last */
#include "shape.bpf.h"

char _license[] SEC("license") = "GPL";

unsigned long long seen_cgroup_id;

BPF_OOM_HANDLER_V3(handler, struct oom_control *oc, struct bpf_oom_link_v3 *st_link)
{
	seen_cgroup_id = st_link->cgroup->kn->id;
	return shape_kill(oc, "Shape of v3");
}

SEC(".struct_ops.link")
struct bpf_oom_ops shape_v3 = {
	.name = "shape_v3",
	.handle_out_of_memory = (void *)handler,
};
