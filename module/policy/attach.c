// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attaches policies to cgroups and finds them
 *
 * An attachment ends in one of two ways: its map or link is detached, or its
 * cgroup is removed. In the second case the policy's offline handler is called, and
 * then the link's detach, which comes back here like the first case.
 */
#define pr_fmt(fmt) "bpf_oom: " fmt

#include <linux/hashtable.h>
#include <linux/memcontrol.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/srcu.h>
#include <linux/workqueue.h>

#include "hook.h"
#include "permission.h"
#include "policy/attach.h"
#include "policy/sysfs.h"

/* By cgroup id. Readers are in bpf_oom_attach_srcu, writers hold attach_mutex. */
static DEFINE_HASHTABLE(attachments, 8);

/*
 * Protects the table. Nests inside the struct_ops core's locks; never taken
 * while an OOM is being handled.
 */
static DEFINE_MUTEX(attach_mutex);

/* Our own, since the name of system_unbound_wq depends on the kernel version. */
static struct workqueue_struct *sweep_wq;
static void sweep_dead_cgroups(struct work_struct *work);
static DECLARE_WORK(sweep_work, sweep_dead_cgroups);

/**
 * bpf_oom_cgroup_offline() - a cgroup has been removed
 * @cgrp: the cgroup
 *
 * Context: atomic.
 */
void bpf_oom_cgroup_offline(struct cgroup *cgrp)
{
	queue_work(sweep_wq, &sweep_work);
}

static bool has_memcg(struct cgroup *cgrp)
{
#ifdef CONFIG_MEMCG
	return rcu_access_pointer(cgrp->subsys[memory_cgrp_id]);
#else
	return false;
#endif
}

/* A hint for the log. */
static const char *why_no_memcg(struct cgroup *cgrp)
{
	if (!has_memcg(&cgrp_dfl_root.cgrp))
		return "it is switched off (cgroup_disable=memory) or in use by cgroup v1";
	if (cgrp->dom_cgrp != cgrp)
		return "the cgroup is threaded, attach to the one above that has its memory";
	return "enable it in cgroup.subtree_control of its parent";
}

static u64 attach_id(const struct bpf_oom_ops *ops)
{
	return ops->cgroup_id ?: cgroup_id(&cgrp_dfl_root.cgrp);
}

static struct cgroup *get_attach_cgroup(const struct bpf_oom_ops *ops)
{
	u64 root_id = cgroup_id(&cgrp_dfl_root.cgrp);
	u64 id = attach_id(ops);
	struct cgroup *cgrp;

	if (id != root_id && !IS_ENABLED(CONFIG_MEMCG)) {
		pr_warn_ratelimited("policy %s: this kernel has no memory cgroups, only a system-wide policy is possible\n",
				    ops->name);
		return ERR_PTR(-EOPNOTSUPP);
	}
	/* Finds only cgroups in the caller's cgroup namespace, the root included. */
	cgrp = cgroup_get_from_id(id);
	if (IS_ERR(cgrp)) {
		pr_warn_ratelimited("policy %s: no cgroup with id %llu in this cgroup namespace\n",
				    ops->name, id);
		return ERR_PTR(-ENOENT);
	}
	if (id == root_id)
		return cgrp;
	if (!has_memcg(cgrp)) {
		pr_warn_ratelimited("policy %s: cgroup %llu has no memory controller: %s\n",
				    ops->name, ops->cgroup_id, why_no_memcg(cgrp));
		cgroup_put(cgrp);
		return ERR_PTR(-ENODEV);
	}
	return cgrp;
}

static struct attachment *find_attachment(const struct bpf_oom_ops *ops)
{
	struct attachment *att;
	int bkt;

	hash_for_each(attachments, bkt, att, node) {
		if (rcu_access_pointer(att->ops) == ops)
			return att;
	}
	return NULL;
}

/* Adds it as the first or last one on its cgroup, and in its hash bucket. */
static void link_attachment(struct attachment *att, bool first)
{
	struct hlist_head *head;

	head = &attachments[hash_min(cgroup_id(att->cgrp),
				     HASH_BITS(attachments))];
	if (first)
		hlist_add_head_rcu(&att->node, head);
	else
		hlist_add_tail_rcu(&att->node, head);
}

/* When this returns, no handler of the attachment runs. */
static void unlink_attachment(struct attachment *att)
{
	hlist_del_rcu(&att->node);
	synchronize_srcu(&bpf_oom_attach_srcu);
	bpf_oom_hook_put();
}

static int add_attachment(struct attachment *att, const struct bpf_oom_ops *ops)
{
	int ret;

	if (find_attachment(ops))
		return -EBUSY;
	ret = bpf_oom_hook_get();
	if (ret)
		return ret;
	link_attachment(att, ops->flags & BPF_OOM_F_BEFORE);
	/* CSS_ONLINE is cleared before the hook calls us: one check here is enough. */
	if (bpf_oom_cgroup_dead(att->cgrp)) {
		unlink_attachment(att);
		return -EBUSY;
	}
	return 0;
}

static struct attachment *new_attachment(struct bpf_oom_ops *ops,
					 struct bpf_link *link)
{
	struct attachment *att;
	struct cgroup *cgrp;

	cgrp = get_attach_cgroup(ops);
	if (IS_ERR(cgrp))
		return ERR_CAST(cgrp);
	att = kzalloc(sizeof(*att), GFP_KERNEL);
	if (!att) {
		cgroup_put(cgrp);
		return ERR_PTR(-ENOMEM);
	}
	RCU_INIT_POINTER(att->ops, ops);
	att->link = link;
	att->cgrp = cgrp;
	bpf_oom_breaker_init(&att->breaker);
	return att;
}

/*
 * Logs where the policy has been attached. The BPF core ignores a cgroup that the loader
 * passes to link_create, as other program types want it, and does not tell us: the log
 * is where the user learns that it had no effect.
 */
static void say_attached(const struct attachment *att,
			 const struct bpf_oom_ops *ops)
{
	char *path;

	if (ops->flags & BPF_OOM_F_REHEARSAL)
		return;
	if (!ops->cgroup_id) {
		pr_info("policy %s: attached to the whole system, since its cgroup_id is 0; for one cgroup set bpf_oom_ops.cgroup_id before it is loaded (a cgroup given to link_create does not count), or use bpfoom attach --cgroup\n",
			ops->name);
		return;
	}
	if (att->cgrp == &cgrp_dfl_root.cgrp) {
		pr_info("policy %s: attached to the whole system\n", ops->name);
		return;
	}
	path = kmalloc(PATH_MAX, GFP_KERNEL);
	if (path && cgroup_path(att->cgrp, path, PATH_MAX) >= 0)
		pr_info("policy %s: attached to cgroup %s\n", ops->name, path);
	kfree(path);
}

/**
 * bpf_oom_attach() - attach a policy to the cgroup that it names
 * @ops: the policy
 * @link: the link through which it is attached, or NULL
 *
 * Context: process context; called by the struct_ops core.
 * Return: 0 or an error as documented at struct bpf_oom_ops.
 */
int bpf_oom_attach(struct bpf_oom_ops *ops, struct bpf_link *link)
{
	struct attachment *att;
	int ret;

	ret = bpf_oom_check_attacher(ops->name);
	if (ret)
		return ret;
	att = new_attachment(ops, link);
	if (IS_ERR(att))
		return PTR_ERR(att);
	/* First, since it may fail; it frees @att then. */
	ret = bpf_oom_sysfs_add(att);
	if (ret)
		return ret;

	mutex_lock(&attach_mutex);
	ret = add_attachment(att, ops);
	/* Under the lock, since the attachment may end once it is released. */
	if (!ret)
		say_attached(att, ops);
	mutex_unlock(&attach_mutex);
	if (ret)
		bpf_oom_sysfs_remove(att);
	return ret;
}

static int check_update(const struct attachment *att,
			const struct bpf_oom_ops *ops)
{
	struct attachment *other = find_attachment(ops);

	if (attach_id(ops) != cgroup_id(att->cgrp)) {
		pr_warn_ratelimited("policy %s: cannot replace one on cgroup %llu, it names cgroup %llu\n",
				    ops->name, cgroup_id(att->cgrp),
				    attach_id(ops));
		return -EINVAL;
	}
	return other && other != att ? -EBUSY : 0;
}

/**
 * bpf_oom_update() - replace the policy of an attachment
 * @ops: the new policy
 * @old: the policy that it replaces
 *
 * The attachment keeps its place among those on the cgroup. Each OOM is passed to
 * one of the two. When this returns, no handler of the old policy is running.
 *
 * Context: process context, waits for running handlers; called by the
 * struct_ops core.
 * Return: 0; -EPERM without CAP_SYS_ADMIN in the initial user namespace; -EINVAL if
 * @ops names another cgroup; -EBUSY if it is attached somewhere else; -ENOLINK if the
 * attachment has ended with its cgroup.
 */
int bpf_oom_update(struct bpf_oom_ops *ops, struct bpf_oom_ops *old)
{
	struct attachment *att;
	int ret;

	ret = bpf_oom_check_attacher(ops->name);
	if (ret)
		return ret;
	ret = -ENOLINK;
	mutex_lock(&attach_mutex);
	att = find_attachment(old);
	if (att && !att->ending)
		ret = check_update(att, ops);
	if (!ret) {
		rcu_assign_pointer(att->ops, ops);
		synchronize_srcu(&bpf_oom_attach_srcu);
		/* The new policy starts with a clean slate. */
		bpf_oom_breaker_reset(&att->breaker);
	}
	mutex_unlock(&attach_mutex);
	return ret;
}

/**
 * bpf_oom_detach() - end an attachment
 * @ops: the policy
 * @link: the link through which it was attached, or NULL
 *
 * Does nothing if the attachment has ended with its cgroup. When this returns,
 * no handler of the policy is running and none will be.
 *
 * Context: process context, waits for running handlers; called by the
 * struct_ops core, once for each attach.
 */
void bpf_oom_detach(struct bpf_oom_ops *ops, struct bpf_link *link)
{
	struct attachment *att;

	mutex_lock(&attach_mutex);
	att = find_attachment(ops);
	if (att)
		unlink_attachment(att);
	mutex_unlock(&attach_mutex);
	if (att)
		bpf_oom_sysfs_remove(att);
}

static struct attachment *find_dead(void)
{
	struct attachment *att;
	int bkt;

	hash_for_each(attachments, bkt, att, node) {
		if (!att->ending && bpf_oom_cgroup_dead(att->cgrp))
			return att;
	}
	return NULL;
}

/* Ends those without a link: there is nothing whose ->detach() could be called. */
static void end_unlinked(void)
{
	struct hlist_node *next;
	struct attachment *att;
	int bkt;

	mutex_lock(&attach_mutex);
	hash_for_each_safe(attachments, bkt, next, att, node) {
		if (!att->ending || att->link)
			continue;
		unlink_attachment(att);
		bpf_oom_sysfs_remove(att);
	}
	mutex_unlock(&attach_mutex);
}

static void tell_offline(struct attachment *att)
{
	const struct bpf_oom_ops *ops;

	ops = srcu_dereference(att->ops, &bpf_oom_attach_srcu);
	if (ops->handle_cgroup_offline)
		ops->handle_cgroup_offline(cgroup_id(att->cgrp));
}

/*
 * Ends one attachment whose cgroup has been removed; false if there is none. A
 * concurrent detach either comes first, and the offline handler is not called, or waits
 * in bpf_oom_attach_srcu until the handler has returned.
 */
static bool end_dead_attachment(void)
{
	struct bpf_link *link = NULL;
	struct attachment *att;
	int idx;

	mutex_lock(&attach_mutex);
	att = find_dead();
	if (!att) {
		mutex_unlock(&attach_mutex);
		return false;
	}
	att->ending = true;
	if (att->link)
		link = bpf_link_inc_not_zero(att->link);
	if (IS_ERR(link)) {
		/* The link is being freed and will detach by itself. */
		mutex_unlock(&attach_mutex);
		return true;
	}
	idx = srcu_read_lock(&bpf_oom_attach_srcu);
	mutex_unlock(&attach_mutex);

	tell_offline(att);
	srcu_read_unlock(&bpf_oom_attach_srcu, idx);
	if (link) {
		/* Calls bpf_oom_detach() and wakes pollers of the link. */
		link->ops->detach(link);
		bpf_link_put(link);
	} else {
		end_unlinked();
	}
	return true;
}

static void sweep_dead_cgroups(struct work_struct *work)
{
	while (end_dead_attachment())
		;
}

/**
 * bpf_oom_attached_ask() - ask the policies of one cgroup
 * @cgrp: the cgroup
 * @ask: called for each attachment on it; true ends the walk
 * @arg: passed to @ask
 *
 * Context: process context; @ask may sleep.
 * Return: true if an @ask returned true.
 */
bool bpf_oom_attached_ask(struct cgroup *cgrp,
			  bool (*ask)(struct attachment *att,
				      const struct bpf_oom_ops *ops, void *arg),
			  void *arg)
{
	const struct bpf_oom_ops *ops;
	struct attachment *att;
	bool done = false;
	int idx;

	idx = srcu_read_lock(&bpf_oom_attach_srcu);
	hash_for_each_possible_rcu(attachments, att, node, cgroup_id(cgrp),
				   srcu_read_lock_held(&bpf_oom_attach_srcu)) {
		if (att->cgrp != cgrp)
			continue;
		/* Read once: an update during the call takes effect at the next OOM. */
		ops = srcu_dereference(att->ops, &bpf_oom_attach_srcu);
		done = ask(att, ops, arg);
		if (done)
			break;
	}
	srcu_read_unlock(&bpf_oom_attach_srcu, idx);
	return done;
}

/**
 * bpf_oom_attached_cgroup() - the cgroup of an attachment
 * @id: number of the attachment
 *
 * Context: process context.
 * Return: a reference to the cgroup, NULL if there is no such attachment.
 */
struct cgroup *bpf_oom_attached_cgroup(u64 id)
{
	struct cgroup *cgrp = NULL;
	struct attachment *att;
	int bkt;

	mutex_lock(&attach_mutex);
	hash_for_each(attachments, bkt, att, node) {
		if (att->id != id)
			continue;
		cgrp = att->cgrp;
		cgroup_get(cgrp);
		break;
	}
	mutex_unlock(&attach_mutex);
	return cgrp;
}

int bpf_oom_attach_init(void)
{
	sweep_wq = alloc_workqueue("bpf_oom", WQ_UNBOUND, 0);
	return sweep_wq ? 0 : -ENOMEM;
}

/* All attachments are gone (they pin the module), and the hook does not call us. */
void bpf_oom_attach_exit(void)
{
	destroy_workqueue(sweep_wq);
}
