// SPDX-License-Identifier: GPL-2.0-only
/*
 * The permission to attach a policy of either kind
 */
#define pr_fmt(fmt) "bpf_oom: " fmt

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/printk.h>

#include "permission.h"

/**
 * bpf_oom_check_attacher() - may the current task attach policies?
 * @name: name of the policy, for the log
 *
 * The BPF core checks the task that creates a map, not the one that attaches it: a task
 * that was passed the map's descriptor, or has a BPF token, gets this far.
 *
 * Context: process context.
 * Return: 0, or -EPERM without CAP_SYS_ADMIN in the initial user namespace.
 */
int bpf_oom_check_attacher(const char *name)
{
	if (capable(CAP_SYS_ADMIN))
		return 0;
	pr_warn_ratelimited("policy %s: attaching it takes CAP_SYS_ADMIN in the initial user namespace, which a BPF token does not give\n",
			    name);
	return -EPERM;
}
