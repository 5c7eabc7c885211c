/* SPDX-License-Identifier: GPL-2.0-only */
/* Pressure, and the policy that watches it */
#ifndef TESTS_PSI_UTIL_H
#define TESTS_PSI_UTIL_H

#include <stdbool.h>
#include <sys/types.h>

#include <linux/types.h>
#include <bpf_oom/oom.h>
#include <bpf_oom/psi.h>

#include "psi_policy.h"
#include "psi.skel.h"
#include "util.h"

/*
 * Should a race be tried once more? @round counts from 0. Normally a few times; on a
 * debug kernel, which notices more errors, a thousand times, or as often as fits into
 * some time. The environment variable PSI_ROUNDS overrides this.
 */
bool psi_another_round(int round);
/* The same, but at least so many times. */
bool psi_another_of(int round, int least);

/* enum psi_res */
enum { IO, MEM, CPU };

/* The policy, opened; the caller may change ->bss->ctl before psi_on(). */
struct psi {
	struct psi_bpf *skel;
	struct psi_control *ctl;
	struct bpf_link *link;
	unsigned int creates;
};

struct psi *psi_open(const char *name);
struct bpf_psi_ops *psi_ops(struct psi *p);
/* Has init create a trigger; cg NULL: for the system. */
struct psi_create *psi_watch(struct psi *p, const char *cg, unsigned int resource,
			     unsigned int threshold_us, unsigned int window_us);
void psi_load(struct psi *p);
int psi_attach(struct psi *p);
/* Loads and attaches the policy; the test fails if that does. */
void psi_on(struct psi *p);
void psi_off(struct psi *p);
void psi_close(struct psi *p);

/*
 * Tasks in the cgroup that wait for a CPU until press_end(): all cgroups of the tests
 * together then get a small part of one CPU.
 */
struct press {
	pid_t pids[4];
};

struct press press_begin(const char *cg);
void press_end(struct press press);

#endif /* TESTS_PSI_UTIL_H */
