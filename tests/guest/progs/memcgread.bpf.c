// SPDX-License-Identifier: GPL-2.0-only
/* Reads a memcg by every memcg kfunc, in a program that is no policy. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

unsigned long long cgroup_id;
int found;
unsigned long usage, anon, bad_page_state, pgfault, bad_vm_event, ooms,
	bad_memory_event, root_usage;

SEC("syscall")
int read_memcg(void *ctx)
{
	struct mem_cgroup *memcg, *root;
	struct cgroup *cgrp;

	cgrp = bpf_cgroup_from_id(cgroup_id);
	if (!cgrp)
		return 0;
	memcg = bpf_get_mem_cgroup(&cgrp->self);
	bpf_cgroup_release(cgrp);
	if (!memcg)
		return 0;
	found = 1;
	bpf_mem_cgroup_flush_stats(memcg);
	usage = bpf_mem_cgroup_usage(memcg);
	anon = bpf_mem_cgroup_page_state(memcg, NR_ANON_MAPPED);
	bad_page_state = bpf_mem_cgroup_page_state(memcg, 100000);
	pgfault = bpf_mem_cgroup_vm_events(memcg, PGFAULT);
	bad_vm_event = bpf_mem_cgroup_vm_events(memcg, 100000);
	ooms = bpf_mem_cgroup_memory_events(memcg, MEMCG_OOM_KILL);
	bad_memory_event = bpf_mem_cgroup_memory_events(memcg, 100000);
	bpf_put_mem_cgroup(memcg);

	root = bpf_get_root_mem_cgroup();
	if (root) {
		root_usage = bpf_mem_cgroup_usage(root);
		bpf_put_mem_cgroup(root);
	}
	return 0;
}
