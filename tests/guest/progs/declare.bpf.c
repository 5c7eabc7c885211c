// SPDX-License-Identifier: GPL-2.0-only
/* Declares OOMs in programs that have nothing to do with pressure. */
#include "declare.bpf.h"

char _license[] SEC("license") = "GPL";

unsigned long long cgroup_id;
struct psi_declare declare;

SEC("syscall")
int declare_now(void *ctx)
{
	declare.ret = declare_oom_in(cgroup_id, &declare);
	return 0;
}
