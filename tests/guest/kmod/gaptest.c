// SPDX-License-Identifier: GPL-2.0-only
/*
 * Have a pressure trigger of the shim fire while it is being created
 *
 * A trigger may fire before the shim has put its entry on the wait queue, some
 * instructions later. While this module is loaded, they take until the trigger has fired.
 */
#include <linux/delay.h>
#include <linux/ftrace.h>
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/psi_types.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <linux/wait.h>

/* Longer than any window */
#define PATIENCE_MS 60000

static void late_add_wait_queue(struct wait_queue_head *head,
				struct wait_queue_entry *entry)
{
	struct psi_trigger *t = container_of(head, struct psi_trigger, event_wait);
	int ms;

	for (ms = 0; !READ_ONCE(t->event) && ms < PATIENCE_MS; ms += 20)
		msleep(20);
	pr_info("gaptest: the trigger %s\n",
		READ_ONCE(t->event) ? "has fired" : "does not fire");
	add_wait_queue(head, entry);
	/* Avoid a tail call, which would look like a call by the shim. */
	barrier();
}

static void notrace redirect(unsigned long ip, unsigned long parent_ip,
			     struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	char caller[KSYM_SYMBOL_LEN];

	if (within_module(parent_ip, THIS_MODULE))
		return;
	sprint_symbol_no_offset(caller, parent_ip);
	if (strstarts(caller, "oom_hook_psi_create"))
		ftrace_regs_set_instruction_pointer(fregs,
						    (unsigned long)late_add_wait_queue);
}

static struct ftrace_ops ops = {
	.func = redirect,
	.flags = FTRACE_OPS_FL_IPMODIFY,
};

static int __init gaptest_init(void)
{
	unsigned long ip = (unsigned long)add_wait_queue;
	int ret;

	ret = ftrace_set_filter_ip(&ops, ip, 0, 0);
	return ret ?: register_ftrace_function(&ops);
}
module_init(gaptest_init);

static void __exit gaptest_exit(void)
{
	unregister_ftrace_function(&ops);
	synchronize_rcu_tasks();
	ftrace_free_filter(&ops);
}
module_exit(gaptest_exit);

MODULE_DESCRIPTION("Lengthens a window, for the tests of bpf-oom");
MODULE_LICENSE("GPL");
