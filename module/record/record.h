/* SPDX-License-Identifier: GPL-2.0-only */
/* Decision records: how an OOM was handled, by which policy, and why */
#ifndef _BPF_OOM_RECORD_RECORD_H
#define _BPF_OOM_RECORD_RECORD_H

#include <linux/sched.h>
#include <linux/types.h>

#include <bpf_oom/oom.h>
#include <bpf_oom/record.h>

struct wait_queue_head;

/* Number of records that are kept. */
#define RECORDS 64

/*
 * Limits of one record. Surplus candidates are dropped from the worst on. A text that is
 * too long loses its end; a path loses its beginning, in place of which "..." stands.
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
 * @score: the policy's score of it, in a unit of its own
 * @pid: the process; 0: a cgroup
 * @chosen: the policy chose it, so better candidates do not displace it
 * @cgroup_id: the cgroup, or the cgroup of the process
 * @text: name of the process, or path of the cgroup
 * @why: the policy's reason to pass it over; "": none
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
 * @name: name of the policy
 * @cgroup_id: the cgroup that it is attached to
 * @ret: return value of its handler
 * @why: how it declined, a constant of one word
 * @reason: the policy's own reason, or ""
 */
struct record_declined {
	char name[BPF_OOM_NAME_MAX_LEN];
	u64 cgroup_id;
	int ret;
	const char *why;
	char reason[RECORD_WHY];
};

/**
 * struct record_victim - a process that was chosen as a victim
 * @pid: the process; 0: there is no victim
 * @uid: its user id
 * @rss_kb: its RSS when it was chosen
 * @comm: its name
 * @cgroup: path of its cgroup
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
 * @time_ns: when the OOM came, by CLOCK_BOOTTIME
 * @memcg: the OOM of a cgroup, not of the system
 * @dry_run: the policy could not act
 * @rehearsal: the OOM was simulated
 * @declared_by: the pressure policy, or the process, whose program declared the OOM;
 *	"": it was not declared
 * @repeats: how often the same OOM came back while a victim of it was on its way out
 * @attachment: number of the attachment that decided; 0: the kernel decided
 * @cgroup_id: id of the cgroup that hit its limit; for the system the root's
 * @cgroup: path of that cgroup
 * @order: order of the allocation
 * @constraint: the kernel's name of the constraint, or the text of a declared OOM
 * @policy: name of the policy that decided; BPF_OOM_POLICY_DEFAULT: the kernel
 * @policy_cgroup_id: id of the cgroup that the policy is attached to
 * @policy_cgroup: path of that cgroup
 * @result: what the policy did, or would have done in a dry run: BPF_OOM_RESULT_*
 * @asked: number of policies that had been asked until then
 * @kills: number of processes that the policy, or with BPF_OOM_RESULT_DEFAULT the
 *	kernel, killed, including those that memory.oom.group added; in a dry run: would have killed
 * @latency_ns: time that the policy took; with BPF_OOM_RESULT_DEFAULT that of all policies
 * @victim: the first process killed, or the victim that the policy waits for
 * @reason: the policy's reason for that
 * @nr_others: number of entries in @others
 * @others: processes killed after @victim
 * @kernel: what the kernel would have done: BPF_OOM_KERNEL_*; NULL: unknown
 * @kernel_pid: the process that the kernel would have killed
 * @kernel_score: the kernel's score of that process
 * @kernel_comm: name of that process
 * @nr_candidates: number of entries in @candidates
 * @nr_considered: number of candidates that the policy considered
 * @nr_declined: number of entries in @declined
 * @candidates: the policy's candidates, highest score first
 * @declined: policies that declined, in the order in which they were asked
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

/* record.c: the ring of records */

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
