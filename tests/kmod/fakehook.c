// SPDX-License-Identifier: GPL-2.0-only
/* Has one of the hook's names, as a kernel with CONFIG_OOM_HOOK has all. */
#include <linux/module.h>
#include <linux/oom_hook.h>

const char *oom_hook_provider(void)
{
	return "fake";
}
EXPORT_SYMBOL_GPL(oom_hook_provider);

MODULE_DESCRIPTION("Takes a name of the hook, for the tests of bpf-oom");
MODULE_LICENSE("GPL");
