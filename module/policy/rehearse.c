// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asks one policy about a simulated OOM
 */
#include <linux/memcontrol.h>
#include <linux/mutex.h>
#include <linux/oom_hook.h>

#include "policy/attach.h"
#include "policy/rehearse.h"

/*
 * Allows one rehearsal at a time and protects the variables below. oom_lock nests
 * inside it.
 */
static DEFINE_MUTEX(rehearse_mutex);
/* The task that rehearses. Other tasks compare it with current, without the mutex. */
static struct task_struct *rehearsing;
static u64 rehearsed;
static bool was_asked;

/**
 * bpf_oom_rehearsed() - is the OOM of this task a rehearsal?
 *
 * Context: while the OOM is being handled.
 * Return: number of the attachment to ask; 0 for a real OOM.
 */
u64 bpf_oom_rehearsed(void)
{
	if (READ_ONCE(rehearsing) != current)
		return 0;
	return rehearsed;
}

/**
 * bpf_oom_rehearsed_done() - end a rehearsal
 * @asked: the attachment was there and has been asked
 *
 * Context: while the rehearsal is being handled.
 */
void bpf_oom_rehearsed_done(bool asked)
{
	was_asked = asked;
}

static int rehearse(u64 attachment, struct mem_cgroup *memcg)
{
	int ret;

	if (mutex_lock_killable(&rehearse_mutex))
		return -EINTR;
	rehearsed = attachment;
	was_asked = false;
	WRITE_ONCE(rehearsing, current);
	ret = oom_hook_rehearse(memcg);
	WRITE_ONCE(rehearsing, NULL);
	/*
	 * Meanwhile the attachment may have been detached, or its cgroup may have lost
	 * the memory controller. If it was the last one, we are not registered any more.
	 */
	if (ret >= 0 || ret == -ENODEV)
		ret = was_asked ? 0 : -ENOENT;
	mutex_unlock(&rehearse_mutex);
	return ret;
}

#ifdef CONFIG_MEMCG
static int rehearse_in(u64 attachment, struct cgroup *cgrp)
{
	struct cgroup_subsys_state *css;
	int ret;

	if (!cgroup_parent(cgrp))
		return rehearse(attachment, NULL);
	rcu_read_lock();
	css = rcu_dereference(cgrp->subsys[memory_cgrp_id]);
	if (css && !css_tryget(css))
		css = NULL;
	rcu_read_unlock();
	if (!css)
		return -ENODEV;
	ret = rehearse(attachment, mem_cgroup_from_css(css));
	css_put(css);
	return ret;
}
#else
static int rehearse_in(u64 attachment, struct cgroup *cgrp)
{
	return rehearse(attachment, NULL);
}
#endif

/**
 * bpf_oom_rehearse() - ask the policy of one attachment about a simulated OOM
 * @attachment: number of the attachment
 *
 * Acts as if its cgroup had hit its limit, but kills no process. The record shows what
 * the policy would have done.
 *
 * Context: process context, waits for an OOM that is being handled.
 * Return: 0; -ENOENT if there is no such attachment, or policies are not asked at all
 * (module parameter "enabled"); -ENODEV if its cgroup has no memory controller; -ESRCH
 * if the cgroup has no task; -EINTR.
 */
int bpf_oom_rehearse(u64 attachment)
{
	struct cgroup *cgrp = bpf_oom_attached_cgroup(attachment);
	int ret;

	if (!cgrp)
		return -ENOENT;
	ret = rehearse_in(attachment, cgrp);
	cgroup_put(cgrp);
	return ret;
}
