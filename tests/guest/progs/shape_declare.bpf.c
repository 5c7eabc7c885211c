// SPDX-License-Identifier: GPL-2.0-only
/* OOMs declared with the arguments of each series, in one cgroup */
#include <bpf_oom/common.bpf.h>
#include <bpf_oom/compat.bpf.h>

char _license[] SEC("license") = "GPL";

unsigned long long cgroup_id;
int ret;

static struct mem_cgroup *get_memcg(void)
{
	struct cgroup *cgrp = bpf_cgroup_from_id(cgroup_id);
	struct mem_cgroup *memcg;

	if (!cgrp)
		return NULL;
	memcg = bpf_get_mem_cgroup(&cgrp->self);
	bpf_cgroup_release(cgrp);
	return memcg;
}

SEC("syscall")
int declare_v1(void *ctx)
{
	struct mem_cgroup *memcg = get_memcg();

	if (!memcg)
		return 0;
	ret = bpf_out_of_memory(memcg, 0, true, "SHAPE_OF_V1");
	bpf_put_mem_cgroup(memcg);
	return 0;
}

SEC("syscall")
int declare_v2(void *ctx)
{
	struct mem_cgroup *memcg = get_memcg();

	if (!memcg)
		return 0;
	ret = bpf_out_of_memory(memcg, 0, BPF_OOM_FLAGS_WAIT_ON_OOM_LOCK, NULL);
	bpf_put_mem_cgroup(memcg);
	return 0;
}

SEC("syscall")
int declare_v3(void *ctx)
{
	struct mem_cgroup *memcg = get_memcg();

	if (!memcg)
		return 0;
	ret = bpf_out_of_memory(memcg, 0, BPF_OOM_FLAGS_WAIT_ON_OOM_LOCK);
	bpf_put_mem_cgroup(memcg);
	return 0;
}
