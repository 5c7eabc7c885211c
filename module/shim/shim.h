/* SPDX-License-Identifier: GPL-2.0-only */
/* Functions that the files of the shim share */
#ifndef _OOM_HOOK_SHIM_H
#define _OOM_HOOK_SHIM_H

#include <linux/oom_hook.h>

/* redirect.c: the ftrace redirects, off until the first user */
int shim_redirect_init(void);
int shim_redirect_on(void);
void shim_redirect_off(void);
void shim_redirect_exit(void);

/* cgroup.c: creation and removal of cgroups, off until the first user */
int shim_cgroup_init(void);
int shim_cgroup_on(const struct oom_hook_ops *ops);
void shim_cgroup_off(void);
void shim_cgroup_exit(void);

/* oom.c: replacements of the two kernel functions */
bool shim_out_of_memory(struct oom_control *oc);
int shim_oom_evaluate_task(struct task_struct *task, void *arg);

/* verify.c: is this the kernel that we were built for, and can we hook it? */
int shim_verify(void);

#endif /* _OOM_HOOK_SHIM_H */
