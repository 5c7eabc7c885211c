// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replacements of out_of_memory() and oom_evaluate_task()
 *
 * The kernel's heuristics are not copied here, they are run. A first call of the
 * original out_of_memory() goes through everything that may settle the OOM before a
 * victim is selected. The redirect of oom_evaluate_task() stops it at the first task of
 * the selection, with the value by which the kernel itself ends a scan. If the selection
 * was never reached, the kernel has settled the OOM. Otherwise the hook's user is asked,
 * and if that brought no relief, a second call of the original lets the kernel choose.
 *
 * A declared OOM must never cause a panic, so it does not go through the original: see
 * settle_declared().
 *
 * Built with -fno-optimize-sibling-calls: a tail call of the original would look to
 * ftrace like a call from outside of the module and be redirected again, for ever.
 */
#define pr_fmt(fmt) "oom_hook: " fmt

#include <linux/export.h>
#include <linux/mm.h>
#include <linux/notifier.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/swap.h>

#include "klp.h"
#include "shim.h"

/*
 * oom_lock, which every caller of out_of_memory() holds, protects all variables below.
 * shim_oom_evaluate_task() reads them under it as well.
 */
static const struct oom_hook_ops *hook_user;
/* The OOM whose selection is stopped at its first task. */
static struct oom_control *stop_selection;
static bool selection_reached;
/* The OOM that the user is being asked about. */
static struct oom_control *asked_oc;
/* The text of the declared OOM that is being handled; NULL: it was not declared. */
static const char *oom_text;
/* The OOM that the user is being asked about is simulated. */
static bool rehearsing;
/* The task that handles an OOM. Other tasks compare it with current, without the lock. */
static struct task_struct *oom_task;

/* What the kernel sets if a victim is on its way out: ends the scan without a kill. */
#define ABORTED ((struct task_struct *)-1UL)

/* Evaluates one task as the kernel's scan does, but without regard to other tasks. */
static int evaluate_alone(struct oom_control *oc, struct task_struct *task,
			  long *points)
{
	struct oom_control probe = *oc;

	probe.chosen = NULL;
	probe.chosen_points = LONG_MIN;
	if (oom_evaluate_task(task, &probe))
		return -EINPROGRESS;
	if (!probe.chosen)
		return 0;
	put_task_struct(probe.chosen);
	*points = probe.chosen_points;
	return 1;
}

int shim_oom_evaluate_task(struct task_struct *task, void *arg)
{
	struct oom_control *oc = arg;
	int ret;

	if (oc == stop_selection) {
		selection_reached = true;
		/* Tasks may have been evaluated before the redirect was active. */
		if (oc->chosen)
			put_task_struct(oc->chosen);
		oc->chosen = ABORTED;
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

/* Serialises register and unregister. oom_lock nests inside it. */
static DEFINE_MUTEX(register_lock);

/* Taking oom_lock waits for a task that is inside ->handle_oom(). */
static void set_user(const struct oom_hook_ops *ops)
{
	mutex_lock(&oom_lock);
	hook_user = ops;
	mutex_unlock(&oom_lock);
}

/* Waits for an OOM that is being handled, as oom_hook_register() promises. */
static bool has_user(void)
{
	bool ret;

	mutex_lock(&oom_lock);
	ret = hook_user;
	mutex_unlock(&oom_lock);
	return ret;
}

static int register_user(const struct oom_hook_ops *ops)
{
	int ret;

	if (has_user())
		return -EBUSY;
	ret = shim_cgroup_on(ops);
	if (ret)
		return ret;
	ret = shim_redirect_on();
	if (ret) {
		shim_cgroup_off();
		return ret;
	}
	set_user(ops);
	return 0;
}

int oom_hook_register(const struct oom_hook_ops *ops)
{
	int ret;

	if (!ops->handle_oom)
		return -EINVAL;
	mutex_lock(&register_lock);
	ret = register_user(ops);
	mutex_unlock(&register_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(oom_hook_register);

/*
 * The user is removed before the redirects: an OOM must keep both redirects from the
 * stop of its selection to the user's answer.
 */
void oom_hook_unregister(const struct oom_hook_ops *ops)
{
	mutex_lock(&register_lock);
	WARN_ON_ONCE(hook_user != ops);
	set_user(NULL);
	shim_redirect_off();
	shim_cgroup_off();
	mutex_unlock(&register_lock);
}
EXPORT_SYMBOL_GPL(oom_hook_unregister);

bool oom_hook_in_domain(struct oom_control *oc, struct task_struct *task)
{
	bool inside;
	long points;

	/* Not 0 also for a victim that is on its way out: it is in the domain, too. */
	if (!oc->memcg)
		return evaluate_alone(oc, task, &points);
	rcu_read_lock();
	/*
	 * A kill takes the whole process, so check the first thread's memcg. The
	 * first thread of a process that has been reaped may have been freed.
	 */
	if (pid_alive(task))
		task = task->group_leader;
	inside = mem_cgroup_is_descendant(mem_cgroup_from_task(task), oc->memcg);
	rcu_read_unlock();
	return inside;
}
EXPORT_SYMBOL_GPL(oom_hook_in_domain);

int oom_hook_may_kill(struct oom_control *oc, struct task_struct *task)
{
	if (READ_ONCE(oom_task) != current || oc != asked_oc)
		return -EINVAL;
	if (is_global_init(task) || (task->flags & PF_KTHREAD) ||
	    task->signal->oom_score_adj == OOM_SCORE_ADJ_MIN)
		return -EPERM;
	/* What remains: the mm is gone, reaped, or borrowed by a vfork() child. */
	if (oom_badness(task, oc->totalpages) == LONG_MIN)
		return -ESRCH;
	if (!oom_hook_in_domain(oc, task))
		return -EXDEV;
	/* As in the kernel's scan: wait for the victim without another report. */
	if (oc->order != -1 && tsk_is_oom_victim(task))
		return 1;
	return 0;
}
EXPORT_SYMBOL_GPL(oom_hook_may_kill);

static void kill(struct oom_control *oc, struct task_struct *task,
		 const char *message)
{
	/* oom_kill_process() drops this reference. */
	get_task_struct(task);
	oc->chosen = task;
	oom_kill_process(oc, message);
	oc->chosen = NULL;
}

int oom_hook_kill(struct oom_control *oc, struct task_struct *task,
		  const char *message)
{
	int ret;

	ret = oom_hook_may_kill(oc, task);
	if (ret || rehearsing)
		return ret;

	kill(oc, task, message);
	/* If the task has exited since the check, the kernel has marked no victim. */
	return tsk_is_oom_victim(task) ? 0 : -ESRCH;
}
EXPORT_SYMBOL_GPL(oom_hook_kill);

long oom_hook_badness(struct task_struct *task, unsigned long totalpages)
{
	long points;

	points = oom_badness(task, totalpages);
	return points;
}
EXPORT_SYMBOL_GPL(oom_hook_badness);

/* Walks the processes that the kernel's own scan evaluates. */
static void walk(struct oom_control *oc,
		 int (*fn)(struct task_struct *task, void *arg), void *arg)
{
	struct task_struct *p;

	if (oc->memcg) {
		mem_cgroup_scan_tasks(oc->memcg, fn, arg);
		return;
	}
	rcu_read_lock();
	for_each_process(p) {
		if (fn(p, arg))
			break;
	}
	rcu_read_unlock();
}

struct scan {
	struct oom_control *oc;
	int (*fn)(struct task_struct *task, void *arg);
	void *arg;
};

static int scan_one(struct task_struct *task, void *arg)
{
	struct scan *s = arg;
	int ret = 0;

	/* The walk of a memcg holds a reference to the task, but no RCU lock. */
	rcu_read_lock();
	if (s->oc->memcg || oom_hook_in_domain(s->oc, task))
		ret = s->fn(task, s->arg);
	rcu_read_unlock();
	return ret;
}

void oom_hook_scan(struct oom_control *oc,
		   int (*fn)(struct task_struct *task, void *arg), void *arg)
{
	struct scan s = { .oc = oc, .fn = fn, .arg = arg };

	walk(oc, scan_one, &s);
}
EXPORT_SYMBOL_GPL(oom_hook_scan);

/**
 * struct selection - a scan in which the hook's user may give verdicts
 * @oc: the OOM
 * @verdict: callback of the hook's user; NULL: the scores alone decide
 * @arg: its cookie
 * @chosen: the best task so far, with a reference, or NULL
 * @points: score of @chosen
 * @ended: why the scan ended early: -EINPROGRESS or -ECANCELED, see oom_hook_select();
 *	else 0
 */
struct selection {
	struct oom_control *oc;
	enum oom_hook_verdict (*verdict)(struct oom_control *oc,
					 struct task_struct *task, void *arg);
	void *arg;
	struct task_struct *chosen;
	long points;
	int ended;
};

static int select_end(struct selection *s, int reason)
{
	s->ended = reason;
	return 1;
}

/* Of tasks with the same score the last one wins, as in the kernel. */
static int select_compare(struct selection *s, struct task_struct *task,
			  long points)
{
	if (points < s->points)
		return 0;
	if (s->chosen)
		put_task_struct(s->chosen);
	get_task_struct(task);
	s->chosen = task;
	s->points = points;
	return 0;
}

static enum oom_hook_verdict ask_verdict(const struct selection *s,
					 struct task_struct *task, long points)
{
	enum oom_hook_verdict verdict;

	/* A task that swapoff or KSM want killed first is not the user's to judge. */
	if (!s->verdict || points == LONG_MAX)
		return OOM_HOOK_DEFAULT;
	rcu_read_lock();
	verdict = s->verdict(s->oc, task, s->arg);
	rcu_read_unlock();
	return verdict;
}

static int select_one(struct task_struct *task, void *arg)
{
	struct selection *s = arg;
	long points = 0;
	int ret;

	ret = evaluate_alone(s->oc, task, &points);
	if (ret < 0)
		return select_end(s, ret);
	if (!ret)
		return 0;
	switch (ask_verdict(s, task, points)) {
	case OOM_HOOK_DEFAULT:
		return select_compare(s, task, points);
	case OOM_HOOK_ABORT:
		return select_end(s, -ECANCELED);
	case OOM_HOOK_SKIP:
		return 0;
	case OOM_HOOK_SELECT:
		return select_compare(s, task, LONG_MAX);
	}
	return 0;
}

/* Returns what oom_hook_select() returns. */
static struct task_struct *run_selection(struct selection *s)
{
	s->points = LONG_MIN;
	walk(s->oc, select_one, s);
	if (!s->ended)
		return s->chosen;
	if (s->chosen)
		put_task_struct(s->chosen);
	return ERR_PTR(s->ended);
}

struct task_struct *
oom_hook_select(struct oom_control *oc,
		enum oom_hook_verdict (*verdict)(struct oom_control *oc,
						 struct task_struct *task,
						 void *arg),
		void *arg)
{
	struct selection s = { .oc = oc, .verdict = verdict, .arg = arg };
	struct task_struct *task;

	if (READ_ONCE(oom_task) != current || oc != asked_oc)
		return ERR_PTR(-EINVAL);
	task = run_selection(&s);
	return task;
}
EXPORT_SYMBOL_GPL(oom_hook_select);

/* Sets what the original out_of_memory() sets before it selects. */
static void constrain(struct oom_control *oc)
{
	if (oc->memcg) {
		oc->constraint = CONSTRAINT_MEMCG;
		oc->totalpages = mem_cgroup_get_max(oc->memcg) ?: 1;
		return;
	}
	oc->constraint = CONSTRAINT_NONE;
	oc->totalpages = totalram_pages() + total_swap_pages;
}

static bool would_panic(const struct oom_control *oc)
{
	int setting = READ_ONCE(sysctl_panic_on_oom);

	return setting == 2 || (setting && oc->constraint == CONSTRAINT_NONE);
}

static struct task_struct *kernels_choice(struct oom_control *oc)
{
	struct selection s = { .oc = oc };
	struct task_struct *task;

	task = run_selection(&s);
	return task;
}

/* Is there a task to kill, or a victim to wait for? */
static bool has_victim(struct oom_control *oc)
{
	struct task_struct *task = kernels_choice(oc);

	if (!IS_ERR_OR_NULL(task))
		put_task_struct(task);
	return task;
}

static bool notifiers_freed(const struct oom_control *oc)
{
	unsigned long freed = 0;

	if (!oc->memcg)
		blocking_notifier_call_chain(&oom_notify_list, 0, &freed);
	return freed;
}

static const char *kill_message(const struct oom_control *oc)
{
	return oc->memcg ? "Memory cgroup out of memory" : "Out of memory";
}

static bool kill_kernels_choice(struct oom_control *oc)
{
	struct task_struct *task = kernels_choice(oc);

	/* An ERR_PTR() is relief, too: a victim is on its way out. */
	if (IS_ERR_OR_NULL(task))
		return task;
	kill(oc, task, kill_message(oc));
	put_task_struct(task);
	return true;
}

/*
 * Like out_of_memory(), without the parts that need a failed allocation: a declared OOM
 * never panics, be it by vm.panic_on_oom or for lack of a task to kill, does not report
 * that lack, and has no allocating task to kill.
 */
static bool settle_declared(struct oom_control *oc)
{
	bool ret;

	constrain(oc);
	if (oom_killer_disabled || would_panic(oc) || !has_victim(oc))
		return false;
	if (notifiers_freed(oc))
		return true;
	if (task_will_free_mem(current)) {
		/* Only lets the dying task use the reserves, without a report. */
		kill(oc, current, kill_message(oc));
		return true;
	}
	if (hook_user && ask_user(oc))
		return true;
	ret = kill_kernels_choice(oc);
	return ret;
}

int oom_hook_declare(struct mem_cgroup *memcg, int order, bool wait,
		     const char *text)
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
	/* The root has no limit to hit: the system is out of memory. */
	if (memcg && !memcg->css.parent)
		oc.memcg = NULL;
	if (wait) {
		if (mutex_lock_killable(&oom_lock))
			return -EINTR;
	} else if (!mutex_trylock(&oom_lock)) {
		return -EBUSY;
	}
	oom_text = text ?: "";
	WRITE_ONCE(oom_task, current);
	relief = settle_declared(&oc);
	WRITE_ONCE(oom_task, NULL);
	oom_text = NULL;
	mutex_unlock(&oom_lock);
	return relief;
}
EXPORT_SYMBOL_GPL(oom_hook_declare);

const char *oom_hook_text(const struct oom_control *oc)
{
	return oom_text;
}
EXPORT_SYMBOL_GPL(oom_hook_text);

static int scan_found(struct task_struct *task, void *found)
{
	*(bool *)found = true;
	return 1;
}

static int rehearse(struct oom_control *oc)
{
	bool found = !oc->memcg;
	int ret;

	if (!hook_user)
		return -ENODEV;
	if (!found)
		mem_cgroup_scan_tasks(oc->memcg, scan_found, &found);
	if (!found)
		return -ESRCH;

	constrain(oc);
	WRITE_ONCE(oom_task, current);
	rehearsing = true;
	ret = ask_user(oc);
	rehearsing = false;
	WRITE_ONCE(oom_task, NULL);
	return ret;
}

int oom_hook_rehearse(struct mem_cgroup *memcg)
{
	struct oom_control oc = { .gfp_mask = GFP_KERNEL };
	int ret;

	if (READ_ONCE(oom_task) == current)
		return -EDEADLK;
	if (memcg && memcg->css.parent)
		oc.memcg = memcg;
	if (mutex_lock_killable(&oom_lock))
		return -EINTR;
	ret = rehearse(&oc);
	mutex_unlock(&oom_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(oom_hook_rehearse);
