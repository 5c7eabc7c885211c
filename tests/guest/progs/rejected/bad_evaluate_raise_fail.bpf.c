// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: evaluate_task ranks tasks and cannot raise limits. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops/evaluate_task")
int BPF_PROG(program, struct task_struct *task, struct oom_control *oc)
{
	struct mem_cgroup *memcg = bpf_get_root_mem_cgroup();
	int ret = BPF_EVAL_NEXT;

	if (!memcg)
		return ret;
	if (bpf_oom_raise_max(oc, memcg, 1ULL << 40))
		ret = BPF_EVAL_ABORT;
	bpf_put_mem_cgroup(memcg);
	return ret;
}

BPF_OOM_OPS(evaluator, .evaluate_task = (void *)program);
