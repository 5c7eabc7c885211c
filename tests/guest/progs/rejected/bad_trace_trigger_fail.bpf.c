// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: only pressure policies can create triggers. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("syscall")
int handler(void *ctx)
{
	return bpf_psi_create_trigger(ctx, 0, PSI_MEM, 100000, 1000000);
}
