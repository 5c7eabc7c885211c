// SPDX-License-Identifier: GPL-2.0-only
/*
 * Has one of the hook's names, as a kernel with CONFIG_OOM_HOOK has all, once a
 * test has put an r for the last letter. As it is it builds against such
 * a kernel, too.
 */
#include <linux/module.h>

const char *oom_hook_providez(void);
const char *oom_hook_providez(void)
{
	return "fake";
}
EXPORT_SYMBOL_GPL(oom_hook_providez);

MODULE_DESCRIPTION("Takes a name of the hook, for the tests of bpf-oom");
MODULE_LICENSE("GPL");
