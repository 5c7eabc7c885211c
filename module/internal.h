/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of bpf_oom.ko share. */
#ifndef _BPF_OOM_INTERNAL_H
#define _BPF_OOM_INTERNAL_H

#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/cgroup.h>
#include <linux/kobject.h>

#include <bpf_oom/oom.h>
#include <bpf_oom/psi.h>

#include "breaker.h"

#ifndef CONFIG_MEMCG
/*
 * Nobody ever has one here. But handlers have an argument of this type, which
 * they look into and the verifier has to know.
 */
struct mem_cgroup {
	struct cgroup_subsys_state css;
};
#endif

/* hook.c: our registration with the hook */

int bpf_oom_hook_get(void);
void bpf_oom_hook_put(void);
void bpf_oom_hook_wait(void);

/* Has it been removed? Cleared before the hook tells of the removal. */
static inline bool bpf_oom_cgroup_dead(const struct cgroup *cgrp)
{
	return !(READ_ONCE(cgrp->self.flags) & CSS_ONLINE);
}

/* attach.c: which policy sits on which cgroup */

/**
 * struct attachment_count - what an attachment has done, see sysfs.c
 * @asked: OOMs; each is also one in @handled, @declined or @errors
 * @handled: memory came, by what it did or by itself
 * @kills: processes
 * @waits: handled by waiting for a victim
 * @declined: left to the next one
 * @errors: the same with an error, or because a kill was refused
 * @bypassed: OOMs that it was not asked about since its breaker had tripped
 * @time_total_ns: that its programs took
 * @time_max_ns: for one OOM
 *
 * Written by the task that handles an OOM, one at a time; read at any time.
 */
struct attachment_count {
	u64 asked;
	u64 handled;
	u64 kills;
	u64 waits;
	u64 declined;
	u64 errors;
	u64 bypassed;
	u64 time_total_ns;
	u64 time_max_ns;
};

static inline void bpf_oom_count(u64 *counter, u64 nr)
{
	WRITE_ONCE(*counter, *counter + nr);
}

/**
 * struct attachment - a policy on a cgroup
 * @node: in the table, by cgroup id, in the order of attachment
 * @ops: the policy, which an update replaces; its memory is the struct_ops map's,
 *	which the map's own unreg or update, that is our detach or update, keeps
 *	until no program of it runs. Readers are in attach_srcu
 * @link: NULL when attached by the map alone. No reference: the link cannot be
 *	freed before it has detached, which takes attach_mutex
 * @cgrp: the cgroup; we hold a reference
 * @kobj: its directory in sysfs; its last reference frees the attachment
 * @id: its number there, never used again
 * @count: what it has done
 * @breaker: whether it may go on
 * @ending: the cgroup has been removed, and the sweep has taken notice: the policy
 *	is being told, or has been. By attach_mutex
 */
struct attachment {
	struct hlist_node node;
	struct bpf_oom_ops __rcu *ops;
	struct bpf_link *link;
	struct cgroup *cgrp;
	struct kobject kobj;
	u64 id;
	struct attachment_count count;
	struct breaker breaker;
	bool ending;
};

int bpf_oom_attach(struct bpf_oom_ops *ops, struct bpf_link *link);
int bpf_oom_update(struct bpf_oom_ops *ops, struct bpf_oom_ops *old);
void bpf_oom_detach(struct bpf_oom_ops *ops, struct bpf_link *link);
bool bpf_oom_attached_ask(struct cgroup *cgrp,
			  bool (*ask)(struct attachment *att,
				      const struct bpf_oom_ops *ops, void *arg),
			  void *arg);
void bpf_oom_wait_for_programs(void);
struct cgroup *bpf_oom_attached_cgroup(u64 id);
int bpf_oom_attached_ops(struct attachment *att, const struct bpf_oom_ops **ops);
void bpf_oom_attached_ops_put(int idx);
void bpf_oom_cgroup_offline(struct cgroup *cgrp);
int bpf_oom_attach_init(void);
void bpf_oom_attach_exit(void);

/* sysfs.c: attachments in /sys/kernel/bpf_oom */

int bpf_oom_sysfs_add(struct attachment *att);
void bpf_oom_sysfs_remove(struct attachment *att);
int bpf_oom_sysfs_init(void);
void bpf_oom_sysfs_exit(void);

/* rehearse.c: asking one policy about an OOM that is none */

int bpf_oom_rehearse(u64 attachment);
u64 bpf_oom_rehearsed(void);
void bpf_oom_rehearsed_done(bool asked);

/* note.c: what policies tell */

int bpf_oom_note_task(struct oom_control *oc, struct task_struct *task, s64 score);
int bpf_oom_note_cgroup(struct oom_control *oc, struct cgroup *cgrp, s64 score,
			const char *why);
int bpf_oom_note_decline(struct oom_control *oc, const char *why);

/* account.c: the last OOM is on record when it is over */

void bpf_oom_account_settle(void);

/* declare.c: OOMs that a program declares */

int bpf_oom_declare(struct mem_cgroup *memcg, int order, bool wait, const char *text);

/* dispatch.c: an OOM asks the policies */

extern bool bpf_oom_enabled;

bool bpf_oom_handle(struct oom_control *oc);

/* victims.c */

void bpf_oom_victims_forget(void);

/* relief.c: what the policy that is being asked does */

int bpf_oom_running_kill(struct oom_control *oc, struct task_struct *task,
			 const char *message);
int bpf_oom_running_wait(struct oom_control *oc, struct task_struct *task);
int bpf_oom_running_raise(struct oom_control *oc, struct mem_cgroup *memcg,
			  u64 bytes);

/* ops.c: what the struct_ops types have in common */

int bpf_oom_init_btf(struct btf *btf);
int bpf_oom_check_registered(int ret);
bool bpf_oom_prog_in(const struct bpf_prog *prog, size_t last);
int bpf_oom_prog_callback(const struct bpf_prog *prog);
bool bpf_oom_kfunc_in(const struct bpf_prog *prog, u32 kfunc_id,
		      const struct btf_id_set *set);
int bpf_oom_init_name(char *name, const char *uname);
int bpf_oom_check_attacher(const char *name);

/* deny.c: what the programs of policies must not call */

void bpf_oom_deny_init(void);
int bpf_oom_check_kfuncs(const struct bpf_prog *prog);
const struct bpf_func_proto *
bpf_psi_get_func_proto(enum bpf_func_id func_id, const struct bpf_prog *prog);
const struct bpf_func_proto *
bpf_oom_get_func_proto(enum bpf_func_id func_id, const struct bpf_prog *prog);

/* oom_ops.c: the struct_ops type of OOM policies */

int bpf_oom_ops_init(void);
bool bpf_oom_ops_owns(const struct bpf_prog *prog);

/* psi.c and psi_trigger.c: policies that act on pressure */

int bpf_psi_attach(struct bpf_psi_ops *ops);
void bpf_psi_detach(struct bpf_psi_ops *ops);
bool bpf_psi_running(char *name, size_t size);
void bpf_psi_cgroup_online(struct cgroup *cgrp);
void bpf_psi_cgroup_offline(struct cgroup *cgrp);
int bpf_psi_create(struct bpf_psi *psi, u64 id, u32 resource, u32 threshold_us,
		   u32 window_us);
int bpf_psi_init(void);
void bpf_psi_exit(void);

/* psi_ops.c: their struct_ops type */

int bpf_psi_ops_init(void);
bool bpf_psi_ops_owns(const struct bpf_prog *prog);

/* kfuncs.c and memcg_kfuncs.c: what policies can call */

int bpf_oom_kfuncs_init(void);
#ifdef BPF_OOM_MEMCG_KFUNCS
int bpf_oom_memcg_kfuncs_init(void);
#else
static inline int bpf_oom_memcg_kfuncs_init(void)
{
	return 0;
}
#endif

#endif /* _BPF_OOM_INTERNAL_H */
