/* SPDX-License-Identifier: GPL-2.0-only */
/* decision.c: the OOM that is being handled */
#ifndef _BPF_OOM_OOM_DECISION_H
#define _BPF_OOM_OOM_DECISION_H

#include <linux/cgroup.h>
#include <linux/oom.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>

#include <bpf_oom/oom.h>

#include "memcg.h"
#include "record/record.h"

struct attachment;
struct declared;

/**
 * struct answer - what one policy has done about an OOM
 * @kills: number of processes that the policy has killed
 * @relief: the policy has found or brought about relief without another kill: a victim
 *	on its way out, or a limit that lets the charge succeed
 * @raised: the relief is a raised limit
 * @freed: memory had come back when the policy wanted to kill
 * @refused: a kill by the policy was refused
 * @ret: the return value of the policy's handler
 * @reason: the policy's reason for it, or ""
 */
struct answer {
	unsigned int kills;
	bool relief;
	bool raised;
	bool freed;
	bool refused;
	int ret;
	char reason[RECORD_WHY];
};

/**
 * struct decision - an OOM that is being handled
 * @oc: the OOM
 * @task: the task that handles the OOM; only it may act
 * @att: the attachment that is being asked
 * @ops: the policy of @att when it was asked; "the policy" below
 * @asked: number of policies asked so far
 * @dry_run: the policy only says what it would do
 * @answer: what the policy has done so far
 * @shown: the OOM as the policy sees it while it ranks tasks
 * @ranked: the policy has told the score of the task that it is being asked about ...
 * @rank_score: ... and this is the score
 * @declared: the OOM as a program has declared it; NULL: no program has
 * @rehearsal: number of the only attachment that is asked, about a simulated OOM; 0: this
 *	is a real one
 * @record: record of the OOM; NULL until a policy is asked or bypassed
 * @first_ns: when @record was started
 * @began_ns: when the policy was asked
 * @began_cpu_ns: the same by bpf_oom_cpu_ns(), plus CPU time that is not the policy's
 */
struct decision {
	struct oom_control *oc;
	struct task_struct *task;
	struct attachment *att;
	const struct bpf_oom_ops *ops;
	unsigned int asked;
	bool dry_run;
	struct answer answer;
	const struct oom_control *shown;
	bool ranked;
	s64 rank_score;
	const struct declared *declared;
	u64 rehearsal;
	struct record *record;
	u64 first_ns;
	u64 began_ns;
	u64 began_cpu_ns;
};

void bpf_oom_decision_begin(struct decision *d);
void bpf_oom_decision_end(void);
struct decision *bpf_oom_deciding(struct oom_control *oc);
struct decision *bpf_oom_deciding_now(void);
struct cgroup *bpf_oom_memcg_cgroup(struct mem_cgroup *memcg);
struct cgroup *bpf_oom_cgroup(const struct oom_control *oc);
bool bpf_oom_is_declared(const struct decision *d);
const char *bpf_oom_constraint(const struct oom_control *oc);

/* Id of the cgroup that is out of memory; 0: the whole system. */
static inline u64 bpf_oom_domain(const struct oom_control *oc)
{
	return oc->memcg ? cgroup_id(bpf_oom_cgroup(oc)) : 0;
}

/*
 * To be called before each call of a program. A blocking allocation in the program
 * would re-enter the OOM killer, whose lock we hold, and a page fault would allocate.
 * With PF_MEMALLOC an allocation is served from the reserves or fails.
 */
static inline unsigned int bpf_oom_begin_program(void)
{
	unsigned int noreclaim = memalloc_noreclaim_save();

	pagefault_disable();
	return noreclaim;
}

static inline void bpf_oom_end_program(unsigned int noreclaim)
{
	pagefault_enable();
	memalloc_noreclaim_restore(noreclaim);
}

/*
 * CPU time of this task, accurate to a tick: modules cannot read it more exactly. Unlike
 * the clock it stands still while the task waits for a CPU: a task with a low priority
 * or a small cpu.max takes long for each OOM.
 */
static inline u64 bpf_oom_cpu_ns(void)
{
	return READ_ONCE(current->se.sum_exec_runtime);
}

#endif /* _BPF_OOM_OOM_DECISION_H */
