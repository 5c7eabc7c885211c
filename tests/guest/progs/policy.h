/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The programmable policy: its input from tests, and its output
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
	int kill_pid[POLICY_KILLS];	/* processes to kill, in this order; 0: none */
	unsigned long long spin_ns;	/* how long the handler takes */
	unsigned int go_on;		/* end spin_ns and offline_ns */
	int ret_if_killed;		/* return 1 if a kill succeeded */
	int rank_pid[POLICY_KILLS];	/* tasks for which to return ... */
	int rank[POLICY_KILLS];		/* ... this, and ... */
	int rank_other;			/* ... this for all others */
	long long rank_score;		/* bpf_oom_candidate_task(); 0: do not call it */
	/* Only in able policies, see able_open(): */
	int fail_iterate;		/* make an iterator fail, return 0 */
	int wait_pid;			/* process to wait for after that, 0: none */
	/* Limits to raise after that: ids of cgroups (0: none) and new limits */
	unsigned long long raise_id[POLICY_RAISES];
	unsigned long long raise_to[POLICY_RAISES];
	unsigned long long pass_over_id; /* cgroup to pass over, 0: none */
	int says_why;			/* give a reason when declining */
	int badness_pid;		/* process whose score to look up, 0: none */
	/* For handle_cgroup_offline: */
	unsigned long long offline_ns;	/* how long it takes */
	/* out: */
	unsigned int asked;
	unsigned int finished;
	int kill_ret[POLICY_KILLS];	/* last error; 0 after a success */
	int killed[POLICY_KILLS];
	int iterate_ret;
	int order;
	int constraint;
	unsigned long totalpages;
	unsigned long long cgrp_id;	/* cgroup of the attachment */
	unsigned long long memcg_id;	/* 0: global */
	unsigned long long asked_ns;	/* time of the call */
	int asked_pid;			/* the task whose allocation failed */
	int was_victim;			/* was kill_pid[0] a victim before the kill? */
	int wait_ret;
	unsigned int waits;		/* successful waits */
	int raise_ret[POLICY_RAISES];
	long badness;			/* score of badness_pid */
	unsigned int offline;		/* calls of handle_cgroup_offline ... */
	unsigned int offline_done;
	unsigned long long offline_id;	/* ... and the cgroup of the last one */
	unsigned int evaluated;		/* number of tasks evaluated */
	unsigned int scans;		/* number of scans, if each selected a task */
	int chosen_pid;			/* task selected before, at the last call */
};

#endif /* TESTS_POLICY_H */
