/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The programmable pressure policy: its input from tests, and its output
 *
 * Shared by psi.bpf.c and the tests, in its .bss.
 */
#ifndef TESTS_PSI_POLICY_H
#define TESTS_PSI_POLICY_H

#define PSI_CREATES 8
#define PSI_INDICES 1100
#define PSI_IDS 64

/* Calls of bpf_psi_create_trigger() */
struct psi_create {
	unsigned long long cgroup_id;
	unsigned int resource;
	unsigned int threshold_us;
	unsigned int window_us;
	unsigned int times;		/* how often; 0: not at all */
	int ret;			/* out: of the last call */
	unsigned int created;		/* out: number of successful calls */
};

/* What a trigger looked like in its last event */
struct psi_seen {
	unsigned long long cgroup_id, events, event_ns, handled_ns;
	unsigned int index, resource, full, threshold_us, window_us;
};

/* Texts for bpf_out_of_memory(), which takes only constants */
enum psi_text { TEXT_PRESSURE, TEXT_EMPTY, TEXT_UGLY, TEXT_LONG };

struct psi_declare {
	int order;
	unsigned long long flags;
	enum psi_text text;
	int ret;			/* out */
};

struct psi_control {
	/* in: */
	struct psi_create in_init[PSI_CREATES];
	struct psi_create in_event;	/* at the first event */
	struct psi_create in_online;	/* for each new cgroup */
	int init_ret;
	unsigned long long init_spin_ns;
	unsigned long long spin_ns;	/* how long an event takes */
	unsigned int go_on;		/* end spin_ns early */
	unsigned int declares;		/* number of events that declare an OOM */
	int declare_global;		/* for the system, not the trigger's cgroup */
	struct psi_declare declare;
	/* out: */
	unsigned int inits, init_done, events, finished, onlines, offlines;
	unsigned int declared, overlaps, running, nr_triggers;
	unsigned int watched;		/* number of new cgroups that got a trigger */
	unsigned int late;		/* events of a cgroup after its offline */
	unsigned int calls[PSI_INDICES];	/* by index */
	struct psi_seen seen[PSI_INDICES];
	unsigned long long online_ids[PSI_IDS], offline_ids[PSI_IDS];
};

#endif /* TESTS_PSI_POLICY_H */
