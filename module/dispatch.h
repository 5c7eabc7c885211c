/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files that handle an OOM share. */
#ifndef _BPF_OOM_DISPATCH_H
#define _BPF_OOM_DISPATCH_H

#include <linux/oom.h>
#include <linux/oom_hook.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>

#include "internal.h"
#include "record.h"

/**
 * struct declared - an OOM that a program has declared
 * @memcg: where; NULL: in the system
 * @order: of what was declared
 * @text: why
 * @by: see record.declared_by
 * @seq: the number of its record, if it is on record by a victim alone
 */
struct declared {
	struct mem_cgroup *memcg;
	int order;
	const char *text;
	char by[BPF_OOM_NAME_MAX_LEN];
	u64 seq;
};

/**
 * struct decision - an OOM that is being handled
 * @oc: the OOM
 * @task: whose failed allocation brought it here; only it may act
 * @att: the attachment that is being asked
 * @ops: its policy, as it was when it was asked
 * @asked: policies asked so far
 * @kills: processes that this policy has killed
 * @relief: it has found, or brought about, relief without another kill: a victim on
 *	its way out, or a limit that lets the charge go on
 * @raised: it was a limit
 * @freed: there was room again, without this policy, when it wanted to kill
 * @refused: a kill of it was refused
 * @dry_run: it only says what it would do
 * @ret: what its handler returned
 * @reason: what it said about that, or ""
 * @shown: the OOM as it sees it while it ranks tasks
 * @ranked: it has told the score of the task that it is being asked about ...
 * @rank_score: ... and this is it
 * @declared: what a program has declared; NULL: none has
 * @rehearsal: there is no OOM, and only the attachment with this number is asked
 * @record: what is known of the OOM; NULL before the first policy is asked, or bypassed
 * @first_ns: when that was
 * @began_ns: when this policy was asked
 * @began_cpu_ns: the same by bpf_oom_cpu_ns(); put off by what is not its time
 */
struct decision {
	struct oom_control *oc;
	struct task_struct *task;
	struct attachment *att;
	const struct bpf_oom_ops *ops;
	unsigned int asked;
	unsigned int kills;
	bool relief;
	bool raised;
	bool freed;
	bool refused;
	bool dry_run;
	int ret;
	char reason[RECORD_WHY];
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

/* dispatch.c */

struct decision *bpf_oom_deciding(struct oom_control *oc);
struct decision *bpf_oom_deciding_now(void);
struct cgroup *bpf_oom_memcg_cgroup(struct mem_cgroup *memcg);
struct cgroup *bpf_oom_cgroup(const struct oom_control *oc);
bool bpf_oom_is_declared(const struct decision *d);
const char *bpf_oom_constraint(const struct oom_control *oc);

/* Of the cgroup that is out of memory, 0: the system. */
static inline u64 bpf_oom_domain(const struct oom_control *oc)
{
	return oc->memcg ? cgroup_id(bpf_oom_cgroup(oc)) : 0;
}

/* relief.c */

bool bpf_oom_room_again(const struct decision *d);
bool bpf_oom_is_on_the_way(const struct decision *d);

/* victims.c: the last victims, until their memory is free */

void bpf_oom_victim_add(u64 domain, struct task_struct *task);
pid_t bpf_oom_victim_coming(u64 domain);
bool bpf_oom_victim_frees(u64 domain);

/* account.c: around each call of a policy */

void bpf_oom_account_next(void);
bool bpf_oom_account_may_ask(struct decision *d);
void bpf_oom_account_begin(struct decision *d);
bool bpf_oom_account_end(struct decision *d, bool relief);
void bpf_oom_account_freed(struct decision *d);
void bpf_oom_account_fallback(struct decision *d);
void bpf_oom_account_death(struct task_struct *task, uid_t uid);
void bpf_oom_account_declared(const struct declared *declared);
void bpf_oom_account_exit(void);

/* deaths.c: who dies by the OOM killer */

int bpf_oom_deaths_get(void);
void bpf_oom_deaths_put(void);
int bpf_oom_deaths_init(void);
void bpf_oom_deaths_exit(void);

/* declare.c */

struct declared *bpf_oom_declared(void);

/* note.c: what goes into the record */

void bpf_oom_note_kernel(struct decision *d);
void bpf_oom_note_path(struct cgroup *cgrp, char *to, size_t size);
void bpf_oom_note_death(struct record_victim *v, struct task_struct *task, uid_t uid);
void bpf_oom_note_kill(struct decision *d, struct task_struct *task,
		       const char *message, int ret);
void bpf_oom_note_wait(struct decision *d, struct task_struct *task);
void bpf_oom_note_ranked(struct decision *d, struct task_struct *task,
			 enum oom_hook_verdict verdict);

/*
 * Around each call of a program. A blocking allocation in it would come back to
 * the OOM killer, whose lock we hold, and a page fault would allocate. With
 * PF_MEMALLOC an allocation is served from the reserves or fails.
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
 * CPU time of this task, exact to a tick, which is what a module can read. Unlike the
 * clock it stands still while the task waits for its turn: one of a low priority, or
 * with a small cpu.max, takes long for each OOM.
 */
static inline u64 bpf_oom_cpu_ns(void)
{
	return READ_ONCE(current->se.sum_exec_runtime);
}

/* rank.c: a policy has a word in the kernel's own scan */

bool bpf_oom_rank(struct decision *d);

#endif /* _BPF_OOM_DISPATCH_H */
