// SPDX-License-Identifier: GPL-2.0-only
/* Policies that look up local storage, existing or to be created */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

#ifndef BPF_LOCAL_STORAGE_GET_F_CREATE
#define BPF_LOCAL_STORAGE_GET_F_CREATE 1
#endif

struct {
	__uint(type, BPF_MAP_TYPE_CGRP_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} of_cgroups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} of_tasks SEC(".maps");

unsigned int asked, made, found;
unsigned long long value;

static __always_inline void look(__u64 *storage)
{
	asked++;
	if (!storage)
		return;
	made++;
	value = *storage;
}

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(cgroup_storage, struct oom_control *oc, struct cgroup *cgrp)
{
	look(bpf_cgrp_storage_get(&of_cgroups, cgrp, 0, BPF_LOCAL_STORAGE_GET_F_CREATE));
	found += !!bpf_cgrp_storage_get(&of_cgroups, cgrp, 0, 0);
	return 0;
}

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(task_storage, struct oom_control *oc, struct cgroup *cgrp)
{
	struct task_struct *task = bpf_get_current_task_btf();

	look(bpf_task_storage_get(&of_tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE));
	found += !!bpf_task_storage_get(&of_tasks, task, 0, 0);
	return 0;
}

BPF_OOM_OPS(cgroup_policy, .handle_out_of_memory = (void *)cgroup_storage);
BPF_OOM_OPS(task_policy, .handle_out_of_memory = (void *)task_storage);
