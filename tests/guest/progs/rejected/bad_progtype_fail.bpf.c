// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: tracing programs cannot call the kfunc that kills. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("fentry/out_of_memory")
int BPF_PROG(tracer, struct oom_control *oc)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return bpf_oom_kill_process(oc, task, "progtype");
}
