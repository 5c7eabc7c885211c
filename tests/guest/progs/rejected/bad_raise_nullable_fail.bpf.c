// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: the memcg is NULL when the system is out of memory. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(program, struct oom_control *oc, struct cgroup *cgrp,
	     struct mem_cgroup *memcg__nullable)
{
	return !bpf_oom_raise_max(oc, memcg__nullable, 1ULL << 30);
}

BPF_OOM_OPS(untested, .handle_out_of_memory = (void *)program);
