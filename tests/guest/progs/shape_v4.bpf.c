// SPDX-License-Identifier: GPL-2.0-only
/* A policy in the shape of the author's later branch: the cgroup last */
#include "shape.bpf.h"

char _license[] SEC("license") = "GPL";

unsigned long long seen_cgroup_id;

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(handler, struct oom_control *oc, struct cgroup *cgrp)
{
	seen_cgroup_id = cgrp->kn->id;
	return shape_kill(oc, "Shape of v4");
}

SEC(".struct_ops.link")
struct bpf_oom_ops shape_v4 = {
	.name = "shape_v4",
	.handle_out_of_memory = (void *)handler,
};
