// SPDX-License-Identifier: GPL-2.0-only
/*
 * Must not load: the memcg of oom_control is NULL in a global OOM, so it must be tested.
 */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(handler, struct oom_control *oc)
{
	return oc->memcg->css.cgroup->level;
}

BPF_OOM_OPS(oc_memcg_untested, .handle_out_of_memory = (void *)handler);
