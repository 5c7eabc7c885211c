// SPDX-License-Identifier: GPL-2.0-only
/* A policy that declares an OOM at each event, and the probes of the measurement */
#include <bpf_oom/common.bpf.h>

#include "psibench.h"

char _license[] SEC("license") = "GPL";

#define SIGKILL 9

struct psibench bench;

static void note(struct psibench_times *times, u64 ns)
{
	u32 nr = __sync_fetch_and_add(&times->nr, 1);

	if (nr < PSIBENCH_EVENTS)
		times->ns[nr] = ns;
}

static long create(u64 i, void *arg)
{
	struct bpf_psi *psi = *(struct bpf_psi **)arg;
	int ret;

	if (i >= PSIBENCH_TRIGGERS)
		return 1;
	ret = bpf_psi_create_trigger(psi, bench.cgroup_ids[i], PSI_MEM,
				     bench.threshold_us, bench.window_us);
	if (ret)
		bench.ret = ret;
	return 0;
}

SEC("struct_ops.s/init")
int BPF_PROG(bench_init, struct bpf_psi *psi)
{
	bpf_loop(bench.nr_triggers, create, &psi, 0);
	return bench.ret;
}

SEC("struct_ops.s/handle_psi_event")
void BPF_PROG(bench_event, struct bpf_psi *psi, struct bpf_psi_trigger *t)
{
	u64 now = bpf_ktime_get_ns();
	struct mem_cgroup *memcg;
	struct cgroup *cgrp;

	note(&bench.crossed, t->event_ns);
	note(&bench.handled, now);
	if (!bench.victims)
		return;
	cgrp = bpf_cgroup_from_id(bench.victims);
	if (!cgrp)
		return;
	memcg = bpf_get_mem_cgroup(&cgrp->self);
	bpf_cgroup_release(cgrp);
	if (!memcg)
		return;
	bpf_out_of_memory(memcg, 0, BPF_OOM_FLAGS_WAIT_ON_OOM_LOCK, "BENCH");
	bpf_put_mem_cgroup(memcg);
}

BPF_PSI_OPS(psibench, .init = (void *)bench_init,
	    .handle_psi_event = (void *)bench_event);

/* -1: another process */
static int side_of(struct task_struct *task)
{
	char comm[sizeof(PSIBENCH_VICTIM) + 1] = {};

	bpf_probe_read_kernel(comm, sizeof(comm), task->comm);
	if (bpf_strncmp(comm, sizeof(PSIBENCH_VICTIM) - 1, PSIBENCH_VICTIM))
		return -1;
	return comm[sizeof(PSIBENCH_VICTIM) - 1] != '0';
}

SEC("tp_btf/signal_generate")
int BPF_PROG(generate, int sig, struct kernel_siginfo *info, struct task_struct *task)
{
	u64 now = bpf_ktime_get_ns();
	int side;

	if (sig != SIGKILL)
		return 0;
	side = side_of(task);
	if (side >= 0)
		note(&bench.sent[side & 1], now);
	return 0;
}

SEC("tp_btf/signal_deliver")
int BPF_PROG(deliver, int sig)
{
	u64 now = bpf_ktime_get_ns();
	int side;

	if (sig != SIGKILL)
		return 0;
	side = side_of(bpf_get_current_task_btf());
	if (side >= 0)
		note(&bench.delivered[side & 1], now);
	return 0;
}

SEC("?tp_btf/sched_waking")
int BPF_PROG(waking, struct task_struct *task)
{
	__sync_fetch_and_add(&bench.wakeups, 1);
	return 0;
}
