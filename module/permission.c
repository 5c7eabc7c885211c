// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may attach a policy of either kind
 */
#define pr_fmt(fmt) "bpf_oom: " fmt

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/printk.h>

#include "permission.h"

/**
 * bpf_oom_check_attacher() - may the current task attach policies?
 * @name: of the policy, for the log
 *
 * The kernel's BPF core asks who creates a map, not who attaches it: whoever has been
 * handed one, or has a BPF token for it, comes this far.
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
