// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ftrace redirects of out_of_memory() and oom_evaluate_task()
 */
#define pr_fmt(fmt) "oom_hook: " fmt

#include <linux/ftrace.h>
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "klp.h"
#include "shim.h"

/* Maximum distance from a function's symbol to its ftrace call: there may be an ENDBR. */
#define FENTRY_MAX 16

static void notrace redirect_call(unsigned long ip, unsigned long parent_ip,
				  struct ftrace_ops *ops,
				  struct ftrace_regs *fregs)
{
	unsigned long to = (unsigned long)shim_oom_evaluate_task;

	/* Our own calls must reach the original. */
	if (within_module(parent_ip, THIS_MODULE))
		return;
	if (ip - (unsigned long)out_of_memory < FENTRY_MAX)
		to = (unsigned long)shim_out_of_memory;
	ftrace_regs_set_instruction_pointer(fregs, to);
}

/*
 * One ftrace_ops for both functions: they are redirected together. IPMODIFY: ftrace
 * refuses a second owner of a function, such as a livepatch, whichever comes last.
 * PERMANENT: kernel.ftrace_enabled=0 must not silently turn the policies off.
 */
static struct ftrace_ops redirect_ops = {
	.func = redirect_call,
	.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT,
};

/* ftrace returns -EAGAIN while a BPF trampoline on a function is being changed. */
#define REGISTER_TRIES 100

int shim_redirect_on(void)
{
	int ret, tries = REGISTER_TRIES;

	do {
		ret = register_ftrace_function(&redirect_ops);
	} while (ret == -EAGAIN && --tries);
	if (ret)
		pr_err("cannot redirect out_of_memory() and oom_evaluate_task() (%d)%s\n",
		       ret, ret == -EBUSY ?
		       ": a livepatch or kprobe owns one, or kernel.ftrace_enabled is 0" :
		       "");
	return ret;
}

void shim_redirect_off(void)
{
	int ret = unregister_ftrace_function(&redirect_ops);

	if (!ret)
		return;
	/* ftrace has disabled itself, and its calls still lead to us. */
	pr_err("cannot restore out_of_memory() (%d): this module stays loaded\n",
	       ret);
	__module_get(THIS_MODULE);
}

/*
 * Filters by address, since modules may have functions of the same names. Fails if one
 * of the functions cannot be traced.
 */
int shim_redirect_init(void)
{
	unsigned long ips[] = {
		(unsigned long)out_of_memory,
		(unsigned long)oom_evaluate_task,
	};
	int ret;

	ret = ftrace_set_filter_ips(&redirect_ops, ips, ARRAY_SIZE(ips), 0, 1);
	if (ret)
		pr_err("ftrace cannot hook out_of_memory() or oom_evaluate_task() (%d): notrace in this kernel\n",
		       ret);
	return ret;
}

/*
 * The redirects are off, but a task that was redirected before may still be in our text.
 * If it has not slept since, the grace period waits for it. If it sleeps in
 * shim_out_of_memory(), it holds oom_lock, as all callers of out_of_memory() do, until
 * after it has left our text.
 */
void shim_redirect_exit(void)
{
	synchronize_rcu_tasks();
	mutex_lock(&oom_lock);
	mutex_unlock(&oom_lock);
	ftrace_free_filter(&redirect_ops);
}
