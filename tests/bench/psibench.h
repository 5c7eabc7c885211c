/* SPDX-License-Identifier: GPL-2.0-only */
/* Input and output of psibench.bpf.c, in its .bss */
#ifndef BENCH_PSIBENCH_H
#define BENCH_PSIBENCH_H

#define PSIBENCH_EVENTS 4096
#define PSIBENCH_TRIGGERS 1000

/* Which side's victim: the policy's, or the polling process's */
enum psibench_side { OURS, THEIRS, SIDES };

/* Processes with this name are victims. */
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
	unsigned long long victims;	/* cgroup in which to declare an OOM; 0: none */
	/* out: */
	struct psibench_times crossed, handled;
	struct psibench_times sent[SIDES], delivered[SIDES];
	unsigned long long wakeups;
	int ret;			/* last error of a kfunc */
};

#endif /* BENCH_PSIBENCH_H */
