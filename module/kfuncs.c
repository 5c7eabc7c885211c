// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an OOM policy can do
 */
#include <linux/bpf.h>
#include <linux/btf_ids.h>
#include <linux/module.h>
#include <linux/oom.h>

#include "compat.h"
#include "internal.h"

__bpf_kfunc_start_defs();

/**
 * bpf_oom_kill_process() - kill a process as the kernel's OOM killer would
 * @oc: the OOM that the handler was called for
 * @task: the chosen process; the program keeps its reference
 * @message__str: what the kernel log says before ": Killed process"
 *
 * A success is what makes a handler's "return 1" count. It is one, without
 * another kill, when the process was a victim before and is still on its way
 * out; that is bounded by the OOM reaper.
 *
 * Context: sleepable bpf_oom_ops programs.
 * Return: 0; -EINVAL for an @oc that is not being handled by this task; -EPERM
 * for init, a kernel thread or an oom_score_adj of -1000; -EXDEV for a task
 * outside the domain of the OOM (its memcg, cpuset or memory policy); -ESRCH for
 * a task without memory to free: exiting, reaped already, or a vfork()'s child.
 */
__bpf_kfunc int bpf_oom_kill_process(struct oom_control *oc,
				     struct task_struct *task,
				     const char *message__str)
{
	return bpf_oom_running_kill(oc, task, message__str);
}

/**
 * bpf_task_is_oom_victim() - has the OOM killer chosen this task before?
 * @task: a task
 *
 * Such a task is dying, or has died and been reaped.
 *
 * Context: bpf_oom_ops programs.
 * Return: true if so.
 */
__bpf_kfunc bool bpf_task_is_oom_victim(struct task_struct *task)
{
	return tsk_is_oom_victim(task);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(bpf_oom_kfunc_ids)
BTF_ID_FLAGS(func, bpf_oom_kill_process, KF_SLEEPABLE | KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_task_is_oom_victim, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(bpf_oom_kfunc_ids)

/* Asked for the kfuncs that this module registers for struct_ops, that is these. */
static int bpf_oom_kfuncs_filter(const struct bpf_prog *prog, u32 kfunc_id)
{
	return bpf_oom_ops_owns(prog) ? 0 : -EACCES;
}

static const struct btf_kfunc_id_set bpf_oom_kfunc_set = {
	.owner = THIS_MODULE,
	.set = &bpf_oom_kfunc_ids,
	.filter = bpf_oom_kfuncs_filter,
};

int bpf_oom_kfuncs_init(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_STRUCT_OPS,
					 &bpf_oom_kfunc_set);
}
