// SPDX-License-Identifier: GPL-2.0-only
/* Takes a reference to a thread in one OOM, and tries to kill it in the next. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

struct held {
	struct task_struct __kptr * task;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct held);
} held SEC(".maps");

/* The test sets tid, the program the others. */
int tid, taken, kill_ret, wait_ret, candidate_ret;

SEC("struct_ops.s/handle_out_of_memory")
int BPF_PROG(held_oom, struct oom_control *oc)
{
	struct task_struct *task, *old;
	struct held *h;
	__u32 key = 0;

	h = bpf_map_lookup_elem(&held, &key);
	if (!h)
		return 0;
	task = taken ? NULL : bpf_task_from_pid(tid);
	taken += !!task;
	old = bpf_kptr_xchg(&h->task, task);
	if (!old)
		return 0;
	candidate_ret = bpf_oom_candidate_task(oc, old, 1);
	kill_ret = bpf_oom_kill_process(oc, old, "held");
	wait_ret = bpf_oom_wait_victim(oc, old);
	bpf_task_release(old);
	return 0;
}

BPF_OOM_OPS(policy, .handle_out_of_memory = (void *)held_oom);
