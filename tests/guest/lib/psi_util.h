/* SPDX-License-Identifier: GPL-2.0-only */
/* Pressure, and the policy that watches it, for the tests. */
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
 * Is there another round of a race, the how manieth from 0? A few of them; on a
 * kernel that sees what goes wrong a thousand, or as many as fit into some time.
 * PSI_ROUNDS in the environment: so many.
 */
bool psi_another_round(int round);
/* As many of them at least. */
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
/* Have init create a trigger; cg NULL: the system's. */
struct psi_create *psi_watch(struct psi *p, const char *cg, unsigned int resource,
			     unsigned int threshold_us, unsigned int window_us);
void psi_load(struct psi *p);
int psi_attach(struct psi *p);
/* Loads and attaches, or fails. */
void psi_on(struct psi *p);
void psi_off(struct psi *p);
void psi_close(struct psi *p);

/*
 * Tasks in the cgroup that wait for a CPU, until press_end(): for all that tests have
 * in cgroups together there is then little time of one.
 */
struct press {
	pid_t pids[4];
};

struct press press_begin(const char *cg);
void press_end(struct press press);

#endif /* TESTS_PSI_UTIL_H */
