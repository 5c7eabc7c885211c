/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * oom_hook: let one module take part in the decisions of the OOM killer
 *
 * Whoever decides about OOMs outside mm/ (today: bpf_oom.ko) talks to the
 * kernel through this header and through nothing else. A kernel that was built
 * with CONFIG_OOM_HOOK provides these functions itself; on any other kernel
 * oom_hook.ko does. The user cannot tell them apart, and must not try.
 *
 * The provider never chooses a victim. It asks the user where the kernel would
 * start to look for one, and performs what the user decided with the kernel's
 * own functions, after it has checked that the kernel could have decided so.
 */
#ifndef _LINUX_OOM_HOOK_H
#define _LINUX_OOM_HOOK_H

#include <linux/types.h>

struct cgroup;
struct mem_cgroup;
struct oom_control;
struct oom_hook_psi;
struct task_struct;

/**
 * struct oom_hook_ops - what the user of the hook wants to be told
 * @handle_oom: An OOM has reached the point where the kernel starts to select
 *	a victim: notifiers found nothing, current is not dying, __GFP_FS is
 *	there, neither panic_on_oom nor oom_kill_allocating_task settled it, and
 *	oc->constraint, oc->totalpages and oc->nodemask are set.
 *	Return true if memory is on its way, by oom_hook_kill() or because the
 *	limit has been raised; false hands the OOM to the kernel's own killer.
 *	Called in process context, mostly by the allocating task, but also by
 *	a worker (sysrq), kswapd, or whoever lowers memory.max; current need not
 *	be in the domain. May sleep; oom_lock is held, so there is one call at
 *	a time. Must not allocate in a way that reclaims, must not take a lock
 *	under which others allocate, must not fault in user memory.
 *	@oc and oc->memcg are the caller's and valid until the return;
 *	oc->chosen is NULL and stays with the provider.
 *	Not called when the domain has no task at all, nor for an OOM that was
 *	declared where nobody can be killed: see oom_hook_declare().
 * @cgroup_online: A cgroup of the default hierarchy has just been made.
 *	Called in atomic context; cgroup_mutex is held. The cgroup is the
 *	caller's; take a reference to keep it. Optional.
 * @cgroup_offline: A cgroup of the default hierarchy has just been removed. Its
 *	tasks are gone, CSS_ONLINE is cleared in its ->self.flags. Context and
 *	ownership as for cgroup_online. Optional.
 */
struct oom_hook_ops {
	bool (*handle_oom)(struct oom_control *oc);
	void (*cgroup_online)(struct cgroup *cgrp);
	void (*cgroup_offline)(struct cgroup *cgrp);
};

/**
 * oom_hook_register() - start to be asked
 * @ops: the callbacks; must stay valid until oom_hook_unregister() returns
 *
 * There is one user at a time. Until somebody registers, the kernel runs
 * without any redirection: an idle hook costs nothing.
 *
 * Context: process context, may sleep; takes oom_lock for a moment.
 * Return: 0; -EINVAL without ->handle_oom; -EBUSY if somebody is registered,
 * or if another user (a livepatch, a kprobe that changes the function) has the
 * same kernel functions; -EAGAIN if BPF trampolines on them are being changed
 * all the time; another error of ftrace. The kernel log then names the function.
 */
int oom_hook_register(const struct oom_hook_ops *ops);

/**
 * oom_hook_unregister() - stop being asked
 * @ops: what was registered
 *
 * When this returns, no callback of @ops is running and none will be called.
 *
 * Context: process context, may sleep, waits for a running ->handle_oom();
 * not from a callback.
 */
void oom_hook_unregister(const struct oom_hook_ops *ops);

/**
 * oom_hook_kill() - kill a task the way the OOM killer does
 * @oc: the OOM that is being handled
 * @task: the chosen process (any of its threads)
 * @message: beginning of the line "<message>: Killed process ..." in the log
 *
 * Everything that the kernel does with a victim happens: the report,
 * memory.oom.group, the events of vmstat and memory.events, SIGKILL to all
 * that share the mm, access to memory reserves, the OOM reaper.
 *
 * Context: only from within ->handle_oom() and with its @oc.
 * Ownership: the caller keeps its reference to @task.
 * Return: 0 when @task has been killed; 1 when it was a victim before, is still
 * on its way out, and nothing had to be done; -EINVAL when @oc is not the OOM
 * that current is handling; -EPERM for init, a kernel thread or an oom_score_adj
 * of -1000; -EXDEV for a task outside the domain of @oc (see
 * oom_hook_in_domain()); -ESRCH for a task that has no memory to give: exiting,
 * reaped, or the child of a vfork().
 */
int oom_hook_kill(struct oom_control *oc, struct task_struct *task,
		  const char *message);

/**
 * oom_hook_may_kill() - what would oom_hook_kill() say?
 * @oc: the OOM that is being handled
 * @task: a process (any of its threads)
 *
 * Context: only from within ->handle_oom() and with its @oc.
 * Return: 0 when oom_hook_kill() would kill @task now; else what it would
 * return.
 */
int oom_hook_may_kill(struct oom_control *oc, struct task_struct *task);

/**
 * oom_hook_in_domain() - would killing this task help this OOM?
 * @oc: the OOM that is being handled
 * @task: a task
 *
 * The domain of a memcg OOM is the subtree of its memcg. That of a global OOM
 * are the tasks that the kernel's own scan would consider: those with memory
 * to give that may own it where the allocation wanted it (cpuset, mempolicy).
 *
 * Context: within ->handle_oom(); does not sleep.
 * Return: true if @task is in the domain.
 */
bool oom_hook_in_domain(struct oom_control *oc, struct task_struct *task);

/**
 * oom_hook_scan() - walk the processes of an OOM's domain
 * @oc: the OOM that is being handled
 * @fn: called for each process; a value other than 0 ends the walk
 * @arg: handed to @fn
 *
 * Context: within ->handle_oom(). @fn must not sleep: it runs under RCU.
 * Ownership: the task is valid during @fn; take a reference to keep it.
 */
void oom_hook_scan(struct oom_control *oc,
		   int (*fn)(struct task_struct *task, void *arg), void *arg);

/**
 * enum oom_hook_verdict - what is to become of a task that the scan has met
 * @OOM_HOOK_DEFAULT: compare it with the best one so far by the kernel's score
 * @OOM_HOOK_ABORT: end the scan without a victim
 * @OOM_HOOK_SKIP: spare it in this scan
 * @OOM_HOOK_SELECT: it is the best one so far, whatever the scores; only a later
 *	OOM_HOOK_SELECT replaces it
 */
enum oom_hook_verdict {
	OOM_HOOK_DEFAULT,
	OOM_HOOK_ABORT,
	OOM_HOOK_SKIP,
	OOM_HOOK_SELECT,
};

/**
 * oom_hook_select() - have the kernel select a victim, with a word in it
 * @oc: the OOM that is being handled
 * @verdict: asked about each process that the kernel would compare by its score:
 *	those of the domain that have memory to give, but for the task that
 *	swapoff or KSM want killed first
 * @arg: handed to @verdict
 *
 * The scan is the kernel's own, of memcg, cpuset and system alike, and no more
 * than that: notifiers have been called before. Nobody is killed; oom_hook_kill()
 * is there for that.
 *
 * Context: within ->handle_oom(). @verdict must not sleep: it runs under RCU.
 * Ownership: the caller gets a reference to the task that is returned.
 * Return: the task; NULL when the scan ended without one; an ERR_PTR():
 * -ECANCELED when @verdict ended it, -EINPROGRESS when it met a victim that is
 * still on its way out: then there is relief without a kill; -EINVAL when @oc is
 * not the OOM that current is handling.
 */
struct task_struct *
oom_hook_select(struct oom_control *oc,
		enum oom_hook_verdict (*verdict)(struct oom_control *oc,
						 struct task_struct *task,
						 void *arg),
		void *arg);

/**
 * oom_hook_badness() - the kernel's own score of a task
 * @task: a task; the caller holds a reference or is under RCU
 * @totalpages: the size of the OOM's domain, oc->totalpages, to which
 *	oom_score_adj is relative
 *
 * Context: any but interrupts; takes the lock of the task for a moment.
 * Return: pages, shifted by oom_score_adj; LONG_MIN when the kernel would not
 * consider the task.
 */
long oom_hook_badness(struct task_struct *task, unsigned long totalpages);

/**
 * oom_hook_declare() - declare an OOM without a failed allocation
 * @memcg: the memcg that is out of memory, NULL or the root for the whole system
 * @order: order of the allocation to report, 0 to MAX_PAGE_ORDER
 * @wait: wait for another OOM that is being handled, else fail
 * @text: why, for reports; NULL or "" to have none
 *
 * The OOM takes the same way as any other: notifiers, the registered user, then
 * the kernel's killer. But no allocation has failed, so there is nothing to panic
 * of: where nobody can be killed, or where vm.panic_on_oom would have the kernel
 * panic (1: for the system; 2: for a memcg, too), nothing happens and nothing is
 * reported. vm.oom_kill_allocating_task does not apply: nobody allocates.
 *
 * Context: process context, may sleep, takes oom_lock. Must not be called where
 * a lock is held under which others allocate.
 * Ownership: the caller keeps its reference to @memcg.
 * Return: 1 if memory is on its way, 0 if nobody could be killed or
 * vm.panic_on_oom forbids to try, -EINVAL for a bad @order, -EBUSY without @wait
 * while another OOM is being handled, -EDEADLK from within an OOM that goes
 * through the hook, -EINTR if a fatal signal ended the wait.
 */
int oom_hook_declare(struct mem_cgroup *memcg, int order, bool wait,
		     const char *text);

/**
 * oom_hook_text() - why an OOM was declared
 * @oc: the OOM that is being handled
 *
 * A kernel with CONFIG_OOM_HOOK shows it, unless it is empty, as the constraint in
 * its own report.
 *
 * Context: within ->handle_oom().
 * Return: the @text that oom_hook_declare() was given, "" for NULL; NULL if this
 * OOM was not declared.
 */
const char *oom_hook_text(const struct oom_control *oc);

/**
 * oom_hook_rehearse() - ask the registered user about an OOM that is none
 * @memcg: the memcg to pretend it for, NULL or the root for the whole system
 *
 * ->handle_oom() is called as in an OOM of order 0, but nothing that comes
 * before or after it happens: no notifiers, no panic, no killer of the kernel.
 * oom_hook_kill() kills nobody then and returns what oom_hook_may_kill() does.
 *
 * Context: process context, may sleep, takes oom_lock. Must not be called where
 * a lock is held under which others allocate.
 * Ownership: the caller keeps its reference to @memcg.
 * Return: 1 if the user says that it would have handled the OOM, 0 if not,
 * -ENODEV when nobody is registered, -ESRCH when the domain has no task,
 * -EDEADLK from within an OOM that goes through the hook, -EINTR if a fatal
 * signal ended the wait for another OOM.
 */
int oom_hook_rehearse(struct mem_cgroup *memcg);

/**
 * oom_hook_psi_create() - have a function called when pressure is high
 * @cgrp: whose pressure, NULL or the root for that of the whole system
 * @resource: enum psi_res
 * @full: stalls of all tasks at a time; false: of some
 * @threshold_us: time stalled within a window that counts as high
 * @window_us: the window, up to 10 s
 * @fn: called once per window for as long as the pressure stays high
 * @arg: handed to @fn
 *
 * The same triggers as those that user space writes to the pressure files, with
 * the windows of a privileged user, but for ever and without a file.
 *
 * Context: process context, may sleep and allocate. @fn is called in atomic
 * context with interrupts off: it can do little more than queue work. No
 * registration is needed.
 * Ownership: a reference to @cgrp is taken; after its removal nothing happens
 * any more, but the trigger stays until oom_hook_psi_destroy().
 * Return: the trigger, or an ERR_PTR(): -EINVAL for a bad resource, threshold or
 * window, -EOPNOTSUPP when PSI is off, -ENOMEM.
 */
struct oom_hook_psi *oom_hook_psi_create(struct cgroup *cgrp,
					 unsigned int resource, bool full,
					 u32 threshold_us, u32 window_us,
					 void (*fn)(void *arg), void *arg);

/**
 * oom_hook_psi_destroy() - end a trigger
 * @psi: from oom_hook_psi_create(), or NULL
 *
 * When this returns, @fn is not running and will not be called.
 *
 * Context: process context, may sleep; not from @fn.
 */
void oom_hook_psi_destroy(struct oom_hook_psi *psi);

/**
 * oom_hook_provider() - who implements this contract
 *
 * For people to read, not for code to decide on.
 *
 * Return: a static string, "kernel" or "shim".
 */
const char *oom_hook_provider(void);

/*
 * Statistics of a memcg, for kernels before 7.0, whose BPF programs cannot
 * read them and which export none of the functions that do. A provider on
 * a later kernel does not have these three.
 */

/**
 * oom_hook_memcg_stat() - one line of memory.stat
 * @memcg: a memcg; the caller holds a reference
 * @idx: enum node_stat_item or enum memcg_stat_item
 *
 * Context: any.
 * Return: bytes (events for workingset counters), -1UL when @idx is not
 * accounted per memcg.
 */
unsigned long oom_hook_memcg_stat(struct mem_cgroup *memcg, int idx);

/**
 * oom_hook_memcg_vm_event() - one of the event counters of memory.stat
 * @memcg: a memcg; the caller holds a reference
 * @event: enum vm_event_item
 *
 * Context: any.
 * Return: the number of events, -1UL when @event is not accounted per memcg.
 */
unsigned long oom_hook_memcg_vm_event(struct mem_cgroup *memcg, int event);

/**
 * oom_hook_memcg_flush() - bring the statistics of a memcg up to date
 * @memcg: a memcg; the caller holds a reference
 *
 * Context: process context, may sleep.
 */
void oom_hook_memcg_flush(struct mem_cgroup *memcg);

#endif /* _LINUX_OOM_HOOK_H */
