// SPDX-License-Identifier: GPL-2.0-only
/*
 * What runs in the place of out_of_memory() and oom_evaluate_task()
 *
 * The kernel's heuristics are not repeated here, they are run: a first call of
 * the original goes through everything that may settle the OOM before a victim
 * is selected, and is stopped by the inner redirect at the first task that the
 * selection looks at, with the answer by which the kernel itself ends a scan.
 * If the selection was never reached, the kernel has settled it. Otherwise the
 * user of the hook is asked, and if that brought nothing, a second call of the
 * original lets the kernel choose.
 *
 * Built with -fno-optimize-sibling-calls: a tail call of the original would
 * look to ftrace like a call from outside and be redirected again, for ever.
 */
#define pr_fmt(fmt) "oom_hook: " fmt

#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "klp.h"
#include "shim.h"

/*
 * All of these are protected by oom_lock, which every caller of out_of_memory()
 * holds. shim_oom_evaluate_task() reads them under it as well.
 */
static const struct oom_hook_ops *hook_user;
/* The OOM whose selection is to be stopped at its first task. */
static struct oom_control *stop_selection;
static bool selection_reached;
/* The OOM that the user is being asked about. */
static struct oom_control *asked_oc;
/* The task that is in here. Others compare it with themselves without the lock. */
static struct task_struct *oom_task;

int shim_oom_evaluate_task(struct task_struct *task, void *arg)
{
	struct oom_control *oc = arg;
	int ret;

	if (oc == stop_selection) {
		selection_reached = true;
		/* "A victim is on its way": ends the scan and kills nobody. */
		oc->chosen = (void *)-1UL;
		return 1;
	}
	ret = oom_evaluate_task(task, oc);
	return ret;
}

static bool ask_user(struct oom_control *oc)
{
	bool relief;

	asked_oc = oc;
	relief = hook_user->handle_oom(oc);
	asked_oc = NULL;
	return relief;
}

static bool settle(struct oom_control *oc)
{
	bool ret;

	if (hook_user) {
		stop_selection = oc;
		selection_reached = false;
		ret = out_of_memory(oc);
		stop_selection = NULL;
		if (!selection_reached)
			return ret;

		oc->chosen = NULL;
		if (ask_user(oc))
			return true;
	}
	ret = out_of_memory(oc);
	return ret;
}

bool shim_out_of_memory(struct oom_control *oc)
{
	bool ret;

	WRITE_ONCE(oom_task, current);
	ret = settle(oc);
	WRITE_ONCE(oom_task, NULL);
	return ret;
}

int oom_hook_register(const struct oom_hook_ops *ops)
{
	bool taken;
	int ret;

	if (!ops->handle_oom)
		return -EINVAL;

	mutex_lock(&oom_lock);
	taken = hook_user;
	if (!taken)
		hook_user = ops;
	mutex_unlock(&oom_lock);
	if (taken)
		return -EBUSY;

	ret = shim_cgroup_on(ops);
	if (ret)
		goto err_forget_user;
	ret = shim_redirect_on();
	if (ret)
		goto err_cgroup_off;
	return 0;

err_cgroup_off:
	shim_cgroup_off();
err_forget_user:
	mutex_lock(&oom_lock);
	hook_user = NULL;
	mutex_unlock(&oom_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(oom_hook_register);

void oom_hook_unregister(const struct oom_hook_ops *ops)
{
	shim_redirect_off();
	shim_cgroup_off();
	/* Whoever is inside ->handle_oom() holds oom_lock: this waits for it. */
	mutex_lock(&oom_lock);
	WARN_ON_ONCE(hook_user != ops);
	hook_user = NULL;
	mutex_unlock(&oom_lock);
}
EXPORT_SYMBOL_GPL(oom_hook_unregister);

/* What the kernel's own scan would say of this task, had it seen no other. */
static bool kernel_considers(struct oom_control *oc, struct task_struct *task)
{
	struct oom_control probe = *oc;

	probe.chosen = NULL;
	probe.chosen_points = LONG_MIN;
	if (oom_evaluate_task(task, &probe))
		return true; /* a victim that is on its way out */
	if (!probe.chosen)
		return false;
	put_task_struct(probe.chosen);
	return true;
}

bool oom_hook_in_domain(struct oom_control *oc, struct task_struct *task)
{
	bool inside;

	if (!oc->memcg)
		return kernel_considers(oc, task);
	rcu_read_lock();
	/* A kill takes the process: where a thread of it sits does not matter. */
	inside = mem_cgroup_is_descendant(mem_cgroup_from_task(task->group_leader),
					  oc->memcg);
	rcu_read_unlock();
	return inside;
}
EXPORT_SYMBOL_GPL(oom_hook_in_domain);

int oom_hook_kill(struct oom_control *oc, struct task_struct *task,
		  const char *message)
{
	if (READ_ONCE(oom_task) != current || oc != asked_oc)
		return -EINVAL;
	if (is_global_init(task) || (task->flags & PF_KTHREAD) ||
	    task->signal->oom_score_adj == OOM_SCORE_ADJ_MIN)
		return -EPERM;
	/* By now only an mm that is gone, reaped or a vfork's scores so low. */
	if (oom_badness(task, oc->totalpages) == LONG_MIN)
		return -ESRCH;
	if (!oom_hook_in_domain(oc, task))
		return -EXDEV;
	/* As in the kernel's scan: wait for it, and do not say it once more. */
	if (oc->order != -1 && tsk_is_oom_victim(task))
		return 1;

	/* oom_kill_process() drops this reference. */
	get_task_struct(task);
	oc->chosen = task;
	oom_kill_process(oc, message);
	oc->chosen = NULL;

	/* It may have exited since we looked; then the kernel marked nobody. */
	return tsk_is_oom_victim(task) ? 0 : -ESRCH;
}
EXPORT_SYMBOL_GPL(oom_hook_kill);

struct scan {
	int (*fn)(struct task_struct *task, void *arg);
	void *arg;
};

static int scan_one(struct task_struct *task, void *arg)
{
	struct scan *s = arg;
	int ret;

	rcu_read_lock();
	ret = s->fn(task, s->arg);
	rcu_read_unlock();
	return ret;
}

void oom_hook_scan(struct oom_control *oc,
		   int (*fn)(struct task_struct *task, void *arg), void *arg)
{
	struct scan s = { .fn = fn, .arg = arg };
	struct task_struct *p;

	if (oc->memcg) {
		mem_cgroup_scan_tasks(oc->memcg, scan_one, &s);
		return;
	}
	rcu_read_lock();
	for_each_process(p) {
		if (oom_hook_in_domain(oc, p) && fn(p, arg))
			break;
	}
	rcu_read_unlock();
}
EXPORT_SYMBOL_GPL(oom_hook_scan);

int oom_hook_declare(struct mem_cgroup *memcg, int order, bool wait)
{
	struct oom_control oc = {
		.memcg = memcg,
		.gfp_mask = GFP_KERNEL,
		.order = order,
	};
	bool relief;

	if (order < 0 || order > MAX_PAGE_ORDER)
		return -EINVAL;
	if (READ_ONCE(oom_task) == current)
		return -EDEADLK;
	/* The root has no limit to hit: out of memory is the system. */
	if (memcg && !memcg->css.parent)
		oc.memcg = NULL;
	if (wait) {
		if (mutex_lock_killable(&oom_lock))
			return -EINTR;
	} else if (!mutex_trylock(&oom_lock)) {
		return -EBUSY;
	}
	/* A call from our own text is not redirected, so go to the wrapper. */
	relief = shim_out_of_memory(&oc);
	mutex_unlock(&oom_lock);
	return relief;
}
EXPORT_SYMBOL_GPL(oom_hook_declare);
