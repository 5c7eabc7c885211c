// SPDX-License-Identifier: GPL-2.0-only
/*
 * oombench: run by oom.sh in the VM
 *
 *	oombench kill ROUNDS		an OOM with its kill: no policy, an empty one
 *	oombench select GROUPS:TASKS...	largest against the kernel's own selection
 *	oombench storm SECONDS		OOMs of a cgroup per second
 *	oombench faults SECONDS		page faults per second
 *
 * The sides of a comparison take turns, so that both see the same noise. It prints
 * medians and their ratio.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "oombench.skel.h"

#define HOOKTEST "/proc/hooktest"
#define TURNS_MAX 1000
/* OOMs per turn, since attaching and detaching between turns are not to be measured */
#define TURN 10

struct samples {
	double values[TURNS_MAX];
	int nr;
};

static void add(struct samples *s, double value)
{
	if (s->nr < TURNS_MAX)
		s->values[s->nr++] = value;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(struct samples *s)
{
	qsort(s->values, (size_t)s->nr, sizeof(*s->values), compare);
	return s->nr ? s->values[s->nr / 2] : 0;
}

/* Runs a shell command; exits if it fails. */
static void run(const char *cmd)
{
	int status = system(cmd);

	if (status)
		die("%s: status %d", cmd, status);
}

static long hooktest(const char *fmt, unsigned long long arg)
{
	char cmd[64], out[64] = "";
	int fd = open(HOOKTEST, O_RDWR | O_CLOEXEC);

	snprintf(cmd, sizeof(cmd), fmt, arg);
	if (fd < 0 || write(fd, cmd, strlen(cmd)) < 0 ||
	    pread(fd, out, sizeof(out) - 1, 0) < 0)
		die("hooktest %s", cmd);
	close(fd);
	return atol(out);
}

/* --- policies ---------------------------------------------------------------- */

enum side { NONE, EMPTY, LARGEST };

static const char * const side_names[] = { "no policy", "empty policy", "largest" };

static struct oombench_bpf *empty;

static void begin_side(enum side side)
{
	if (side == EMPTY) {
		empty = oombench_bpf__open_and_load();
		if (!empty || oombench_bpf__attach(empty))
			die("the empty policy");
	} else if (side == LARGEST) {
		run("bpfoom attach largest >/dev/null");
	}
}

static void end_side(enum side side)
{
	if (side == EMPTY)
		oombench_bpf__destroy(empty);
	else if (side == LARGEST)
		run("bpfoom detach --all >/dev/null");
}

/* --- a kill ------------------------------------------------------------------ */

static void touch(size_t bytes)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(1);
	for (size_t i = 0; i < bytes; i += 4096)
		p[i] = 1;
}

/* Starts a process of some MB in the cgroup, which is ready on return. */
static pid_t sleeper(const char *cg, size_t bytes)
{
	int fds[2];
	pid_t pid;
	char c;

	if (pipe(fds))
		die("pipe");
	pid = start_in(cg, "sleeper");
	if (!pid) {
		touch(bytes);
		if (write(fds[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(fds[1]);
	if (read(fds[0], &c, 1) != 1)
		die("a process in %s has died", cg);
	close(fds[0]);
	return pid;
}

static double kill_us(unsigned long long id)
{
	pid_t pid = sleeper("victims", 4 * MB);
	unsigned long long ns = now_ns();

	if (hooktest("oom %llu", id) != 1)
		die("nobody was killed");
	ns = now_ns() - ns;
	waitpid(pid, NULL, 0);
	return (double)ns / 1000;
}

static int bench_kill(int argc, char **argv)
{
	static struct samples us[2];
	int rounds = atoi(argv[0]);
	unsigned long long id;

	cg_make("");
	cg_write("", "cgroup.subtree_control", "+memory");
	cg_make("victims");
	id = cg_id("victims");
	kill_us(id);
	for (int i = 0; i < rounds / TURN; i++) {
		for (enum side side = NONE; side <= EMPTY; side++) {
			begin_side(side);
			for (int k = 0; k < TURN; k++)
				add(&us[side], kill_us(id));
			end_side(side);
		}
	}
	printf("%-14s %10s %8s\n", "an OOM, with", "us", "ratio");
	for (enum side side = NONE; side <= EMPTY; side++)
		printf("%-14s %10.1f %8.3f\n", side_names[side], median(&us[side]),
		       median(&us[side]) / median(&us[NONE]));
	return 0;
}

/* --- selection --------------------------------------------------------------- */

static pid_t *tasks;

static void make_domain(int groups, int nr_tasks)
{
	char cg[32];

	cg_make("domain");
	cg_write("domain", "cgroup.subtree_control", "+memory");
	for (int i = 0; i < groups; i++) {
		snprintf(cg, sizeof(cg), "domain/g%d", i);
		cg_make(cg);
	}
	tasks = calloc((size_t)nr_tasks, sizeof(*tasks));
	if (!tasks)
		die("%d tasks", nr_tasks);
	for (int i = 0; i < nr_tasks; i++) {
		snprintf(cg, sizeof(cg), "domain/g%d", i % groups);
		tasks[i] = start_in(cg, "task");
		if (!tasks[i])
			for (;;)
				pause();
	}
	/* The tasks move themselves. */
	sleep(1 + (unsigned int)nr_tasks / 1000);
}

static void end_domain(int groups, int nr_tasks)
{
	char cg[64];

	for (int i = 0; i < nr_tasks; i++)
		end(tasks[i]);
	free(tasks);
	for (int i = 0; i < groups; i++) {
		snprintf(cg, sizeof(cg), CG "/domain/g%d", i);
		if (rmdir(cg))
			die("rmdir %s", cg);
	}
	if (rmdir(CG "/domain"))
		die("rmdir domain");
}

/* Has the other user of the hook select as the kernel does; returns how long it took. */
static double kernel_selects_us(unsigned long long id)
{
	long ns;

	if (hooktest("user 1", 0) || hooktest("select 1 2 0", 0))
		die("hooktest");
	hooktest("rehearse %llu", id);
	ns = hooktest("selection", 0);
	hooktest("select 0 0 0", 0);
	hooktest("user 0", 0);
	return (double)ns / 1000;
}

static double largest_selects_us(unsigned long long id)
{
	unsigned long long ns = now_ns();

	if (hooktest("rehearse %llu", id) != 1)
		die("largest has found nobody");
	return (double)(now_ns() - ns) / 1000;
}

static void select_among(int groups, int nr_tasks)
{
	static struct samples kernel, largest;
	unsigned long long id;

	kernel.nr = 0;
	largest.nr = 0;
	make_domain(groups, nr_tasks);
	id = cg_id("domain");
	for (int turn = 0; turn < 5; turn++) {
		for (int i = 0; i < 3; i++)
			add(&kernel, kernel_selects_us(id));
		begin_side(LARGEST);
		for (int i = 0; i < 3; i++)
			add(&largest, largest_selects_us(id));
		end_side(LARGEST);
	}
	printf("%8d %8d %12.0f %12.0f %8.2f\n", groups, nr_tasks, median(&kernel),
	       median(&largest), median(&largest) / median(&kernel));
	fflush(stdout);
	end_domain(groups, nr_tasks);
}

static int bench_select(int argc, char **argv)
{
	int groups, nr_tasks;

	cg_make("");
	cg_write("", "cgroup.subtree_control", "+memory");
	printf("%8s %8s %12s %12s %8s\n", "cgroups", "tasks", "kernel us",
	       "largest us", "ratio");
	for (int i = 0; i < argc; i++) {
		if (sscanf(argv[i], "%d:%d", &groups, &nr_tasks) != 2 || groups < 1)
			die("%s is not GROUPS:TASKS", argv[i]);
		select_among(groups, nr_tasks);
	}
	return 0;
}

/* --- a storm ----------------------------------------------------------------- */

static double ooms_per_s(unsigned int seconds)
{
	unsigned long long begin = now_ns(), end = begin + seconds * 1000000000ULL;
	int nr = 0, status;

	for (; now_ns() < end; nr++) {
		pid_t pid = start_in("storm", "storm");

		if (!pid) {
			touch(64 * MB);
			_exit(0);
		}
		waitpid(pid, &status, 0);
		if (!WIFSIGNALED(status))
			die("it was not killed");
	}
	return (double)nr * 1e9 / (double)(now_ns() - begin);
}

static int bench_storm(int argc, char **argv)
{
	static struct samples rate[3];
	unsigned int seconds = (unsigned int)atoi(argv[0]);

	cg_make("");
	cg_write("", "cgroup.subtree_control", "+memory");
	cg_make("storm");
	cg_write("storm", "memory.max", "16M");
	cg_write("storm", "memory.swap.max", "0");
	for (int turn = 0; turn < 5; turn++) {
		for (enum side side = NONE; side <= LARGEST; side++) {
			begin_side(side);
			add(&rate[side], ooms_per_s(seconds));
			end_side(side);
		}
	}
	printf("%-14s %10s %8s\n", "storm, with", "OOMs/s", "ratio");
	for (enum side side = NONE; side <= LARGEST; side++)
		printf("%-14s %10.1f %8.3f\n", side_names[side],
		       median(&rate[side]), median(&rate[side]) / median(&rate[NONE]));
	return 0;
}

/* --- page faults ------------------------------------------------------------- */

static double faults_per_s(unsigned int seconds)
{
	unsigned long long begin = now_ns(), end = begin + seconds * 1000000000ULL;
	size_t bytes = 32 * MB, nr = 0;

	while (now_ns() < end) {
		char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED || madvise(p, bytes, MADV_NOHUGEPAGE))
			die("mmap");
		for (size_t i = 0; i < bytes; i += 4096)
			p[i] = 1;
		munmap(p, bytes);
		nr += bytes / 4096;
	}
	return (double)nr * 1e9 / (double)(now_ns() - begin);
}

static int bench_faults(int argc, char **argv)
{
	static struct samples absent, sides[2];
	unsigned int seconds = (unsigned int)atoi(argv[0]);
	double first;

	for (int turn = 0; turn < 7; turn++) {
		run("rmmod bpf_oom; rmmod oom_hook 2>/dev/null || true");
		add(&absent, faults_per_s(seconds));
		run("modprobe bpf_oom");
		for (enum side side = NONE; side <= EMPTY; side++) {
			begin_side(side);
			add(&sides[side], faults_per_s(seconds));
			end_side(side);
		}
	}
	first = median(&absent);
	printf("%-14s %10s %8s\n", "modules", "faults/s", "ratio");
	printf("%-14s %10.0f %8.3f\n", "absent", first, 1.0);
	printf("%-14s %10.0f %8.3f\n", "loaded", median(&sides[NONE]),
	       median(&sides[NONE]) / first);
	printf("%-14s %10.0f %8.3f\n", "attached", median(&sides[EMPTY]),
	       median(&sides[EMPTY]) / first);
	return 0;
}

const struct verb verbs[] = {
	{ "kill", bench_kill, 1 },
	{ "select", bench_select, 1 },
	{ "storm", bench_storm, 1 },
	{ "faults", bench_faults, 1 },
	{}
};
