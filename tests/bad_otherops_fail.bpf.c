// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: another struct_ops type is no place for OOM kfuncs. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops/ssthresh")
u32 BPF_PROG(other_ssthresh, struct sock *sk)
{
	return bpf_task_is_oom_victim(bpf_get_current_task_btf());
}

SEC("struct_ops/undo_cwnd")
u32 BPF_PROG(other_undo_cwnd, struct sock *sk)
{
	return 0;
}

SEC("struct_ops/cong_avoid")
void BPF_PROG(other_cong_avoid, struct sock *sk, u32 ack, u32 acked)
{
}

SEC(".struct_ops.link")
struct tcp_congestion_ops otherops = {
	.ssthresh = (void *)other_ssthresh,
	.undo_cwnd = (void *)other_undo_cwnd,
	.cong_avoid = (void *)other_cong_avoid,
	.name = "otherops",
};
