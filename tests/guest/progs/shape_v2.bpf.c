// SPDX-License-Identifier: GPL-2.0-only
/* A policy in the shape of v2: a context first */
#include "shape.bpf.h"

char _license[] SEC("license") = "GPL";

unsigned long long seen_cgroup_id, offline_cgroup_id, offline_ctx_id;

BPF_OOM_HANDLER_V2(handler, struct bpf_oom_ctx *ctx, struct oom_control *oc)
{
	seen_cgroup_id = ctx->cgroup_id;
	return shape_kill_by_reference(oc, "Shape of v2");
}

BPF_OOM_OFFLINE_V2(offline, struct bpf_oom_ctx *ctx, u64 cgroup_id)
{
	offline_ctx_id = ctx->cgroup_id;
	offline_cgroup_id = cgroup_id;
}

SEC(".struct_ops.link")
struct bpf_oom_ops shape_v2 = {
	.name = "shape_v2",
	.handle_out_of_memory = (void *)handler,
	.handle_cgroup_offline = (void *)offline,
};
