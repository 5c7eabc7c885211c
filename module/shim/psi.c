// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pressure triggers without a file
 *
 * The kernel creates a trigger when a task writes to a pressure file. The trigger wakes
 * a wait queue; our entry on it has its own callback.
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "klp.h"
#include "shim.h"

/**
 * struct oom_hook_psi - a trigger
 * @trigger: the kernel's trigger
 * @wait: entry on its wait queue, whose lock is held when the entry is called
 * @cgrp: the cgroup, with a reference, which keeps the psi group; NULL for the system
 * @fn: the callback of the hook's user
 * @arg: its cookie
 */
struct oom_hook_psi {
	struct psi_trigger *trigger;
	struct wait_queue_entry wait;
	struct cgroup *cgrp;
	void (*fn)(void *arg);
	void *arg;
};

static int psi_wake(struct wait_queue_entry *wait, unsigned int mode, int flags,
		    void *key)
{
	struct oom_hook_psi *psi = container_of(wait, struct oom_hook_psi, wait);

	/* Reset the event, as a poll of the file does: else it would fire only once. */
	if (xchg(&psi->trigger->event, 0))
		psi->fn(psi->arg);
	return 0;
}

/* psi_trigger_create() checks f_cred: init's allow the windows of a privileged user. */
static struct psi_trigger *create_trigger(struct psi_group *group,
					  unsigned int resource, char *text)
{
	struct file file = { .f_cred = rcu_dereference_raw(init_task.cred) };
	struct psi_trigger *t;
	bool need_worker;
	int ret;

	/* With cgroup_disable=pressure cgroups have no psi group. */
	if (!group)
		return ERR_PTR(-EOPNOTSUPP);
	t = psi_trigger_create(group, text, resource, &file, NULL, &need_worker);
	if (IS_ERR(t) || !need_worker)
		return t;
	ret = psi_trigger_create_rtpoll_worker(group);
	if (ret) {
		psi_trigger_destroy(t);
		return ERR_PTR(ret);
	}
	return t;
}

struct oom_hook_psi *oom_hook_psi_create(struct cgroup *cgrp,
					 unsigned int resource, bool full,
					 u32 threshold_us, u32 window_us,
					 void (*fn)(void *arg), void *arg)
{
	struct psi_group *group = &psi_system;
	struct oom_hook_psi *psi;
	char text[32];
	int ret;

	if (resource >= NR_PSI_RESOURCES || !fn)
		return ERR_PTR(-EINVAL);
	psi = kzalloc(sizeof(*psi), GFP_KERNEL);
	if (!psi)
		return ERR_PTR(-ENOMEM);
	psi->fn = fn;
	psi->arg = arg;
	init_waitqueue_func_entry(&psi->wait, psi_wake);
	if (cgrp && cgroup_parent(cgrp)) {
		cgroup_get(cgrp);
		psi->cgrp = cgrp;
		group = cgroup_psi(cgrp);
	}

	snprintf(text, sizeof(text), "%s %u %u", full ? "full" : "some",
		 threshold_us, window_us);
	psi->trigger = create_trigger(group, resource, text);
	if (IS_ERR(psi->trigger)) {
		ret = PTR_ERR(psi->trigger);
		goto err_put_cgroup;
	}
	add_wait_queue(&psi->trigger->event_wait, &psi->wait);
	/* If it has fired before, its event must be reset, or it never fires again. */
	wake_up_interruptible(&psi->trigger->event_wait);
	return psi;

err_put_cgroup:
	if (psi->cgrp)
		cgroup_put(psi->cgrp);
	kfree(psi);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_GPL(oom_hook_psi_create);

void oom_hook_psi_destroy(struct oom_hook_psi *psi)
{
	if (!psi)
		return;
	/* Waits for a psi_wake() that is running. */
	remove_wait_queue(&psi->trigger->event_wait, &psi->wait);
	psi_trigger_destroy(psi->trigger);
	if (psi->cgrp)
		cgroup_put(psi->cgrp);
	kfree(psi);
}
EXPORT_SYMBOL_GPL(oom_hook_psi_destroy);
