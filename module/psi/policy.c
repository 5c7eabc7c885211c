// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policies that act on pressure, from attach to detach
 *
 * Events of triggers and cgroups are noted in atomic context and passed to the policy by
 * a work item. Each policy has its own: so its callbacks never overlap, data that only
 * they use needs no lock, and a slow policy delays no other.
 */
#define pr_fmt(fmt) "bpf_oom: " fmt

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/mempool.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "hook.h"
#include "permission.h"
#include "psi/psi.h"
#include "psi/psi_policy.h"
#include "psi/trigger.h"

/*
 * All policies, from before their init until none of their callbacks runs any more:
 * until then the same map cannot be attached again. Readers are under RCU, writers hold
 * policies_mutex.
 */
static LIST_HEAD(policies);

/*
 * Protects the list only. Nests inside the struct_ops core's locks; never held while
 * waiting for a callback.
 */
static DEFINE_MUTEX(policies_mutex);

/**
 * struct online - a new cgroup
 * @node: in psi_policy.online
 * @cgrp: the cgroup, with a reference
 */
struct online {
	struct llist_node node;
	struct cgroup *cgrp;
};

/* Mempool reserve of struct online, shared by all policies. */
#define ONLINE_RESERVE 64
static mempool_t *online_pool;

static void note_online(struct psi_policy *p, struct cgroup *cgrp)
{
	struct online *o;

	if (!p->ops->handle_cgroup_online)
		return;
	o = mempool_alloc(online_pool, GFP_ATOMIC | __GFP_NOWARN);
	if (o) {
		cgroup_get(cgrp);
		o->cgrp = cgrp;
		llist_add(&o->node, &p->online);
	} else {
		atomic_inc(&p->lost_online);
	}
	bpf_psi_queue(p);
}

/**
 * bpf_psi_cgroup_online() - note a cgroup that has been created
 * @cgrp: the cgroup
 *
 * Context: atomic.
 */
void bpf_psi_cgroup_online(struct cgroup *cgrp)
{
	struct psi_policy *p;

	rcu_read_lock();
	list_for_each_entry_rcu(p, &policies, node)
		note_online(p, cgrp);
	rcu_read_unlock();
}

/**
 * bpf_psi_cgroup_offline() - note that a cgroup has been removed
 * @cgrp: the cgroup
 *
 * Context: atomic.
 */
void bpf_psi_cgroup_offline(struct cgroup *cgrp)
{
	struct psi_policy *p;

	rcu_read_lock();
	list_for_each_entry_rcu(p, &policies, node) {
		WRITE_ONCE(p->look_for_dead, true);
		bpf_psi_queue(p);
	}
	rcu_read_unlock();
}

static void free_online(struct online *o)
{
	cgroup_put(o->cgrp);
	mempool_free(o, online_pool);
}

/*
 * The hook calls us before the last step of cgroup_mkdir(), after which a cgroup can be
 * found by its id. Policies look it up by id, so wait for that step.
 */
static void wait_until_found(struct cgroup *cgrp)
{
	struct cgroup *found;

	while (!bpf_oom_cgroup_dead(cgrp)) {
		found = cgroup_get_from_id(cgroup_id(cgrp));
		if (!IS_ERR(found)) {
			cgroup_put(found);
			return;
		}
		usleep_range(50, 500);
	}
}

static void tell_online(struct psi_policy *p)
{
	struct llist_node *list = llist_reverse_order(llist_del_all(&p->online));
	unsigned int lost = atomic_xchg(&p->lost_online, 0);
	struct online *o, *next;

	llist_for_each_entry_safe(o, next, list, node) {
		wait_until_found(o->cgrp);
		p->ops->handle_cgroup_online(&p->psi, cgroup_id(o->cgrp));
		free_online(o);
		cond_resched();
	}
	if (lost)
		pr_warn_ratelimited("policy %s: no memory to tell it of %u new cgroups\n",
				    p->ops->name, lost);
}

static void run_callbacks(struct work_struct *work)
{
	struct psi_policy *p = container_of(work, struct psi_policy, work);
	LIST_HEAD(ended);

	WRITE_ONCE(p->runner, current);
	tell_online(p);
	if (xchg(&p->look_for_dead, false))
		bpf_psi_end_dead(p, &ended);
	/* Also takes triggers that have ended off the list of fired ones. */
	bpf_psi_tell_fired(p);
	bpf_psi_free_ended(&ended);
	WRITE_ONCE(p->runner, NULL);
}

/**
 * bpf_psi_running() - the policy whose callback the current task runs
 * @name: set to the name of the policy
 * @size: size of @name
 *
 * Context: any.
 * Return: false if the task runs no callback.
 */
bool bpf_psi_running(char *name, size_t size)
{
	struct psi_policy *p;
	bool found = false;

	rcu_read_lock();
	list_for_each_entry_rcu(p, &policies, node) {
		/* A policy whose callback we are in keeps its ops. */
		if (READ_ONCE(p->runner) != current)
			continue;
		strscpy(name, p->ops->name, size);
		found = true;
	}
	rcu_read_unlock();
	return found;
}

static int add_policy(struct psi_policy *p)
{
	struct psi_policy *other;
	int ret = 0;

	mutex_lock(&policies_mutex);
	list_for_each_entry(other, &policies, node) {
		if (other->ops == p->ops)
			ret = -EBUSY;
	}
	if (!ret)
		list_add_tail_rcu(&p->node, &policies);
	mutex_unlock(&policies_mutex);
	return ret;
}

static struct psi_policy *find_policy(const struct bpf_psi_ops *ops)
{
	struct psi_policy *p, *found = NULL;

	mutex_lock(&policies_mutex);
	list_for_each_entry(p, &policies, node) {
		if (p->ops == ops)
			found = p;
	}
	mutex_unlock(&policies_mutex);
	return found;
}

/* When this returns, no callback of the policy runs and none will be called. */
static void end_policy(struct psi_policy *p)
{
	struct online *o, *next;

	/* Waits for a running callback, which takes none of our locks. */
	disable_work_sync(&p->work);
	bpf_psi_end_all(p);

	mutex_lock(&policies_mutex);
	list_del_rcu(&p->node);
	mutex_unlock(&policies_mutex);
	/* For note_online() and bpf_psi_cgroup_offline(). */
	synchronize_rcu();

	llist_for_each_entry_safe(o, next, llist_del_all(&p->online), node)
		free_online(o);
	bpf_oom_hook_put();
	kfree(p);
}

static int call_init(struct psi_policy *p)
{
	int ret;

	if (!p->ops->init)
		return 0;
	WRITE_ONCE(p->runner, current);
	ret = p->ops->init(&p->psi);
	WRITE_ONCE(p->runner, NULL);
	if (!ret)
		return 0;
	pr_warn_ratelimited("policy %s: not attached, init returned %d\n",
			    p->ops->name, ret);
	return IS_ERR_VALUE((long)ret) ? ret : -EINVAL;
}

/**
 * bpf_psi_attach() - start a policy
 * @ops: the policy
 *
 * Context: process context; called by the struct_ops core, under its locks.
 * Return: 0 or an error as documented at struct bpf_psi_ops.
 */
int bpf_psi_attach(struct bpf_psi_ops *ops)
{
	struct psi_policy *p;
	int ret;

	ret = bpf_oom_check_attacher(ops->name);
	if (ret)
		return ret;
	p = kzalloc(sizeof(*p), GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	p->ops = ops;
	INIT_LIST_HEAD(&p->cgroups);
	INIT_WORK(&p->work, run_callbacks);
	disable_work(&p->work);

	ret = bpf_oom_hook_get();
	if (ret)
		goto err_free;
	ret = add_policy(p);
	if (ret)
		goto err_hook_put;
	ret = call_init(p);
	if (ret) {
		end_policy(p);
		return ret;
	}
	/* There may be events already. */
	enable_work(&p->work);
	bpf_psi_queue(p);
	return 0;

err_hook_put:
	bpf_oom_hook_put();
err_free:
	kfree(p);
	return ret;
}

/**
 * bpf_psi_detach() - end a policy
 * @ops: the policy
 *
 * When this returns, no callback of the policy is running and none will be.
 *
 * Context: process context, waits for a running callback; called by the
 * struct_ops core, under its locks, once for each attach.
 */
void bpf_psi_detach(struct bpf_psi_ops *ops)
{
	struct psi_policy *p = find_policy(ops);

	if (!WARN_ON_ONCE(!p))
		end_policy(p);
}

int bpf_psi_init(void)
{
	int ret = -ENOMEM;

	online_pool = mempool_create_kmalloc_pool(ONLINE_RESERVE,
						  sizeof(struct online));
	if (!online_pool)
		return ret;
	ret = bpf_psi_queue_init();
	if (ret)
		goto err_destroy_pool;
	ret = bpf_psi_trigger_init();
	if (ret)
		goto err_queue_exit;
	return 0;

err_queue_exit:
	bpf_psi_queue_exit();
err_destroy_pool:
	mempool_destroy(online_pool);
	return ret;
}

/* All policies are gone, since they pin the module. */
void bpf_psi_exit(void)
{
	bpf_psi_trigger_exit();
	bpf_psi_queue_exit();
	mempool_destroy(online_pool);
}
