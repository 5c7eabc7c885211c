// SPDX-License-Identifier: GPL-2.0-only
/* The cost of triggers on an idle machine */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "psibench.h"
#include "psibench.skel.h"

#define THRESHOLD_US 100000
#define WINDOW_US 1000000
#define SETTLE_S 5

/* Returns the CPU time of the kernel threads that poll pressure, and their number. */
static double monitors_ms(int *nr)
{
	struct dirent *entry;
	unsigned long long ns, sum = 0;
	DIR *proc = opendir("/proc");

	*nr = 0;
	while (proc && (entry = readdir(proc))) {
		char path[512], comm[64] = "";
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		f = fopen(path, "r");
		if (!f)
			continue;
		if (!fgets(comm, sizeof(comm), f))
			comm[0] = '\0';
		fclose(f);
		if (strncmp(comm, "psimon", 6))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/schedstat", entry->d_name);
		f = fopen(path, "r");
		if (f && fscanf(f, "%llu", &ns) == 1) {
			sum += ns;
			++*nr;
		}
		if (f)
			fclose(f);
	}
	if (proc)
		closedir(proc);
	return (double)sum / 1e6;
}

/* Returns the time in which the CPUs were not idle. */
static double busy_ms(void)
{
	unsigned long long t[8] = {}, ticks;
	FILE *f = fopen("/proc/stat", "r");

	if (!f || fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0],
			 &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) != 8)
		die("/proc/stat");
	fclose(f);
	ticks = t[0] + t[1] + t[2] + t[5] + t[6] + t[7];
	return (double)ticks * 1000 / (double)sysconf(_SC_CLK_TCK);
}

static void measure(unsigned int nr, unsigned int seconds)
{
	struct psibench_bpf *skel = psibench_bpf__open();
	double busy, monitors;
	unsigned long long wakeups, events;
	int threads;

	if (!skel || nr > PSIBENCH_TRIGGERS)
		die("%u triggers", nr);
	bpf_program__set_autoload(skel->progs.waking, true);
	skel->bss->bench.nr_triggers = nr;
	skel->bss->bench.threshold_us = THRESHOLD_US;
	skel->bss->bench.window_us = WINDOW_US;
	for (unsigned int i = 0; i < nr; i++) {
		char cg[32];

		snprintf(cg, sizeof(cg), "t%u", i);
		cg_make(cg);
		skel->bss->bench.cgroup_ids[i] = cg_id(cg);
	}
	if (psibench_bpf__load(skel) || psibench_bpf__attach(skel))
		die("the policy with %u triggers: %d", nr, skel->bss->bench.ret);
	sleep(SETTLE_S);
	busy = busy_ms();
	monitors = monitors_ms(&threads);
	events = skel->bss->bench.handled.nr;
	wakeups = skel->bss->bench.wakeups;
	sleep(seconds);
	wakeups = skel->bss->bench.wakeups - wakeups;
	events = skel->bss->bench.handled.nr - events;
	busy = busy_ms() - busy;
	monitors = monitors_ms(&threads) - monitors;
	printf("%8u %8d %8llu %12.1f %14.2f %14.3f\n", nr, threads, events,
	       (double)wakeups / seconds, busy / 10 / seconds, monitors / seconds);
	fflush(stdout);
	psibench_bpf__destroy(skel);
}

int bench_idle(int argc, char **argv)
{
	unsigned int seconds = (unsigned int)atoi(argv[0]);

	if (!seconds)
		die("%s seconds", argv[0]);
	cg_make("");
	cg_write("", "cgroup.subtree_control", "+memory");
	printf("%8s %8s %8s %12s %14s %14s\n", "triggers", "threads", "events",
	       "wakeups/s", "CPU, %", "psimon, ms/s");
	for (int i = 1; i < argc; i++)
		measure((unsigned int)atoi(argv[i]), seconds);
	return 0;
}
