// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the policy that is being asked does against the OOM
 *
 * The kernel does it, and what it says has been done is noted in the decision:
 * nothing else makes an OOM count as handled.
 */
#include <linux/mm.h>
#include <linux/oom.h>
#include <linux/oom_hook.h>
#include <linux/sched/coredump.h>
#include <linux/sched/signal.h>

#include "compat.h"
#include "dispatch.h"

/**
 * bpf_oom_running_kill() - kill for the policy that is being asked
 * @oc: the OOM that it was given
 * @task: the task that it chose
 * @message: for the kernel log
 *
 * That the task is below the policy's cgroup needs no look: a policy is asked
 * only about OOMs at or below its cgroup, and oom_hook_kill() keeps to those.
 *
 * Context: within a handler.
 * Return: 0 if memory will come from @task, else an error of oom_hook_kill().
 */
int bpf_oom_running_kill(struct oom_control *oc, struct task_struct *task,
			 const char *message)
{
	struct decision *d = bpf_oom_deciding(oc);
	int ret;

	if (!d)
		return -EINVAL;
	ret = oom_hook_kill(oc, task, message);
	if (!ret)
		d->kills++;
	else if (ret == 1)
		d->relief = true;
	return ret < 0 ? ret : 0;
}

/**
 * bpf_oom_running_wait() - is it enough to wait for this task?
 * @oc: the OOM that the policy was given
 * @task: a task
 *
 * Context: within a handler.
 * Return: 0 if memory will come from @task, which has been killed before; else an
 * error as documented at bpf_oom_wait_victim().
 */
int bpf_oom_running_wait(struct oom_control *oc, struct task_struct *task)
{
	struct decision *d = bpf_oom_deciding(oc);

	if (!d)
		return -EINVAL;
	/* The OOM reaper sets the flag, at the latest when it has given up. */
	if (!tsk_is_oom_victim(task) ||
	    mm_flags_test(MMF_OOM_SKIP, task->signal->oom_mm))
		return -ESRCH;
	if (!oom_hook_in_domain(oc, task))
		return -EXDEV;
	d->relief = true;
	return 0;
}
