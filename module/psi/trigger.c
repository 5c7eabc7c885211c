// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pressure triggers of a policy
 *
 * They are grouped by cgroup, because they end with their cgroup. All functions but
 * note_fired() are called by the task that runs the policy's callbacks, see struct
 * psi_policy, and so need no lock.
 */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/oom_hook.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "hook.h"
#include "psi/psi.h"
#include "psi/trigger.h"

/*
 * Destroying a trigger waits for a grace period, and there may be 1,024 to destroy under
 * the struct_ops core's locks. So they are destroyed in parallel. Not on the workqueue
 * of the callbacks: a callback's worker waits for this, and it may be the rescuer, the
 * only worker when memory is short.
 */
#define END_TOGETHER 128
static struct workqueue_struct *end_wq;

/**
 * struct psi_cgroup - a cgroup for which a policy has triggers
 * @node: in psi_policy.cgroups, or in a list of cgroups whose triggers have ended
 * @cgrp: the cgroup, with a reference; the root for the whole system
 * @triggers: the triggers
 */
struct psi_cgroup {
	struct list_head node;
	struct cgroup *cgrp;
	struct list_head triggers;
};

/**
 * struct trigger - a trigger
 * @shown: the part that the policy sees
 * @policy: the policy that has it
 * @hook: the hook's trigger; NULL when it has ended
 * @node: in psi_cgroup.triggers
 * @fired: in psi_policy.fired, if @pending is not 0
 * @pending: number of events that the policy has not been told of
 * @event_ns: time of the last event
 * @end_work: destroys the hook's trigger
 */
struct trigger {
	struct bpf_psi_trigger shown;
	struct psi_policy *policy;
	struct oom_hook_psi *hook;
	struct list_head node;
	struct llist_node fired;
	atomic_t pending;
	u64 event_ns;
	struct work_struct end_work;
};

/* Called in atomic context, with interrupts off. */
static void note_fired(void *arg)
{
	struct trigger *t = arg;

	WRITE_ONCE(t->event_ns, ktime_get_mono_fast_ns());
	/* Pairs with atomic_xchg(): only the first event after it adds to the list. */
	if (atomic_inc_return(&t->pending) == 1)
		llist_add(&t->fired, &t->policy->fired);
	bpf_psi_queue(t->policy);
}

/**
 * bpf_psi_tell_fired() - tell a policy which of its triggers have fired
 * @p: the policy
 *
 * Context: process context; calls the policy.
 */
void bpf_psi_tell_fired(struct psi_policy *p)
{
	struct llist_node *list = llist_reverse_order(llist_del_all(&p->fired));
	struct trigger *t, *next;

	llist_for_each_entry_safe(t, next, list, fired) {
		/* After the atomic_xchg() it may be added to the policy's list again. */
		t->shown.events += atomic_xchg(&t->pending, 0);
		t->shown.event_ns = READ_ONCE(t->event_ns);
		if (t->hook)
			p->ops->handle_psi_event(&p->psi, &t->shown);
		cond_resched();
	}
}

static struct psi_cgroup *find_cgroup(struct psi_policy *p, struct cgroup *cgrp)
{
	struct psi_cgroup *pc;

	list_for_each_entry(pc, &p->cgroups, node) {
		if (pc->cgrp == cgrp)
			return pc;
	}
	return NULL;
}

static struct psi_cgroup *add_cgroup(struct psi_policy *p, struct cgroup *cgrp)
{
	struct psi_cgroup *pc;

	pc = kzalloc(sizeof(*pc), GFP_KERNEL);
	if (!pc)
		return NULL;
	cgroup_get(cgrp);
	pc->cgrp = cgrp;
	INIT_LIST_HEAD(&pc->triggers);
	list_add_tail(&pc->node, &p->cgroups);
	return pc;
}

static void free_cgroup(struct psi_cgroup *pc)
{
	struct trigger *t, *next;

	list_del(&pc->node);
	list_for_each_entry_safe(t, next, &pc->triggers, node)
		kfree(t);
	cgroup_put(pc->cgrp);
	kfree(pc);
}

static u64 shown_cgroup_id(const struct psi_cgroup *pc)
{
	return cgroup_parent(pc->cgrp) ? cgroup_id(pc->cgrp) : 0;
}

static void end_trigger(struct work_struct *work)
{
	struct trigger *t = container_of(work, struct trigger, end_work);

	oom_hook_psi_destroy(t->hook);
}

static int add_trigger(struct psi_policy *p, struct psi_cgroup *pc,
		       u32 resource, u32 threshold_us, u32 window_us)
{
	bool full = resource & BPF_PSI_FULL;
	struct trigger *t;
	int ret;

	t = kzalloc(sizeof(*t), GFP_KERNEL);
	if (!t)
		return -ENOMEM;
	t->policy = p;
	INIT_WORK(&t->end_work, end_trigger);
	t->shown.cgroup_id = shown_cgroup_id(pc);
	t->shown.index = p->next_index;
	t->shown.resource = resource & ~BPF_PSI_FULL;
	t->shown.full = full;
	t->shown.threshold_us = threshold_us;
	t->shown.window_us = window_us;
	/* It may fire before we return; the worker tells the policy later. */
	t->hook = oom_hook_psi_create(pc->cgrp, t->shown.resource, full,
				      threshold_us, window_us, note_fired, t);
	if (IS_ERR(t->hook)) {
		ret = PTR_ERR(t->hook);
		kfree(t);
		return ret;
	}
	list_add_tail(&t->node, &pc->triggers);
	p->next_index++;
	p->psi.nr_triggers++;
	return 0;
}

static int create_for(struct psi_policy *p, struct cgroup *cgrp, u32 resource,
		      u32 threshold_us, u32 window_us)
{
	struct psi_cgroup *pc;
	int ret;

	/*
	 * If the cgroup is removed after this check, look_for_dead is set, and the
	 * worker checks that after the current callback, in which we are.
	 */
	if (bpf_oom_cgroup_dead(cgrp))
		return -EBUSY;
	pc = find_cgroup(p, cgrp) ?: add_cgroup(p, cgrp);
	if (!pc)
		return -ENOMEM;
	ret = add_trigger(p, pc, resource, threshold_us, window_us);
	if (list_empty(&pc->triggers))
		free_cgroup(pc);
	return ret;
}

/**
 * bpf_psi_create() - give a policy one more trigger
 * @psi: the policy
 * @id: id of the cgroup whose pressure to watch; 0: the whole system
 * @resource: enum psi_res, or'ed with BPF_PSI_FULL
 * @threshold_us: stall time within a window that makes the trigger fire
 * @window_us: the window
 *
 * Context: within a callback of the policy.
 * Return: 0 or an error as documented at bpf_psi_create_trigger().
 */
int bpf_psi_create(struct bpf_psi *psi, u64 id, u32 resource, u32 threshold_us,
		   u32 window_us)
{
	struct psi_policy *p = container_of(psi, struct psi_policy, psi);
	struct cgroup *cgrp;
	int ret;

	if (psi->nr_triggers >= BPF_PSI_MAX_TRIGGERS)
		return -ENOSPC;
	/* In init: in the attaching task's cgroup namespace. In a worker: any cgroup. */
	cgrp = cgroup_get_from_id(id ?: cgroup_id(&cgrp_dfl_root.cgrp));
	if (IS_ERR(cgrp))
		return -ENOENT;
	ret = create_for(p, cgrp, resource, threshold_us, window_us);
	cgroup_put(cgrp);
	return ret;
}

static void begin_end(struct psi_cgroup *pc)
{
	struct trigger *t;

	list_for_each_entry(t, &pc->triggers, node)
		queue_work(end_wq, &t->end_work);
}

/* The triggers fire no more, but may still be in the list of fired ones. */
static void finish_end(struct psi_policy *p, struct psi_cgroup *pc)
{
	struct trigger *t;

	list_for_each_entry(t, &pc->triggers, node) {
		flush_work(&t->end_work);
		t->hook = NULL;
		p->psi.nr_triggers--;
	}
}

/**
 * bpf_psi_end_dead() - end the triggers of cgroups that have been removed
 * @p: the policy
 * @ended: the list to move their cgroups to
 *
 * They can be freed after the next bpf_psi_tell_fired().
 *
 * Context: process context; calls the policy.
 */
void bpf_psi_end_dead(struct psi_policy *p, struct list_head *ended)
{
	struct psi_cgroup *pc, *next;

	list_for_each_entry_safe(pc, next, &p->cgroups, node) {
		if (!bpf_oom_cgroup_dead(pc->cgrp))
			continue;
		begin_end(pc);
		list_move_tail(&pc->node, ended);
	}
	list_for_each_entry(pc, ended, node) {
		finish_end(p, pc);
		if (p->ops->handle_cgroup_offline)
			p->ops->handle_cgroup_offline(&p->psi,
						      cgroup_id(pc->cgrp));
	}
}

/**
 * bpf_psi_end_all() - end and free all triggers of a policy
 * @p: the policy; none of its callbacks runs any more
 *
 * Context: process context.
 */
void bpf_psi_end_all(struct psi_policy *p)
{
	struct psi_cgroup *pc;

	list_for_each_entry(pc, &p->cgroups, node)
		begin_end(pc);
	list_for_each_entry(pc, &p->cgroups, node)
		finish_end(p, pc);
	/* The list of fired triggers is not read again. */
	bpf_psi_free_ended(&p->cgroups);
}

/**
 * bpf_psi_free_ended() - free triggers that have ended
 * @ended: list of their cgroups
 *
 * Context: process context.
 */
void bpf_psi_free_ended(struct list_head *ended)
{
	struct psi_cgroup *pc, *next;

	list_for_each_entry_safe(pc, next, ended, node)
		free_cgroup(pc);
}

int bpf_psi_trigger_init(void)
{
	end_wq = alloc_workqueue("bpf_psi_end", WQ_MEM_RECLAIM | WQ_UNBOUND,
				 END_TOGETHER);
	return end_wq ? 0 : -ENOMEM;
}

void bpf_psi_trigger_exit(void)
{
	destroy_workqueue(end_wq);
}
