/* SPDX-License-Identifier: GPL-2.0-only */
/* psi_policy.c: a pressure policy that is attached */
#ifndef _BPF_OOM_PSI_PSI_POLICY_H
#define _BPF_OOM_PSI_PSI_POLICY_H

#include <linux/list.h>
#include <linux/llist.h>
#include <linux/workqueue.h>

#include <bpf_oom/oom.h>
#include <bpf_oom/psi.h>

/**
 * struct psi_policy - a pressure policy that is attached
 * @psi: what its programs know it by
 * @ops: its programs; their memory is the struct_ops map's, which the map's own
 *	unreg, that is our detach, keeps until no callback runs
 * @node: in the list of all policies
 * @runner: the task that is running a callback; others compare it with themselves
 * @work: runs the callbacks; disabled before ->init() has succeeded and from the
 *	beginning of the end on
 * @fired: triggers with events that have not been told, latest first
 * @online: cgroups that were made and have not been told, latest first
 * @lost_online: cgroups that were made but could not be put there
 * @look_for_dead: cgroups have been removed since the last look. Whoever sets it
 *	queues @work after that, so the worker that misses it runs once more
 * @cgroups: those with triggers
 * @next_index: triggers created so far
 *
 * @psi, @cgroups and @next_index belong to whoever runs the callbacks: first the
 * attaching task, then @work, last the detaching task, which has waited for it.
 * The others are filled from atomic context, without a lock.
 */
struct psi_policy {
	struct bpf_psi psi;
	struct bpf_psi_ops *ops;
	struct list_head node;
	struct task_struct *runner;
	struct work_struct work;
	struct llist_head fired;
	struct llist_head online;
	atomic_t lost_online;
	bool look_for_dead;
	struct list_head cgroups;
	u32 next_index;
};

void bpf_psi_queue(struct psi_policy *p);
int bpf_psi_queue_init(void);
void bpf_psi_queue_exit(void);

#endif /* _BPF_OOM_PSI_PSI_POLICY_H */
