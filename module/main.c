// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpf_oom.ko: OOM policies as BPF programs
 *
 * An OOM comes in through the hook (<linux/oom_hook.h>) to dispatch.c, which
 * asks the policies that attach.c finds on the way from the OOM's cgroup to the
 * root. rank.c lets them rank the tasks that the kernel looks at, relief.c is what
 * they do about the OOM, and victims.c knows which memory is still on its way.
 * oom_ops.c lets them be loaded, kfuncs.c is what they can call, deny.c what they must
 * not.
 *
 * account.c counts what each of them does and calls breaker.c about it, note.c
 * collects what record.c keeps of the decision, deaths.c hears who really died of it,
 * and declare.c knows who declared an OOM that is none. People see that through sysfs.c,
 * device.c and trace.h, and rehearse.c asks a policy for them without an OOM.
 *
 * Policies that act on pressure, before there is an OOM, are in psi*.c.
 */
#define pr_fmt(fmt) "bpf_oom: " fmt

#include <linux/capability.h>
#include <linux/module.h>
#include <linux/oom_hook.h>

#include "compat.h"
#include "dispatch.h"

static int provider_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%s\n", oom_hook_provider());
}

static const struct kernel_param_ops provider_ops = { .get = provider_get };
module_param_cb(provider, &provider_ops, NULL, 0444);
MODULE_PARM_DESC(provider, "who provides the hook into the kernel's OOM killer");

static int set_enabled(const char *val, const struct kernel_param *kp)
{
	bool before = bpf_oom_enabled;
	int ret;

	/* The file is user 0's, who in a container may be nobody. */
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	ret = param_set_bool(val, kp);
	if (ret || bpf_oom_enabled == before)
		return ret;
	pr_info("policies are %s\n", bpf_oom_enabled ?
		"asked again" : "not asked any more, the kernel decides alone");
	if (!bpf_oom_enabled)
		bpf_oom_wait_for_programs();
	return 0;
}

/*
 * Off, no OOM policy is asked, also about an OOM that a pressure policy declares:
 * all stay attached and the kernel decides. When the write returns, none is being
 * asked any more. Pressure policies go on, and what they declare is the kernel's.
 */
static const struct kernel_param_ops enabled_ops = {
	.set = set_enabled,
	.get = param_get_bool,
};
module_param_cb(enabled, &enabled_ops, &bpf_oom_enabled, 0644);
MODULE_PARM_DESC(enabled, "ask policies about OOMs; off: the kernel decides alone");

static int __init bpf_oom_init(void)
{
	int ret;

	ret = bpf_oom_record_init();
	if (ret)
		return ret;
	ret = bpf_oom_sysfs_init();
	if (ret)
		goto err_record_exit;
	ret = bpf_oom_attach_init();
	if (ret)
		goto err_sysfs_exit;
	ret = bpf_psi_init();
	if (ret)
		goto err_attach_exit;
	ret = bpf_oom_deaths_init();
	if (ret)
		goto err_psi_exit;
	bpf_oom_deny_init();
	/* First what looks at our BTF; nobody uses it before we return. */
	ret = bpf_oom_ops_init();
	ret = ret ?: bpf_psi_ops_init();
	ret = ret ?: bpf_oom_kfuncs_init();
	ret = ret ?: bpf_oom_memcg_kfuncs_init();
	/* Last: once somebody can have it open, nothing may fail. */
	ret = ret ?: bpf_oom_device_init();
	if (ret)
		goto err_psi_exit;
	pr_info("version " BPF_OOM_VERSION ", hooked in by the %s\n",
		oom_hook_provider());
	return 0;

err_psi_exit:
	bpf_psi_exit();
err_attach_exit:
	bpf_oom_attach_exit();
err_sysfs_exit:
	bpf_oom_sysfs_exit();
err_record_exit:
	bpf_oom_record_exit();
	pr_err("not loaded (%d)\n", ret);
	return ret;
}
module_init(bpf_oom_init);

/*
 * The struct_ops types and the kfuncs need no undoing: each map and program that
 * uses them pins this module, and they go with its BTF.
 */
static void __exit bpf_oom_exit(void)
{
	bpf_oom_device_exit();
	bpf_psi_exit();
	bpf_oom_attach_exit();
	bpf_oom_deaths_exit();
	bpf_oom_account_exit();
	bpf_oom_sysfs_exit();
	bpf_oom_record_exit();
}
module_exit(bpf_oom_exit);

MODULE_DESCRIPTION("OOM policies as BPF programs");
MODULE_AUTHOR("The bpf-oom developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(BPF_OOM_VERSION);
