// SPDX-License-Identifier: GPL-2.0-only
/*
 * A livepatch of out_of_memory(), to test that only one user at a time can redirect it
 *
 * Its version does nothing and claims that memory will be freed, so no OOM may happen
 * while it is loaded.
 */
#include <linux/livepatch.h>
#include <linux/module.h>
#include <linux/oom.h>

static bool livepatch_out_of_memory(struct oom_control *oc)
{
	return true;
}

static struct klp_func funcs[] = {
	{
		.old_name = "out_of_memory",
		.new_func = livepatch_out_of_memory,
	}, { }
};

static struct klp_object objs[] = {
	{
		/* vmlinux */
		.funcs = funcs,
	}, { }
};

static struct klp_patch patch = {
	.mod = THIS_MODULE,
	.objs = objs,
};

static int __init livepatchtest_init(void)
{
	return klp_enable_patch(&patch);
}
module_init(livepatchtest_init);

static void __exit livepatchtest_exit(void)
{
}
module_exit(livepatchtest_exit);

MODULE_DESCRIPTION("Livepatch of out_of_memory() for the tests of bpf-oom");
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
