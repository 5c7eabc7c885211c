// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpf_oom.ko: OOM policies as BPF programs
 *
 * Directories may use: api/ all others; oom/ policy/ and record/, which use no other;
 * psi/ none of these. This file wires them together.
 *
 * An OOM comes in through the hook (hook.c, <linux/oom_hook.h>) to oom/, which asks the
 * policies that policy/ finds on the way from the OOM's cgroup to the root, carries out
 * their decisions, and leaves a record in record/. Policies that act on pressure, before
 * there is an OOM, are in psi/. The interface to BPF programs is in api/.
 */
#define pr_fmt(fmt) "bpf_oom: " fmt

#include <linux/capability.h>
#include <linux/module.h>
#include <linux/oom_hook.h>

#include "api/deny.h"
#include "api/kfuncs.h"
#include "api/oom_ops.h"
#include "api/psi_ops.h"
#include "hook.h"
#include "oom/account.h"
#include "oom/deaths.h"
#include "oom/dispatch.h"
#include "oom/victims.h"
#include "policy/attach.h"
#include "policy/rehearse.h"
#include "policy/sysfs.h"
#include "psi/psi.h"
#include "record/device.h"
#include "record/record.h"

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

	/* The mode lets in uid 0, also that of a container without the capability. */
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
 * If off, no OOM policy is asked, not even about an OOM that a pressure policy declares:
 * policies stay attached, and the kernel decides. When the write returns, no policy is
 * being asked any more. Pressure policies keep running.
 */
static const struct kernel_param_ops enabled_ops = {
	.set = set_enabled,
	.get = param_get_bool,
};
module_param_cb(enabled, &enabled_ops, &bpf_oom_enabled, 0644);
MODULE_PARM_DESC(enabled, "ask policies about OOMs; off: the kernel decides alone");

/* Both are called in atomic context. */
static void cgroup_online(struct cgroup *cgrp)
{
	bpf_psi_cgroup_online(cgrp);
}

static void cgroup_offline(struct cgroup *cgrp)
{
	bpf_oom_cgroup_offline(cgrp);
	bpf_psi_cgroup_offline(cgrp);
}

static void end_hook(void)
{
	bpf_oom_deaths_put();
	bpf_oom_victims_forget();
}

static const struct hook_user hook_user = {
	.ops = {
		.handle_oom = bpf_oom_handle,
		.cgroup_online = cgroup_online,
		.cgroup_offline = cgroup_offline,
	},
	.begin = bpf_oom_deaths_get,
	.end = end_hook,
};

static const struct device_user device_user = {
	.settle = bpf_oom_account_settle,
	.rehearse = bpf_oom_rehearse,
};

static int __init bpf_oom_init(void)
{
	int ret;

	bpf_oom_hook_init(&hook_user);
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
	/* First the type that checks our BTF. No program can use it before we return. */
	ret = bpf_oom_ops_init();
	ret = ret ?: bpf_psi_ops_init();
	ret = ret ?: bpf_oom_kfuncs_init();
	ret = ret ?: bpf_oom_memcg_kfuncs_init();
	/* Last: a process may open the device at once, so nothing may fail after this. */
	ret = ret ?: bpf_oom_device_init(&device_user);
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
 * The struct_ops types and the kfuncs are not unregistered: each map and program that
 * uses them pins this module, and they go away with its BTF.
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
