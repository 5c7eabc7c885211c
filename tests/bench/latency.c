// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time from a crossed threshold to a kill: a policy against a polling process
 *
 * Both have the same trigger on the same cgroup, so the kernel notices at the same moment
 * that both have fired. Each then kills a victim of its own. The side that is woken
 * first may get the idle CPU, the other one the busy CPU, which need not wake up. So each
 * side is first in half of the runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "psibench.h"
#include "psibench.skel.h"

#define THRESHOLD_US 25000
#define WINDOW_US 250000
#define VICTIMS 8	/* waiting to be killed, on each side */
#define HOGS 8
#define THRASH_BYTES (160 * MB)
#define THRASH_LIMIT "40M"

struct state {
	pid_t victims[SIDES][VICTIMS];
	bool polling;
	struct psibench_times woken;
};

/* --- the polling process -------------------------------------------------- */

static pid_t take_victim(struct state *s)
{
	pid_t pid = 0;

	for (int i = 0; i < VICTIMS && !pid; i++)
		pid = __atomic_exchange_n(&s->victims[THEIRS][i], 0, __ATOMIC_ACQ_REL);
	return pid;
}

static void __attribute__((noreturn)) poll_pressure(struct state *s)
{
	struct epoll_event ev = { .events = EPOLLPRI };
	char trigger[64];
	pid_t pid;
	int fd, ep;

	snprintf(trigger, sizeof(trigger), "some %u %u", THRESHOLD_US, WINDOW_US);
	fd = open(CG "/stalls/memory.pressure", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || write(fd, trigger, strlen(trigger) + 1) < 0)
		die("trigger");
	ep = epoll_create1(EPOLL_CLOEXEC);
	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev))
		die("epoll");
	/* Processes that wait for memory to run out do this, too. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		die("mlockall");
	__atomic_store_n(&s->polling, true, __ATOMIC_RELEASE);
	for (;;) {
		unsigned long long now;

		if (epoll_wait(ep, &ev, 1, -1) != 1)
			continue;
		now = now_ns();
		pid = take_victim(s);
		if (pid)
			kill(pid, SIGKILL);
		s->woken.ns[s->woken.nr % PSIBENCH_EVENTS] = now;
		s->woken.nr++;
	}
}

/* --- the victims ---------------------------------------------------------- */

static const char *const sides[SIDES] = { "ours", "theirs" };

static void start_victim(struct state *s, int side, int i)
{
	char name[16];
	pid_t pid;

	snprintf(name, sizeof(name), PSIBENCH_VICTIM "%d", side);
	pid = start_in(sides[side], name);
	if (!pid) {
		for (;;)
			pause();
	}
	__atomic_store_n(&s->victims[side][i], pid, __ATOMIC_RELEASE);
}

static void replace_victims(struct state *s, pid_t known[SIDES][VICTIMS])
{
	pid_t dead;

	while ((dead = waitpid(-1, NULL, WNOHANG)) > 0) {
		for (int i = 0; i < SIDES * VICTIMS; i++) {
			int side = i / VICTIMS, slot = i % VICTIMS;

			if (known[side][slot] != dead)
				continue;
			start_victim(s, side, slot);
			known[side][slot] = s->victims[side][slot];
		}
	}
}

/* --- the load ------------------------------------------------------------- */

static pid_t start_stalling(void)
{
	pid_t pid = start_in("stalls", "stalls");

	if (pid)
		return pid;
	/* Above memory.high: the kernel makes it wait, for up to 2 s at a time. */
	for (;;) {
		char *p = mmap(NULL, MB, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p != MAP_FAILED)
			memset(p, 1, MB);
	}
}

static void start_load(pid_t *pids, const char *disk)
{
	for (int i = 0; i < HOGS; i++) {
		pids[i] = start_in("hogs", "hog");
		if (!pids[i]) {
			for (;;)
				;
		}
	}
	pids[HOGS] = start_in("thrashes", "thrashes");
	if (!pids[HOGS])
		read_at_random(disk, THRASH_BYTES, 0);
}

/* --- results -------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

struct sample {
	int nr;
	double us[PSIBENCH_EVENTS];
};

static void add(struct sample *s, unsigned long long from, unsigned long long to)
{
	if (s->nr < PSIBENCH_EVENTS)
		s->us[s->nr++] = (double)(to - from) / 1000;
}

/* @s must be sorted. */
static double percentile(const struct sample *s, int p)
{
	return s->nr ? s->us[(s->nr - 1) * p / 100] : 0;
}

static unsigned int count(const struct psibench_times *t)
{
	return t->nr < PSIBENCH_EVENTS ? t->nr : PSIBENCH_EVENTS;
}

/* The first time in [from, to), or 0 */
static unsigned long long first_in(const struct psibench_times *t,
				   unsigned long long from, unsigned long long to)
{
	for (unsigned int i = 0; i < count(t); i++) {
		if (t->ns[i] >= from && t->ns[i] < to)
			return t->ns[i];
	}
	return 0;
}

enum { HANDLER, SENT, DELIVERED, STEPS };

/* Measures for each @handled event when the threshold was crossed, and what followed. */
static void measure(struct sample *steps, const struct psibench *b, int side,
		    const struct psibench_times *handled)
{
	unsigned long long before = 0, crossed, next, at;

	for (unsigned int i = 0; i < count(handled); i++) {
		at = handled->ns[i];
		next = i + 1 < count(handled) ? handled->ns[i + 1] : ~0ULL;
		/*
		 * Events that fire while the side is busy are reported at once: the first
		 * counts.
		 */
		crossed = first_in(&b->crossed, before, at);
		before = at;
		if (!crossed)
			continue;
		add(&steps[HANDLER], crossed, at);
		at = first_in(&b->sent[side], handled->ns[i], next);
		if (at)
			add(&steps[SENT], crossed, at);
		at = first_in(&b->delivered[side], handled->ns[i], next);
		if (at)
			add(&steps[DELIVERED], crossed, at);
	}
}

static void print_results(const char *load, struct sample (*s)[STEPS])
{
	static const char *const names[STEPS] = {
		"handler runs", "SIGKILL sent", "SIGKILL delivered",
	};

	for (int i = 0; i < STEPS; i++) {
		struct sample *o = &s[OURS][i], *t = &s[THEIRS][i];

		qsort(o->us, (size_t)o->nr, sizeof(*o->us), compare);
		qsort(t->us, (size_t)t->nr, sizeof(*t->us), compare);
		printf("%-6s %-18s %5d %9.0f %9.0f %5d %9.0f %9.0f %7.1f %7.1f\n",
		       load, names[i], o->nr, percentile(o, 50), percentile(o, 99),
		       t->nr, percentile(t, 50), percentile(t, 99),
		       percentile(t, 50) / percentile(o, 50),
		       percentile(t, 99) / percentile(o, 99));
	}
	fflush(stdout);
}

static pid_t start_poller(struct state *s)
{
	pid_t pid = start_in("poller", "poller");

	if (!pid)
		poll_pressure(s);
	while (!__atomic_load_n(&s->polling, __ATOMIC_ACQUIRE))
		usleep(10000);
	return pid;
}

static struct psibench_bpf *load_policy(void)
{
	struct psibench_bpf *skel = psibench_bpf__open();

	if (!skel)
		die("cannot open the policy");
	skel->bss->bench.nr_triggers = 1;
	skel->bss->bench.cgroup_ids[0] = cg_id("stalls");
	skel->bss->bench.threshold_us = THRESHOLD_US;
	skel->bss->bench.window_us = WINDOW_US;
	skel->bss->bench.victims = cg_id(sides[OURS]);
	if (psibench_bpf__load(skel))
		die("the policy does not load");
	return skel;
}

/* The kernel wakes the owner of the youngest trigger first. */
static void run(struct sample (*samples)[STEPS], unsigned int events, bool poller_first)
{
	struct state *s = shared(sizeof(*s));
	struct psibench *copy = malloc(sizeof(*copy));
	struct psibench_bpf *skel = load_policy();
	pid_t poller = 0, stalls, known[SIDES][VICTIMS];

	if (!copy)
		die("no memory");
	for (int i = 0; i < SIDES * VICTIMS; i++)
		start_victim(s, i / VICTIMS, i % VICTIMS);
	memcpy(known, s->victims, sizeof(known));
	if (!poller_first)
		poller = start_poller(s);
	if (psibench_bpf__attach(skel))
		die("the policy does not attach");
	if (poller_first)
		poller = start_poller(s);
	stalls = start_stalling();
	while (skel->bss->bench.handled.nr < events || s->woken.nr < events) {
		replace_victims(s, known);
		usleep(5000);
	}
	*copy = skel->bss->bench;
	measure(samples[OURS], copy, OURS, &copy->handled);
	measure(samples[THEIRS], copy, THEIRS, &s->woken);

	psibench_bpf__destroy(skel);
	end(stalls);
	end(poller);
	for (int i = 0; i < SIDES * VICTIMS; i++)
		end(known[i / VICTIMS][i % VICTIMS]);
	free(copy);
	munmap(s, sizeof(*s));
}

static void run_both(const char *load, unsigned int events, const char *disk)
{
	struct sample (*samples)[STEPS] = calloc(SIDES, sizeof(*samples));
	pid_t pids[HOGS + 1];

	if (!samples)
		die("no memory");
	if (disk)
		start_load(pids, disk);
	run(samples, (events + 1) / 2, false);
	run(samples, (events + 1) / 2, true);
	for (int i = 0; disk && i <= HOGS; i++)
		end(pids[i]);
	print_results(load, samples);
	free(samples);
}

int bench_latency(int argc, char **argv)
{
	unsigned int events = (unsigned int)atoi(argv[0]);

	if (!events || events > PSIBENCH_EVENTS / 2)
		die("so many events cannot be measured: %s", argv[0]);
	/* systemd leaves this controller off, so distributions run without it. */
	write_file("/sys/fs/cgroup/cgroup.subtree_control", "-cpu");
	cg_make("");
	cg_write("", "cgroup.subtree_control", "+memory");
	cg_make("stalls");
	cg_write("stalls", "memory.high", "20M");
	cg_write("stalls", "memory.swap.max", "0");
	cg_make(sides[OURS]);
	cg_make(sides[THEIRS]);
	cg_make("poller");
	cg_make("hogs");
	cg_make("thrashes");
	cg_write("thrashes", "memory.max", THRASH_LIMIT);
	printf("us from the threshold to\n"
	       "%-25s %25s %25s %15s\n%-25s %5s %9s %9s %5s %9s %9s %7s %7s\n",
	       "", "policy", "epoll", "epoll : policy", "", "n", "p50", "p99", "n",
	       "p50", "p99", "p50", "p99");
	run_both("idle", events, NULL);
	run_both("load", events, argv[1]);
	return 0;
}
