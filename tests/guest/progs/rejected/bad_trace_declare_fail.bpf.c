// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: declaring an OOM sleeps, which this program cannot. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("fentry/out_of_memory")
int BPF_PROG(tracer, struct oom_control *oc)
{
	return bpf_out_of_memory(NULL, 0, 0, "");
}
