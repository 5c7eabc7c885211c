// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: the memcg is NULL in a global OOM, so it must be tested. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(handler, struct oom_control *oc, struct cgroup *cgrp,
	     struct mem_cgroup *memcg__nullable)
{
	return memcg__nullable->css.cgroup->level;
}

BPF_OOM_OPS(nullable, .handle_out_of_memory = (void *)handler);
