// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: a pressure policy needs a handler of events. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

SEC("struct_ops.s/init")
int BPF_PROG(handlerless_init, struct bpf_psi *psi)
{
	return 0;
}

BPF_PSI_OPS(handlerless, .init = (void *)handlerless_init);
