// SPDX-License-Identifier: GPL-2.0-only
/*
 * Creation and removal of cgroups, from the kernel's tracepoints
 *
 * Every supported kernel has the tracepoints but exports no symbols for them, so they
 * are looked up once.
 */
#define pr_fmt(fmt) "oom_hook: " fmt

#include <linux/cgroup.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "shim.h"

/**
 * struct event - a tracepoint for an event of cgroups
 * @name: name of the tracepoint
 * @tp: the tracepoint
 * @fn: the user's callback; NULL while no user is registered. Read under RCU:
 *	synchronize_rcu() waits for the last reader. tracepoint_synchronize_unregister()
 *	would also wait for sleepable BPF programs, and one of them may be what is
 *	detaching here
 */
struct event {
	const char *name;
	struct tracepoint *tp;
	void (*fn)(struct cgroup *cgrp);
};

static struct event online = { .name = "cgroup_mkdir" };
static struct event offline = { .name = "cgroup_rmdir" };

static void probe(void *data, struct cgroup *cgrp, const char *path)
{
	struct event *e = data;
	void (*fn)(struct cgroup *cgrp);

	rcu_read_lock();
	fn = READ_ONCE(e->fn);
	/* Ignore cgroups of v1 hierarchies. */
	if (fn && cgrp->root == &cgrp_dfl_root)
		fn(cgrp);
	rcu_read_unlock();
}

static void find_tracepoint(struct tracepoint *tp, void *priv)
{
	struct event *e = priv;

	if (!strcmp(tp->name, e->name))
		e->tp = tp;
}

static int event_init(struct event *e)
{
	for_each_kernel_tracepoint(find_tracepoint, e);
	if (e->tp)
		return 0;
	pr_err("this kernel has no tracepoint %s\n", e->name);
	return -ENOENT;
}

static int event_on(struct event *e, void (*fn)(struct cgroup *cgrp))
{
	int ret;

	if (!fn)
		return 0;
	WRITE_ONCE(e->fn, fn);
	ret = tracepoint_probe_register(e->tp, probe, e);
	if (ret)
		WRITE_ONCE(e->fn, NULL);
	return ret;
}

static void event_off(struct event *e)
{
	if (!e->fn)
		return;
	tracepoint_probe_unregister(e->tp, probe, e);
	WRITE_ONCE(e->fn, NULL);
}

int shim_cgroup_init(void)
{
	return event_init(&online) ?: event_init(&offline);
}

int shim_cgroup_on(const struct oom_hook_ops *ops)
{
	int ret;

	ret = event_on(&online, ops->cgroup_online);
	if (ret)
		return ret;
	ret = event_on(&offline, ops->cgroup_offline);
	if (ret)
		shim_cgroup_off();
	return ret;
}

void shim_cgroup_off(void)
{
	event_off(&online);
	event_off(&offline);
	synchronize_rcu();
}

/* Waits until no probe is running in our text any more. */
void shim_cgroup_exit(void)
{
	tracepoint_synchronize_unregister();
}
