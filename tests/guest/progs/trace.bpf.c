// SPDX-License-Identifier: GPL-2.0-only
/* Other users of out_of_memory(), which count its calls */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

unsigned int entries, exits, probes;

SEC("?fentry/out_of_memory")
int BPF_PROG(on_entry, struct oom_control *oc)
{
	__sync_fetch_and_add(&entries, 1);
	return 0;
}

SEC("?fexit/out_of_memory")
int BPF_PROG(on_exit, struct oom_control *oc, bool ret)
{
	__sync_fetch_and_add(&exits, 1);
	return 0;
}

SEC("?kprobe/out_of_memory")
int on_probe(struct pt_regs *ctx)
{
	__sync_fetch_and_add(&probes, 1);
	return 0;
}
