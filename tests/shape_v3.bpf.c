// SPDX-License-Identifier: GPL-2.0-only
/* A policy in the shape of v3: the link last */
#include <bpf_oom/common.bpf.h>
#include <bpf_oom/compat.bpf.h>

char _license[] SEC("license") = "GPL";

int victim;
unsigned long long seen_cgroup_id;

static int kill_victim(struct oom_control *oc)
{
	struct task_struct *task = bpf_task_from_pid(victim);
	int ret;

	if (!task)
		return 0;
	ret = bpf_oom_kill_process(oc, task, "Shape of v3");
	bpf_task_release(task);
	return !ret;
}

BPF_OOM_HANDLER_V3(handler, struct oom_control *oc, struct bpf_oom_link_v3 *st_link)
{
	seen_cgroup_id = st_link->cgroup->kn->id;
	return kill_victim(oc);
}

BPF_OOM_OPS(shape_v3, .handle_out_of_memory = (void *)handler);
