// SPDX-License-Identifier: GPL-2.0-only
/* A policy in the shape of v2: a context first */
#include <bpf_oom/common.bpf.h>
#include <bpf_oom/compat.bpf.h>

char _license[] SEC("license") = "GPL";

int victim;
unsigned long long seen_cgroup_id, offline_cgroup_id, offline_ctx_id;

static int kill_victim(struct oom_control *oc)
{
	struct task_struct *task = bpf_task_from_pid(victim);
	int ret;

	if (!task)
		return 0;
	ret = bpf_oom_kill_process(oc, task, "Shape of v2");
	bpf_task_release(task);
	return !ret;
}

BPF_OOM_HANDLER_V2(handler, struct bpf_oom_ctx *ctx, struct oom_control *oc)
{
	seen_cgroup_id = ctx->cgroup_id;
	return kill_victim(oc);
}

BPF_OOM_OFFLINE_V2(offline, struct bpf_oom_ctx *ctx, u64 cgroup_id)
{
	offline_ctx_id = ctx->cgroup_id;
	offline_cgroup_id = cgroup_id;
}

BPF_OOM_OPS(shape_v2,
	    .handle_out_of_memory = (void *)handler,
	    .handle_cgroup_offline = (void *)offline);
