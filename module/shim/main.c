// SPDX-License-Identifier: GPL-2.0-only
/*
 * oom_hook.ko: the contract of <linux/oom_hook.h> on a stock kernel
 *
 * ftrace redirects out_of_memory() and oom_evaluate_task(), as for a livepatch, and
 * livepatch relocations reach symbols that the kernel does not export. There are no
 * kprobes, no copies of kernel functions, and no redirection while no user is
 * registered.
 */
#include <linux/module.h>

#include "shim.h"

const char *oom_hook_provider(void)
{
	return "shim";
}
EXPORT_SYMBOL_GPL(oom_hook_provider);

static int __init oom_hook_init(void)
{
	int ret;

	ret = shim_verify();
	if (ret)
		return ret;
	ret = shim_cgroup_init();
	if (ret)
		return ret;
	return shim_redirect_init();
}
module_init(oom_hook_init);

static void __exit oom_hook_exit(void)
{
	shim_cgroup_exit();
	shim_redirect_exit();
}
module_exit(oom_hook_exit);

MODULE_DESCRIPTION("OOM hook for kernels that lack CONFIG_OOM_HOOK");
MODULE_AUTHOR("The bpf-oom developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(BPF_OOM_VERSION);
/* Makes the module loader apply the livepatch relocations; nothing is patched. */
MODULE_INFO(livepatch, "Y");
