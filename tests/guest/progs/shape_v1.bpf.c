// SPDX-License-Identifier: GPL-2.0-only
/* A policy in the shape of v1: oc is the only argument */
#include "shape.bpf.h"

char _license[] SEC("license") = "GPL";

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(handler, struct oom_control *oc)
{
	return shape_kill_by_reference(oc, "Shape of v1");
}

SEC(".struct_ops.link")
struct bpf_oom_ops shape_v1 = {
	.name = "shape_v1",
	.handle_out_of_memory = (void *)handler,
};
