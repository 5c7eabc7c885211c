// SPDX-License-Identifier: GPL-2.0-only
/*
 * Removal of cgroups, seen through the kernel's own tracepoint
 *
 * The tracepoint is there in every supported kernel but not exported by name,
 * so it is looked up once.
 */
#define pr_fmt(fmt) "oom_hook: " fmt

#include <linux/cgroup.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "shim.h"

static struct tracepoint *rmdir_tp;
/*
 * NULL while nobody is registered. Read under RCU, which the last reader is
 * waited for by. Not by tracepoint_synchronize_unregister(): that waits for
 * sleepable BPF programs too, and one may be what is detaching here.
 */
static void (*offline_cb)(struct cgroup *cgrp);

static void rmdir_probe(void *data, struct cgroup *cgrp, const char *path)
{
	void (*offline)(struct cgroup *cgrp);

	rcu_read_lock();
	offline = READ_ONCE(offline_cb);
	/* Other hierarchies have cgroups too. */
	if (offline && cgrp->root == &cgrp_dfl_root)
		offline(cgrp);
	rcu_read_unlock();
}

static void find_rmdir_tp(struct tracepoint *tp, void *priv)
{
	if (!strcmp(tp->name, "cgroup_rmdir"))
		rmdir_tp = tp;
}

int shim_cgroup_init(void)
{
	for_each_kernel_tracepoint(find_rmdir_tp, NULL);
	if (!rmdir_tp) {
		pr_err("this kernel has no tracepoint cgroup_rmdir\n");
		return -ENOENT;
	}
	return 0;
}

int shim_cgroup_on(void (*offline)(struct cgroup *cgrp))
{
	int ret;

	WRITE_ONCE(offline_cb, offline);
	if (!offline)
		return 0;
	ret = tracepoint_probe_register(rmdir_tp, rmdir_probe, NULL);
	if (ret)
		WRITE_ONCE(offline_cb, NULL);
	return ret;
}

void shim_cgroup_off(void)
{
	if (!offline_cb)
		return;
	tracepoint_probe_unregister(rmdir_tp, rmdir_probe, NULL);
	WRITE_ONCE(offline_cb, NULL);
	synchronize_rcu();
}

/* No probe may be in our text any more. */
void shim_cgroup_exit(void)
{
	tracepoint_synchronize_unregister();
}
