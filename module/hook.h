/* SPDX-License-Identifier: GPL-2.0-only */
/* hook.c: this module's one registration with the hook */
#ifndef _BPF_OOM_HOOK_H
#define _BPF_OOM_HOOK_H

#include <linux/cgroup.h>
#include <linux/oom_hook.h>

/**
 * struct hook_user - callbacks around and during a registration
 * @ops: called by the hook while a policy uses it
 * @begin: called before the first use, in process context; returns 0 or an error
 * @end: undoes @begin after the last use, when nothing of @ops runs any more
 */
struct hook_user {
	struct oom_hook_ops ops;
	int (*begin)(void);
	void (*end)(void);
};

void bpf_oom_hook_init(const struct hook_user *user);
int bpf_oom_hook_get(void);
void bpf_oom_hook_put(void);
void bpf_oom_hook_wait(void);

/* Has it been removed? The kernel clears CSS_ONLINE before it calls cgroup_offline. */
static inline bool bpf_oom_cgroup_dead(const struct cgroup *cgrp)
{
	return !(READ_ONCE(cgrp->self.flags) & CSS_ONLINE);
}

#endif /* _BPF_OOM_HOOK_H */
