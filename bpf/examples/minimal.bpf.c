// SPDX-License-Identifier: GPL-2.0-only
/*
 * minimal: kill the largest of the processes that were started by nice(1)
 *
 * A policy to start from. The kernel scans the processes that can be killed, as it does
 * without a policy, and calls the program for each of them. If none is nice, the program
 * selects none, and the kernel kills its own choice.
 *
 * Copy it to my.bpf.c, build it, see which process it would kill now, and attach it:
 *
 *	bpftool btf dump file /sys/kernel/btf/vmlinux format c >vmlinux.h
 *	clang -g -O2 -target bpf -mcpu=v3 -fms-extensions -I. -c my.bpf.c
 *	bpfoom test ./my.bpf.o
 *	bpfoom attach ./my.bpf.o
 *
 * bpf_oom/oom.h says what a policy can be asked, bpf_oom/common.bpf.h what it can call.
 */
#include <bpf_oom/common.bpf.h>

/* task->static_prio of a nice value of 0 */
#define DEFAULT_PRIO 120

char LICENSE[] SEC("license") = "GPL";

BPF_OOM_DESCRIPTION("kills the largest process that was started by nice(1)");

/* Score of the selected process. OOMs queue, so there is only one scan at a time. */
static long selected_score;

SEC("struct_ops/evaluate_task")
int BPF_PROG(minimal_evaluate, struct task_struct *task, struct oom_control *oc)
{
	long score = bpf_oom_badness(task, oc->totalpages);

	/* LONG_MIN: it must not be killed (any more). */
	if (task->static_prio <= DEFAULT_PRIO || score == LONG_MIN)
		return NO_BPF_POLICY;
	/* oc->chosen is the process that was selected earlier in this scan. */
	if (oc->chosen && score <= selected_score)
		return BPF_EVAL_NEXT;
	selected_score = score;
	return BPF_EVAL_SELECT;
}

BPF_OOM_OPS(minimal, .evaluate_task = (void *)minimal_evaluate);
