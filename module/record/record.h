/* SPDX-License-Identifier: GPL-2.0-only */
/* Decision records: what was decided about an OOM, by whom and why. */
#ifndef _BPF_OOM_RECORD_RECORD_H
#define _BPF_OOM_RECORD_RECORD_H

#include <linux/sched.h>
#include <linux/types.h>

#include <bpf_oom/oom.h>
#include <bpf_oom/record.h>

struct wait_queue_head;

/* How many records are kept. */
#define RECORDS 64

/*
 * In one record. Of what is more the best is kept, of a text that is longer the
 * beginning, and of a path the end, behind "...".
 */
#define RECORD_PATH 512
#define RECORD_TEXT 256
#define RECORD_WHY 64
#define RECORD_REASON 128
#define RECORD_CANDIDATES 16
#define RECORD_DECLINED 8
#define RECORD_OTHERS 32

/**
 * struct record_candidate - a task or a cgroup that the policy considered
 * @score: what it thinks of it, in a unit of its own
 * @pid: the process, 0: a cgroup
 * @chosen: the policy chose it: it stays, however many are better
 * @cgroup_id: the cgroup, or that of the process
 * @text: name of the process, or path of the cgroup
 * @why: why the policy passed it over; "": it did not say so
 */
struct record_candidate {
	s64 score;
	pid_t pid;
	bool chosen;
	u64 cgroup_id;
	char text[RECORD_TEXT];
	char why[RECORD_WHY];
};

/**
 * struct record_declined - a policy that left the OOM to the next one
 * @name: of the policy
 * @cgroup_id: where it is attached
 * @ret: what it returned
 * @why: in one word, a constant
 * @reason: what the policy said about it, or ""
 */
struct record_declined {
	char name[BPF_OOM_NAME_MAX_LEN];
	u64 cgroup_id;
	int ret;
	const char *why;
	char reason[RECORD_WHY];
};

/**
 * struct record_victim - a process that was chosen
 * @pid: 0: nobody
 * @uid: its user
 * @rss_kb: its memory when it was chosen
 * @comm: its name
 * @cgroup: its path
 */
struct record_victim {
	pid_t pid;
	uid_t uid;
	u64 rss_kb;
	char comm[TASK_COMM_LEN];
	char cgroup[RECORD_PATH];
};

/**
 * struct record - a decision
 * @seq: its number, from 1
 * @time_ns: when the OOM came, by the clock that runs while suspended
 * @memcg: it is that of a cgroup, not of the system
 * @dry_run: the policy could not act
 * @rehearsal: there was no OOM
 * @declared_by: the pressure policy, or the process, whose program declared the OOM;
 *	"": it was no declared one
 * @repeats: how often the same OOM came back while a victim of it was on its way out
 * @attachment: the number of the attachment that decided; 0: the kernel
 * @cgroup_id: of the cgroup that hit its limit, the root's for the system
 * @cgroup: its path
 * @order: of the allocation
 * @constraint: what the kernel calls the kind of OOM, or the text of a declared one
 * @policy: who decided; BPF_OOM_POLICY_DEFAULT: the kernel
 * @policy_cgroup_id: where it is attached
 * @policy_cgroup: the path of that
 * @result: what it did, or in a dry run would have done: BPF_OOM_RESULT_*
 * @asked: how many policies had been asked until then
 * @kills: how many processes died of it, by the policy or with BPF_OOM_RESULT_DEFAULT by the
 *	kernel, those that memory.oom.group added included; in a dry run, would have
 * @latency_ns: how long that took it; with BPF_OOM_RESULT_DEFAULT all policies
 * @victim: the first of them, or the one that it waits for
 * @reason: what the policy said about that
 * @nr_others: how many are in @others
 * @others: who died after @victim
 * @kernel: what the kernel would have done: BPF_OOM_KERNEL_*; NULL: unknown
 * @kernel_pid: whom it would have killed
 * @kernel_score: its score
 * @kernel_comm: its name
 * @nr_candidates: how many are in @candidates
 * @nr_considered: how many there were
 * @nr_declined: how many are in @declined
 * @candidates: of the policy, best first
 * @declined: in the order in which they were asked
 */
struct record {
	u64 seq;
	u64 time_ns;
	bool memcg;
	bool dry_run;
	bool rehearsal;
	char declared_by[BPF_OOM_NAME_MAX_LEN];
	u64 repeats;
	u64 attachment;
	u64 cgroup_id;
	char cgroup[RECORD_PATH];
	int order;
	char constraint[BPF_OOM_TEXT_MAX_LEN];
	char policy[BPF_OOM_NAME_MAX_LEN];
	u64 policy_cgroup_id;
	char policy_cgroup[RECORD_PATH];
	int result;
	unsigned int asked;
	unsigned int kills;
	u64 latency_ns;
	struct record_victim victim;
	char reason[RECORD_REASON];
	unsigned int nr_others;
	pid_t others[RECORD_OTHERS];
	const char *kernel;
	pid_t kernel_pid;
	long kernel_score;
	char kernel_comm[TASK_COMM_LEN];
	unsigned int nr_candidates;
	unsigned int nr_considered;
	unsigned int nr_declined;
	struct record_candidate candidates[RECORD_CANDIDATES];
	struct record_declined declined[RECORD_DECLINED];
};

/* record.c: the records that are kept */

void bpf_oom_record_commit(struct record *r);
void bpf_oom_record_open(struct record *r);
bool bpf_oom_record_close(u64 seq, struct record *r);
u64 bpf_oom_record_open_seq(void);
void bpf_oom_record_add_death(struct record *r, const struct record_victim *victim);
bool bpf_oom_record_death(u64 seq, const struct record_victim *victim);
bool bpf_oom_record_repeat(pid_t victim);
int bpf_oom_record_get(u64 *seq, struct record *r);
void bpf_oom_record_range(u64 *first, u64 *next);
struct wait_queue_head *bpf_oom_record_wait(void);
int bpf_oom_record_init(void);
void bpf_oom_record_exit(void);

#endif /* _BPF_OOM_RECORD_RECORD_H */
