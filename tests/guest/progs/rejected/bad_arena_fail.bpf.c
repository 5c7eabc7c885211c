// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: a task that allocates in the arena may hold its lock during the OOM. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 4);
} arena SEC(".maps");

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(handler, struct oom_control *oc)
{
	/* Any use of the map makes it the program's arena. */
	asm volatile("" : : "r"(&arena));
	return 0;
}

BPF_OOM_OPS(with_arena, .handle_out_of_memory = (void *)handler);
