/* SPDX-License-Identifier: GPL-2.0-only */
/* hook.c: the one registration with the hook, for everybody in this module */
#ifndef _BPF_OOM_HOOK_H
#define _BPF_OOM_HOOK_H

#include <linux/cgroup.h>
#include <linux/oom_hook.h>

/**
 * struct hook_user - what is to be called
 * @ops: what the hook calls while anybody uses it
 * @begin: called before the first use, in process context; 0 or an error
 * @end: undoes @begin after the last one, when nothing of @ops runs any more
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

/* Has it been removed? Cleared before the hook tells of the removal. */
static inline bool bpf_oom_cgroup_dead(const struct cgroup *cgrp)
{
	return !(READ_ONCE(cgrp->self.flags) & CSS_ONLINE);
}

#endif /* _BPF_OOM_HOOK_H */
