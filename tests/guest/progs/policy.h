/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The programmable policy: what tests tell it and what it tells them
 *
 * Shared by policy.bpf.c and the tests, in its .bss.
 */
#ifndef TESTS_POLICY_H
#define TESTS_POLICY_H

#define POLICY_KILLS 4
#define POLICY_RAISES 2

struct policy_control {
	/* in: */
	int ret;			/* what to return */
	int kill_pid[POLICY_KILLS];	/* whom to kill first, 0: nobody */
	unsigned long long spin_ns;	/* how long to take */
	unsigned int go_on;		/* end that, and offline_ns */
	int ret_if_killed;		/* return 1 if a kill succeeded */
	int rank_pid[POLICY_KILLS];	/* of whom to say ... */
	int rank[POLICY_KILLS];		/* ... this, and ... */
	int rank_other;			/* ... this of all others */
	long long rank_score;		/* say that they rank by it, 0: do not */
	/* Able ones only, see able_open(): */
	int fail_iterate;		/* break an iterator, return 0 */
	int wait_pid;			/* for whom to wait after that, 0: nobody */
	/* Limits to raise after that: of which cgroup (0: none), to what. */
	unsigned long long raise_id[POLICY_RAISES];
	unsigned long long raise_to[POLICY_RAISES];
	unsigned long long pass_over_id; /* which cgroup to pass over, 0: none */
	int says_why;			/* it declines */
	int badness_pid;		/* whose score to look up, 0: nobody's */
	/* In handle_cgroup_offline: */
	unsigned long long offline_ns;	/* how long to take for that */
	/* out: */
	unsigned int asked;
	unsigned int finished;
	int kill_ret[POLICY_KILLS];	/* the last one, until it was 0 */
	int killed[POLICY_KILLS];
	int iterate_ret;
	int order;
	int constraint;
	unsigned long totalpages;
	unsigned long long cgrp_id;	/* cgroup of the attachment */
	unsigned long long memcg_id;	/* 0: global */
	unsigned long long asked_ns;	/* when */
	int asked_pid;			/* whose allocation failed */
	int was_victim;			/* kill_pid[0] before the kill */
	int wait_ret;
	unsigned int waits;		/* that were accepted */
	int raise_ret[POLICY_RAISES];
	long badness;			/* of badness_pid */
	unsigned int offline;		/* told of a removed cgroup ... */
	unsigned int offline_done;
	unsigned long long offline_id;	/* ... of this one */
	unsigned int evaluated;		/* tasks */
	unsigned int scans;		/* that began, if each selected somebody */
	int chosen_pid;			/* what was selected before, at the last task */
};

#endif /* TESTS_POLICY_H */
