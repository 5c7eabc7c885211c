// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kfuncs for policies, and which programs may call them
 */
#include <linux/bpf.h>
#include <linux/btf_ids.h>
#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/module.h>
#include <linux/memcontrol.h>
#include <linux/oom.h>
#include <linux/oom_hook.h>
#include <linux/string.h>

#include "api/kfuncs.h"
#include "api/struct_ops.h"
#include "compat.h"
#include "memcg.h"
#include "oom/declare.h"
#include "oom/note.h"
#include "oom/relief.h"
#include "psi/psi.h"

/* Copies a text so that it can stand between commas in a log line. */
static void copy_text(char *text, const char *src)
{
	strscpy(text, src && *src ? src : "CONSTRAINT_BPF", BPF_OOM_TEXT_MAX_LEN);
	for (; *text; text++) {
		if (!isascii(*text) || !isgraph(*text) || *text == ',')
			*text = '_';
	}
}

/*
 * A program that the kernel calls on an event has current->bpf_ctx set. The current task
 * has not asked for it, so the check was at load. A program of type syscall has no
 * bpf_ctx: any task that has its file descriptor can run it, and is checked here.
 */
static bool may_declare(void)
{
	return has_current_bpf_ctx() || capable(CAP_SYS_ADMIN);
}

__bpf_kfunc_start_defs();

/**
 * bpf_oom_kill_process() - kill a process as the kernel's OOM killer would
 * @oc: the OOM that the handler was called for
 * @task: the chosen process; the program keeps its reference
 * @message__str: text that the kernel log has before ": Killed process"
 *
 * A success makes a handler's "return 1" count. If the process was a victim before and
 * is still on its way out, that is a success without another kill; the OOM reaper
 * bounds the time for which it is.
 *
 * Context: handle_out_of_memory of bpf_oom_ops.
 * Return: 0; -EINVAL for an @oc that is not being handled by this task; -EPERM
 * for init, a kernel thread or an oom_score_adj of -1000; -EXDEV for a task
 * outside the domain of the OOM (its memcg, cpuset or memory policy); -ESRCH for
 * a task without memory to free: exiting, reaped already, or a vfork()'s child;
 * -EAGAIN if the memcg has got room since the OOM came, or is getting it at this moment
 * from an earlier victim: then no process is killed, and the OOM is handled.
 */
__bpf_kfunc int bpf_oom_kill_process(struct oom_control *oc,
				     struct task_struct *task,
				     const char *message__str)
{
	return bpf_oom_running_kill(oc, task, message__str);
}

/**
 * bpf_oom_wait_victim() - wait for a victim that has been killed before
 * @oc: the OOM that the handler was called for
 * @task: the victim; the program keeps its reference
 *
 * A success makes a handler's "return 1" count, as a kill does. The call does not block:
 * the allocation is tried again, and causes another OOM if that was too early. Waiting
 * is bounded: this fails when the OOM reaper has freed the victim's memory or has given
 * up. While there is such a victim, a policy is asked only if the kernel would not wait
 * for it: if sysrq called the OOM killer, or a scan of the memcg does not find it.
 *
 * Context: handle_out_of_memory of bpf_oom_ops.
 * Return: 0 if @task has been chosen as a victim by any policy or the kernel, its memory
 * has not yet been reaped, and it is in the domain of the OOM; -EINVAL for an @oc that
 * is not being handled by this task; -ESRCH for a task that is no victim or has no
 * memory left to free; -EXDEV for a task outside the domain.
 */
__bpf_kfunc int bpf_oom_wait_victim(struct oom_control *oc,
				    struct task_struct *task)
{
	return bpf_oom_running_wait(oc, task);
}

/**
 * bpf_oom_raise_max() - raise the memory.max of a cgroup instead of killing
 * @oc: the OOM that the handler was called for
 * @memcg: the memcg: at or below the policy's cgroup, and the memcg that hit its limit,
 *	one above it, or one below it; the program keeps its reference
 * @bytes: the new limit, at least a page higher than the old one; rounded down to pages
 *
 * It makes a handler's "return 1" count if the charge that failed can then succeed:
 * if there is room for it in the memcg that hit its limit and in all of its ancestors.
 * If several limits are in the way, the call that raises the last of them counts. A
 * raised limit stays; the log has the old limit and the policy. There is no check of
 * capabilities here, since attaching the policy took CAP_SYS_ADMIN.
 *
 * Context: handle_out_of_memory of bpf_oom_ops.
 * Return: 0 if the limit has been raised; -EINVAL for an @oc that is not being handled by
 * this task, and for a limit that would not be higher; -EXDEV for any other memcg;
 * -EOPNOTSUPP if the whole system is out of memory, or on cgroup v1.
 */
__bpf_kfunc int bpf_oom_raise_max(struct oom_control *oc,
				  struct mem_cgroup *memcg, u64 bytes)
{
	return bpf_oom_running_raise(oc, memcg, bytes);
}

/**
 * bpf_oom_candidate_task() - note that the policy considers a process
 * @oc: the OOM that the handler was called for
 * @task: the process
 * @score: the policy's score of it, in a unit of its own; the likeliest victims have the
 *	highest score
 *
 * For users who ask about a kill: the record of the decision has the 16 candidates with
 * the highest scores, see bpfoom(8). If a process is noted again, the last score counts.
 * In evaluate_task, @score is recorded in place of the kernel's score of @task.
 *
 * Context: handle_out_of_memory of bpf_oom_ops; evaluate_task, with its own arguments.
 * Return: 0; -EINVAL for an @oc that is not being handled by this task.
 */
__bpf_kfunc int bpf_oom_candidate_task(struct oom_control *oc,
				       struct task_struct *task, s64 score)
{
	return bpf_oom_note_task(oc, task, score);
}

/**
 * bpf_oom_candidate_memcg() - note that the policy considers a cgroup
 * @oc: the OOM that the handler was called for
 * @memcg: the cgroup
 * @score: as for bpf_oom_candidate_task()
 *
 * Context: handle_out_of_memory of bpf_oom_ops.
 * Return: 0; -EINVAL for an @oc that is not being handled by this task.
 */
__bpf_kfunc int bpf_oom_candidate_memcg(struct oom_control *oc,
					struct mem_cgroup *memcg, s64 score)
{
	return bpf_oom_note_cgroup(oc, memcg->css.cgroup, score, "");
}

/**
 * bpf_oom_pass_over() - note that the policy considers a cgroup, and passes it over
 * @oc: the OOM that the handler was called for
 * @memcg: the cgroup
 * @score: as for bpf_oom_candidate_task()
 * @why__str: the reason, for users; cut off after 63 characters
 *
 * The record of the decision has the reason, for users who ask why another process was
 * killed.
 *
 * Context: handle_out_of_memory of bpf_oom_ops.
 * Return: 0; -EINVAL for an @oc that is not being handled by this task.
 */
__bpf_kfunc int bpf_oom_pass_over(struct oom_control *oc, struct mem_cgroup *memcg,
				  s64 score, const char *why__str)
{
	return bpf_oom_note_cgroup(oc, memcg->css.cgroup, score, why__str);
}

/**
 * bpf_oom_decline() - say why the policy leaves an OOM to the next one
 * @oc: the OOM that the handler was called for
 * @why__str: the reason, for users; cut off after 63 characters
 *
 * This only adds the reason to the record of the decision. The handler must still return
 * 0 to decline.
 *
 * Context: handle_out_of_memory of bpf_oom_ops.
 * Return: 0; -EINVAL for an @oc that is not being handled by this task.
 */
__bpf_kfunc int bpf_oom_decline(struct oom_control *oc, const char *why__str)
{
	return bpf_oom_note_decline(oc, why__str);
}

/**
 * bpf_task_is_oom_victim() - has the OOM killer already chosen this task?
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

/**
 * bpf_oom_badness() - the score by which the kernel chooses a victim
 * @task: a task
 * @totalpages: oc->totalpages, the size of the domain of the OOM in pages, to which
 *	oom_score_adj is relative
 *
 * The score is the number of pages that the process has in memory, in swap and in page
 * tables, plus a thousandth of @totalpages for each point of oom_score_adj. It may be
 * negative.
 *
 * Context: bpf_oom_ops programs.
 * Return: the score; LONG_MIN for a process that the kernel would not consider:
 * init, a kernel thread, one with an oom_score_adj of -1000, without an mm (exiting) or
 * reaped already, or a vfork()'s child.
 */
__bpf_kfunc long bpf_oom_badness(struct task_struct *task,
				 unsigned long totalpages)
{
	return oom_hook_badness(task, totalpages);
}

/**
 * bpf_out_of_memory() - declare an OOM before an allocation fails
 * @memcg__nullable: the memcg to declare out of memory; NULL or the root: the whole
 *	system. The program keeps its reference
 * @order: order of the allocation to report, 0 to MAX_PAGE_ORDER
 * @flags: enum bpf_oom_flags
 * @constraint_text__str: the reason: a constant string, which reports show as the
 *	constraint; "" for "CONSTRAINT_BPF". Characters that are not printable ASCII,
 *	spaces and commas are shown as "_"; the text is cut off after 63 characters
 *
 * A declared OOM is handled like any other: the notifiers come first, then the
 * bpf_oom_ops policies on the memcg and above it, then the kernel's own killer.
 * One process is killed, or its group if memory.oom.group is set. The victim takes time
 * to exit: a program that calls this again at once may get a second one killed.
 *
 * It never panics. If no task can be killed, nothing happens and nothing is reported.
 * The same holds if vm.panic_on_oom would make the kernel panic: with 1 no OOM of the
 * system can be declared, with 2 none at all. vm.oom_kill_allocating_task does not
 * apply, since no task is allocating.
 *
 * While a policy of either kind is attached, the line "oom_policy=" in the log has
 * the text; a kernel with CONFIG_OOM_HOOK has it in its own report as well.
 *
 * Context: sleepable programs of bpf_psi_ops, of type syscall and of type tracing.
 * Not bpf_oom_ops, which are called while an OOM is being handled, and not iterators,
 * which any task that can read them runs. Loading the program takes CAP_SYS_ADMIN in
 * the initial user namespace; a BPF token does not give it.
 * Return: 1 if memory will be freed; 0 if no task could be killed or vm.panic_on_oom
 * forbids it; -EPERM in a program of type syscall that is run by a task without that
 * capability; -EINVAL for a bad @order or an unknown flag; -EBUSY while another OOM
 * is being handled, unless BPF_OOM_FLAGS_WAIT_ON_OOM_LOCK is set; -EDEADLK if the
 * current task is handling that other OOM; -EINTR if it was killed while it waited.
 */
__bpf_kfunc int bpf_out_of_memory(struct mem_cgroup *memcg__nullable, int order,
				  u64 flags, const char *constraint_text__str)
{
	char text[BPF_OOM_TEXT_MAX_LEN], by[BPF_OOM_NAME_MAX_LEN];
	bool policy;

	if (!may_declare())
		return -EPERM;
	if (flags & ~(u64)BPF_OOM_FLAGS_WAIT_ON_OOM_LOCK)
		return -EINVAL;
	copy_text(text, constraint_text__str);
	policy = bpf_psi_running(by, sizeof(by));
	return bpf_oom_declare(memcg__nullable, order,
			       flags & BPF_OOM_FLAGS_WAIT_ON_OOM_LOCK, text,
			       policy ? by : NULL);
}

/**
 * bpf_psi_create_trigger() - call handle_psi_event() when pressure is high
 * @psi: the policy, as passed to the callback
 * @cgroup_id: id of the cgroup to watch, the inode number of its directory; 0, or the
 *	id of the root: the whole system
 * @resource: enum psi_res, or'ed with BPF_PSI_FULL for "full" pressure. IRQ pressure
 *	exists only as full, and only if the kernel accounts it. Full CPU pressure of
 *	the whole system is undefined: do not rely on it
 * @threshold_us: stall time within a window that makes the trigger fire
 * @window_us: the window, up to 10 s
 *
 * The trigger fires once per window for as long as the pressure stays high, until the
 * cgroup is removed or the policy detached. Several triggers may have the same
 * arguments; each of them fires.
 *
 * Context: init, handle_psi_event and handle_cgroup_online of bpf_psi_ops.
 * Return: 0; -EINVAL for a resource that this kernel does not account, a threshold
 * of 0 or above the window, or a window that is too long; -ENOENT if there is no such
 * cgroup (any more), or if init runs in a cgroup namespace that does not contain it;
 * -EBUSY for a cgroup that is being removed; -ENOSPC for more than
 * BPF_PSI_MAX_TRIGGERS; -EOPNOTSUPP if PSI is off; -ENOMEM.
 */
__bpf_kfunc int bpf_psi_create_trigger(struct bpf_psi *psi, u64 cgroup_id,
				       u32 resource, u32 threshold_us,
				       u32 window_us)
{
	return bpf_psi_create(psi, cgroup_id, resource, threshold_us, window_us);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(bpf_oom_kfunc_ids)
BTF_ID_FLAGS(func, bpf_oom_kill_process, KF_SLEEPABLE | KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_oom_wait_victim, KF_SLEEPABLE | KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_oom_raise_max, KF_SLEEPABLE | KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_oom_candidate_task, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_oom_candidate_memcg, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_oom_pass_over, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_oom_decline, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_task_is_oom_victim, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_oom_badness, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_out_of_memory, KF_SLEEPABLE | KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_psi_create_trigger, KF_SLEEPABLE | KF_TRUSTED_ARGS)
BTF_KFUNCS_END(bpf_oom_kfunc_ids)

/*
 * Kfuncs that struct_ops programs may call, by kind of program. A kfunc that is in none
 * of these sets cannot be called.
 */
BTF_SET_START(oom_policy_kfuncs)
BTF_ID(func, bpf_oom_kill_process)
BTF_ID(func, bpf_oom_wait_victim)
BTF_ID(func, bpf_oom_raise_max)
BTF_ID(func, bpf_oom_candidate_task)
BTF_ID(func, bpf_oom_candidate_memcg)
BTF_ID(func, bpf_oom_pass_over)
BTF_ID(func, bpf_oom_decline)
BTF_ID(func, bpf_task_is_oom_victim)
BTF_ID(func, bpf_oom_badness)
BTF_SET_END(oom_policy_kfuncs)

BTF_SET_START(declare_kfuncs)
BTF_ID(func, bpf_out_of_memory)
BTF_SET_END(declare_kfuncs)

BTF_SET_START(trigger_kfuncs)
BTF_ID(func, bpf_psi_create_trigger)
BTF_SET_END(trigger_kfuncs)

static bool may_create_trigger(const struct bpf_prog *prog)
{
	return bpf_psi_ops_owns(prog) && bpf_oom_prog_callback(prog) !=
		offsetof(struct bpf_psi_ops, handle_cgroup_offline);
}

/* Runs in the task that loads the program. */
static bool may_load_declarer(void)
{
	if (capable(CAP_SYS_ADMIN))
		return true;
	pr_warn_ratelimited("loading a program that can declare an OOM takes CAP_SYS_ADMIN in the initial user namespace, which a BPF token does not give\n");
	return false;
}

static int bpf_oom_kfuncs_filter(const struct bpf_prog *prog, u32 kfunc_id)
{
	bool allowed = false;

	if (bpf_oom_kfunc_in(prog, kfunc_id, &oom_policy_kfuncs))
		allowed = bpf_oom_ops_owns(prog);
	else if (bpf_oom_kfunc_in(prog, kfunc_id, &declare_kfuncs))
		allowed = bpf_psi_ops_owns(prog) && may_load_declarer();
	else if (bpf_oom_kfunc_in(prog, kfunc_id, &trigger_kfuncs))
		allowed = may_create_trigger(prog);
	return allowed ? 0 : -EACCES;
}

static const struct btf_kfunc_id_set bpf_oom_kfunc_set = {
	.owner = THIS_MODULE,
	.set = &bpf_oom_kfunc_ids,
	.filter = bpf_oom_kfuncs_filter,
};

/* The kernel takes one set per program type; types syscall and tracing have this one. */
BTF_KFUNCS_START(bpf_oom_declare_kfunc_ids)
BTF_ID_FLAGS(func, bpf_out_of_memory, KF_SLEEPABLE | KF_TRUSTED_ARGS)
BTF_KFUNCS_END(bpf_oom_declare_kfunc_ids)

/*
 * Does the kernel call this program on an event? Many types share the set of tracing
 * programs. Any task that can read an iterator runs it, and any task with the file
 * descriptor of a raw tracepoint program, which can be sleepable in newer kernels, can
 * run that. Both have a bpf_ctx, so may_declare() would not check the task.
 */
static bool runs_on_events(const struct bpf_prog *prog)
{
	switch (prog->type) {
	case BPF_PROG_TYPE_TRACING:
		return prog->expected_attach_type != BPF_TRACE_ITER;
	case BPF_PROG_TYPE_LSM:
		return true;
	default:
		return false;
	}
}

static int bpf_oom_declare_filter(const struct bpf_prog *prog, u32 kfunc_id)
{
	if (prog->type != BPF_PROG_TYPE_SYSCALL && !runs_on_events(prog))
		return -EACCES;
	return may_load_declarer() ? 0 : -EACCES;
}

static const struct btf_kfunc_id_set bpf_oom_declare_kfunc_set = {
	.owner = THIS_MODULE,
	.set = &bpf_oom_declare_kfunc_ids,
	.filter = bpf_oom_declare_filter,
};

int bpf_oom_kfuncs_init(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_STRUCT_OPS,
					 &bpf_oom_kfunc_set) ?:
	       register_btf_kfunc_id_set(BPF_PROG_TYPE_SYSCALL,
					 &bpf_oom_declare_kfunc_set) ?:
	       register_btf_kfunc_id_set(BPF_PROG_TYPE_TRACING,
					 &bpf_oom_declare_kfunc_set);
}
