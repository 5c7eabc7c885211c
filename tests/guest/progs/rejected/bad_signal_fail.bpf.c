// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: policies kill by bpf_oom_kill_process(), which checks the target. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(handler, struct oom_control *oc)
{
	return !bpf_send_signal(9);
}

BPF_OOM_OPS(signaller, .handle_out_of_memory = (void *)handler);
