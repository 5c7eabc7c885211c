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

struct redirect {
	struct ftrace_ops ops;
	const char *name;
	unsigned long from, to;
};

static void notrace redirect_call(unsigned long ip, unsigned long parent_ip,
				  struct ftrace_ops *ops,
				  struct ftrace_regs *fregs)
{
	struct redirect *r = container_of(ops, struct redirect, ops);

	/* Our own calls want the original. */
	if (!within_module(parent_ip, THIS_MODULE))
		ftrace_regs_set_instruction_pointer(fregs, r->to);
}

/*
 * IPMODIFY makes ftrace refuse a second owner of the function (a livepatch),
 * whoever comes last. PERMANENT: kernel.ftrace_enabled=0 must not silently
 * turn the policies off.
 */
#define REDIRECT(fn, replacement) {					\
	.ops = {							\
		.func = redirect_call,					\
		.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT, \
	},								\
	.name = #fn,							\
	.from = (unsigned long)(fn),					\
	.to = (unsigned long)(replacement),				\
}

/* Inner first: without it the outer one would run the kernel's selection twice. */
static struct redirect redirects[] = {
	REDIRECT(oom_evaluate_task, shim_oom_evaluate_task),
	REDIRECT(out_of_memory, shim_out_of_memory),
};

static void redirects_off(int nr)
{
	while (nr--) {
		struct redirect *r = &redirects[nr];
		int ret = unregister_ftrace_function(&r->ops);

		if (!ret)
			continue;
		/* ftrace has given up on itself; its calls still lead to us. */
		pr_err("cannot restore %s() (%d): this module stays loaded\n",
		       r->name, ret);
		__module_get(THIS_MODULE);
	}
}

/* A BPF trampoline that is being changed makes ftrace ask us to come again. */
#define REGISTER_TRIES 100

static int register_redirect(struct redirect *r)
{
	int ret, tries = REGISTER_TRIES;

	do {
		ret = register_ftrace_function(&r->ops);
	} while (ret == -EAGAIN && --tries);
	return ret;
}

int shim_redirect_on(void)
{
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(redirects); i++) {
		ret = register_redirect(&redirects[i]);
		if (ret) {
			pr_err("cannot redirect %s() (%d)%s\n",
			       redirects[i].name, ret, ret == -EBUSY ?
			       ": a livepatch or kprobe owns it, or kernel.ftrace_enabled is 0" :
			       "");
			redirects_off(i);
			return ret;
		}
	}
	return 0;
}

void shim_redirect_off(void)
{
	redirects_off(ARRAY_SIZE(redirects));
}

static void free_filters(int nr)
{
	while (nr--)
		ftrace_free_filter(&redirects[nr].ops);
}

/*
 * By address: modules may have functions of these names. Fails where the
 * function cannot be traced.
 */
int shim_redirect_init(void)
{
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(redirects); i++) {
		struct redirect *r = &redirects[i];

		ret = ftrace_set_filter_ip(&r->ops, r->from, 0, 1);
		if (ret) {
			pr_err("ftrace cannot hook %s() (%d): notrace in this kernel\n",
			       r->name, ret);
			free_filters(i);
			return ret;
		}
	}
	return 0;
}

/*
 * The redirects are off, but a task may have been sent here before and not have
 * left yet. It has either not slept since, then the grace period waits for it;
 * or it sleeps in shim_out_of_memory(), then it holds oom_lock, as all callers
 * of out_of_memory() do, until after it has left our text.
 */
void shim_redirect_exit(void)
{
	synchronize_rcu_tasks();
	mutex_lock(&oom_lock);
	mutex_unlock(&oom_lock);
	free_filters(ARRAY_SIZE(redirects));
}
