// SPDX-License-Identifier: GPL-2.0-only
/* A policy in the shape of v1: oc is the only argument */
#include <bpf_oom/common.bpf.h>
#include <bpf_oom/compat.bpf.h>

char _license[] SEC("license") = "GPL";

int victim;

static int kill_victim(struct oom_control *oc)
{
	struct task_struct *task = bpf_task_from_pid(victim);
	int ret;

	if (!task)
		return 0;
	ret = bpf_oom_kill_process(oc, task, "Shape of v1");
	bpf_task_release(task);
	return !ret;
}

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(handler, struct oom_control *oc)
{
	return kill_victim(oc);
}

BPF_OOM_OPS(shape_v1, .handle_out_of_memory = (void *)handler);
