// SPDX-License-Identifier: GPL-2.0-only
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

#include "harness.h"
#include "psi_util.h"

#define ROUNDS_DEBUG 1000
#define ROUNDS_DEBUG_S 6

bool psi_another_of(int round, int least)
{
	const char *asked = getenv("PSI_ROUNDS");
	static unsigned long long began;

	if (!round)
		began = now_ns();
	if (asked)
		return round < atoi(asked);
	if (round < least)
		return true;
	if (debug_kernel() && round < ROUNDS_DEBUG &&
	    now_ns() - began < ROUNDS_DEBUG_S * 1000000000ULL)
		return true;
	printf("    # %d rounds\n", round);
	return false;
}

bool psi_another_round(int round)
{
	return psi_another_of(round, 8);
}

struct psi *psi_open(const char *name)
{
	struct psi *p = calloc(1, sizeof(*p));
	struct bpf_psi_ops *ops;

	CHECK(p, "no memory");
	p->skel = psi_bpf__open();
	CHECK(p->skel, "cannot open the test policy: %s", strerror(errno));
	p->ctl = &p->skel->bss->ctl;
	ops = psi_ops(p);
	memset(ops->name, 0, sizeof(ops->name));
	memcpy(ops->name, name, strnlen(name, sizeof(ops->name) - 1));
	return p;
}

struct bpf_psi_ops *psi_ops(struct psi *p)
{
	struct bpf_psi_ops *ops = bpf_map__initial_value(p->skel->maps.policy, NULL);

	CHECK(ops, "struct_ops map without a value");
	return ops;
}

struct psi_create *psi_watch(struct psi *p, const char *cg, unsigned int resource,
			     unsigned int threshold_us, unsigned int window_us)
{
	struct psi_create *c = &p->ctl->in_init[p->creates++];

	c->cgroup_id = cg ? cg_id(cg) : 0;
	c->resource = resource;
	c->threshold_us = threshold_us;
	c->window_us = window_us;
	c->times = 1;
	return c;
}

void psi_load(struct psi *p)
{
	int err = psi_bpf__load(p->skel);

	CHECK(!err, "the policy does not load: %s", strerror(-err));
	/* Loading has moved .bss. */
	p->ctl = &p->skel->bss->ctl;
}

int psi_attach(struct psi *p)
{
	p->link = bpf_map__attach_struct_ops(p->skel->maps.policy);
	return p->link ? 0 : -errno;
}

void psi_on(struct psi *p)
{
	int err;

	psi_load(p);
	err = psi_attach(p);
	CHECK(!err, "the policy does not attach: %s", strerror(-err));
	for (unsigned int i = 0; i < p->creates; i++)
		CHECK(!p->ctl->in_init[i].ret, "trigger %u: %s", i,
		      strerror(-p->ctl->in_init[i].ret));
}

void psi_off(struct psi *p)
{
	bpf_link__destroy(p->link);
	p->link = NULL;
}

void psi_close(struct psi *p)
{
	psi_off(p);
	CHECK_EQ(p->ctl->overlaps, 0);
	CHECK_EQ(p->ctl->late, 0);
	psi_bpf__destroy(p->skel);
	free(p);
}

struct press press_begin(const char *cg)
{
	struct press press;
	int fds[2];
	char c;

	CHECK(!pipe(fds), "pipe: %s", strerror(errno));
	/* A throttled task waits for a CPU too, and leaves the CPU to the test. */
	cg_throttle_all(true);
	for (size_t i = 0; i < sizeof(press.pids) / sizeof(*press.pids); i++) {
		press.pids[i] = fork();
		if (press.pids[i])
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/*
		 * Close all others, above all the link: it would stay attached until we
		 * exit.
		 */
		dup2(fds[1], 3);
		close_range(4, ~0U, 0);
		cg_write(cg, "cgroup.procs", "0");
		if (write(3, "", 1) != 1)
			_exit(1);
		/* These tasks wait for each other, but others do not wait for them. */
		if (nice(19) == -1)
			_exit(1);
		for (;;)
			;
	}
	for (size_t i = 0; i < sizeof(press.pids) / sizeof(*press.pids); i++)
		CHECK(read(fds[0], &c, 1) == 1, "a presser has died");
	close(fds[0]);
	close(fds[1]);
	return press;
}

void press_end(struct press press)
{
	cg_throttle_all(false);
	for (size_t i = 0; i < sizeof(press.pids) / sizeof(*press.pids); i++)
		kill(press.pids[i], SIGKILL);
	for (size_t i = 0; i < sizeof(press.pids) / sizeof(*press.pids); i++)
		reap(press.pids[i]);
}
