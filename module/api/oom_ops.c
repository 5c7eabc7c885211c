// SPDX-License-Identifier: GPL-2.0-only
/*
 * The struct_ops type bpf_oom_ops
 */
#define pr_fmt(fmt) "bpf_oom: " fmt

#include <linux/bpf.h>
#include <linux/bpf_verifier.h>
#include <linux/btf.h>
#include <linux/module.h>

#include "api/deny.h"
#include "api/oom_ops.h"
#include "api/struct_ops.h"
#include "memcg.h"
#include "policy/attach.h"

static bool bpf_oom_ops_is_valid_access(int off, int size,
					enum bpf_access_type type,
					const struct bpf_prog *prog,
					struct bpf_insn_access_aux *info)
{
	return bpf_tracing_btf_ctx_access(off, size, type, prog, info);
}

static int check_program(const struct bpf_prog *prog, bool sleepable)
{
	if (prog->sleepable != sleepable)
		return -EINVAL;
	/* Its lock may be held by a task that allocates in it, or by a page fault. */
	if (prog->aux->arena) {
		pr_warn_ratelimited("a policy cannot use an arena\n");
		return -EINVAL;
	}
	return bpf_oom_check_kfuncs(prog);
}

static const struct bpf_verifier_ops bpf_oom_ops_verifier_ops = {
	.get_func_proto = bpf_oom_get_func_proto,
	.is_valid_access = bpf_oom_ops_is_valid_access,
};

static int bpf_oom_ops_check_member(const struct btf_type *t,
				    const struct btf_member *member,
				    const struct bpf_prog *prog)
{
	u32 moff = __btf_member_bit_offset(t, member) / 8;

	switch (moff) {
	case offsetof(struct bpf_oom_ops, handle_out_of_memory):
		/* bpf_oom_kill_process() sleeps. */
		return check_program(prog, true);
	case offsetof(struct bpf_oom_ops, evaluate_task):
		/* The kernel scans under RCU. */
		return check_program(prog, false);
	case offsetof(struct bpf_oom_ops, handle_cgroup_offline):
		return check_program(prog, true);
	}
	return -EINVAL;
}

#define ATTACH_FLAGS \
	((u64)(BPF_OOM_F_BEFORE | BPF_OOM_F_DRY_RUN | BPF_OOM_F_REHEARSAL))

/* Returns 1: member copied; 0: left to the BPF core, which accepts only zeroes. */
static int bpf_oom_ops_init_member(const struct btf_type *t,
				   const struct btf_member *member,
				   void *kdata, const void *udata)
{
	u32 moff = __btf_member_bit_offset(t, member) / 8;
	const struct bpf_oom_ops *uops = udata;
	struct bpf_oom_ops *ops = kdata;

	switch (moff) {
	case offsetof(struct bpf_oom_ops, name):
		return bpf_oom_init_name(ops->name, uops->name);
	case offsetof(struct bpf_oom_ops, cgroup_id):
		ops->cgroup_id = uops->cgroup_id;
		return 1;
	case offsetof(struct bpf_oom_ops, breaker_kills):
		ops->breaker_kills = uops->breaker_kills;
		return 1;
	case offsetof(struct bpf_oom_ops, breaker_failures):
		ops->breaker_failures = uops->breaker_failures;
		return 1;
	case offsetof(struct bpf_oom_ops, breaker_ms):
		ops->breaker_ms = uops->breaker_ms;
		return 1;
	case offsetof(struct bpf_oom_ops, flags):
		if (uops->flags & ~ATTACH_FLAGS) {
			pr_warn_ratelimited("policy %.63s: unknown flags %#llx\n",
					    uops->name, uops->flags);
			return -EINVAL;
		}
		ops->flags = uops->flags;
		return 1;
	}
	return 0;
}

/* check_member() is not called for a callback that is missing. */
static int bpf_oom_ops_validate(void *kdata)
{
	struct bpf_oom_ops *ops = kdata;

	if (!ops->handle_out_of_memory && !ops->evaluate_task) {
		pr_warn_ratelimited("policy %s has neither handle_out_of_memory nor evaluate_task\n",
				    ops->name);
		return -EINVAL;
	}
	return 0;
}

static int bpf_oom_ops_reg(void *kdata, struct bpf_link *link)
{
	return bpf_oom_attach(kdata, link);
}

static int bpf_oom_ops_update(void *kdata, void *old_kdata,
			      struct bpf_link *link)
{
	return bpf_oom_update(kdata, old_kdata);
}

static void bpf_oom_ops_unreg(void *kdata, struct bpf_link *link)
{
	bpf_oom_detach(kdata, link);
}

/**
 * struct oom_control__safe_trusted_or_null - fields that a program can trust
 * @memcg: set by the caller of out_of_memory(), which holds a reference until that
 *	returns; NULL in a global OOM
 *
 * Programs get their oom_control from this module, so the verifier looks in our BTF for
 * a type of this name, which lists members that are trusted pointers. It makes handlers
 * able to pass oc->memcg to kfuncs, as those of the posted series do.
 */
struct oom_control__safe_trusted_or_null {
	struct mem_cgroup *memcg;
};

/* The suffix __nullable of a parameter tells the verifier that it may be NULL. */
static int bpf_oom_ops__handle_out_of_memory(struct oom_control *oc,
					     struct cgroup *cgrp,
					     struct mem_cgroup *memcg__nullable)
{
	return 0;
}

static int bpf_oom_ops__evaluate_task(struct task_struct *task,
				      struct oom_control *oc)
{
	return NO_BPF_POLICY;
}

static void bpf_oom_ops__handle_cgroup_offline(__u64 cgroup_id)
{
}

static struct bpf_oom_ops bpf_oom_ops_stubs = {
	.handle_out_of_memory = bpf_oom_ops__handle_out_of_memory,
	.evaluate_task = bpf_oom_ops__evaluate_task,
	.handle_cgroup_offline = bpf_oom_ops__handle_cgroup_offline,
};

static struct bpf_struct_ops bpf_oom_struct_ops = {
	.verifier_ops = &bpf_oom_ops_verifier_ops,
	.init = bpf_oom_init_btf,
	.check_member = bpf_oom_ops_check_member,
	.init_member = bpf_oom_ops_init_member,
	.validate = bpf_oom_ops_validate,
	.reg = bpf_oom_ops_reg,
	.unreg = bpf_oom_ops_unreg,
	.update = bpf_oom_ops_update,
	.cfi_stubs = &bpf_oom_ops_stubs,
	.name = "bpf_oom_ops",
	.owner = THIS_MODULE,
};

/**
 * bpf_oom_ops_init() - register the struct_ops type
 *
 * Context: module init.
 * Return: 0 or an error.
 */
int bpf_oom_ops_init(void)
{
	int ret;

	BTF_TYPE_EMIT(struct oom_control__safe_trusted_or_null);
	ret = register_bpf_struct_ops(&bpf_oom_struct_ops, bpf_oom_ops);
	return bpf_oom_check_registered(ret);
}
