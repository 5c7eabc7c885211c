/* SPDX-License-Identifier: GPL-2.0-only */
/* What psibench.bpf.c is told and what it measures, in its .bss */
#ifndef BENCH_PSIBENCH_H
#define BENCH_PSIBENCH_H

#define PSIBENCH_EVENTS 4096
#define PSIBENCH_TRIGGERS 1000

/* Whose victim: the policy's, or that of the process that polls. */
enum psibench_side { OURS, THEIRS, SIDES };

/* Processes called like this are victims. */
#define PSIBENCH_VICTIM "victim-"	/* and the side, as a digit */

struct psibench_times {
	unsigned int nr;
	unsigned long long ns[PSIBENCH_EVENTS];
};

struct psibench {
	/* in: */
	unsigned int nr_triggers;
	unsigned long long cgroup_ids[PSIBENCH_TRIGGERS];
	unsigned int threshold_us, window_us;
	unsigned long long victims;	/* cgroup where to declare an OOM; 0: none */
	/* out: */
	struct psibench_times crossed, handled;
	struct psibench_times sent[SIDES], delivered[SIDES];
	unsigned long long wakeups;
	int ret;			/* the last bad one of a kfunc */
};

#endif /* BENCH_PSIBENCH_H */
