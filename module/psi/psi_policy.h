/* SPDX-License-Identifier: GPL-2.0-only */
/* psi_policy.c: queues the callbacks of a pressure policy */
#ifndef _BPF_OOM_PSI_PSI_POLICY_H
#define _BPF_OOM_PSI_PSI_POLICY_H

#include <linux/list.h>
#include <linux/llist.h>
#include <linux/workqueue.h>

#include <bpf_oom/oom.h>
#include <bpf_oom/psi.h>

/**
 * struct psi_policy - a pressure policy that is attached
 * @psi: the handle that its programs get
 * @ops: its programs; they belong to the struct_ops map, which frees them only after our
 *	detach has waited for a running callback
 * @node: in the list of all policies
 * @runner: the task that is running a callback; other tasks compare it with current
 * @work: runs the callbacks; disabled until ->init() has succeeded and from the start of
 *	the detach on
 * @fired: triggers with events that the policy has not been told of, latest first
 * @online: new cgroups that the policy has not been told of, latest first
 * @lost_online: number of new cgroups that could not be added to @online
 * @look_for_dead: cgroups have been removed since the last check. Set before @work is
 *	queued, so a worker that misses it runs once more
 * @cgroups: cgroups for which the policy has triggers
 * @next_index: index of the next trigger
 *
 * @psi, @cgroups and @next_index belong to the task that runs the callbacks: first the
 * attaching task, then @work, last the detaching task, which has waited for @work.
 * @fired, @online, @lost_online and @look_for_dead are set in atomic context, without a
 * lock.
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
