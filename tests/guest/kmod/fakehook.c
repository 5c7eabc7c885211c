// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exports one of the hook's names, all of which a kernel with CONFIG_OOM_HOOK exports,
 * after a test has replaced the last letter with an r. Without that it also builds
 * against such a kernel.
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
