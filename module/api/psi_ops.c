// SPDX-License-Identifier: GPL-2.0-only
/*
 * The struct_ops type bpf_psi_ops
 */
#define pr_fmt(fmt) "bpf_oom: " fmt

#include <linux/bpf.h>
#include <linux/bpf_verifier.h>
#include <linux/btf.h>
#include <linux/module.h>

#include "api/deny.h"
#include "api/psi_ops.h"
#include "api/struct_ops.h"
#include "psi/psi.h"

static bool bpf_psi_ops_is_valid_access(int off, int size,
					enum bpf_access_type type,
					const struct bpf_prog *prog,
					struct bpf_insn_access_aux *info)
{
	return bpf_tracing_btf_ctx_access(off, size, type, prog, info);
}

static const struct bpf_verifier_ops bpf_psi_ops_verifier_ops = {
	.get_func_proto = bpf_psi_get_func_proto,
	.is_valid_access = bpf_psi_ops_is_valid_access,
};

static int bpf_psi_ops_check_member(const struct btf_type *t,
				    const struct btf_member *member,
				    const struct bpf_prog *prog)
{
	u32 moff = __btf_member_bit_offset(t, member) / 8;

	switch (moff) {
	case offsetof(struct bpf_psi_ops, init):
	case offsetof(struct bpf_psi_ops, handle_psi_event):
	case offsetof(struct bpf_psi_ops, handle_cgroup_online):
	case offsetof(struct bpf_psi_ops, handle_cgroup_offline):
		/* Both kfuncs for pressure policies sleep. */
		return prog->sleepable ? bpf_oom_check_kfuncs(prog) : -EINVAL;
	}
	return -EINVAL;
}

/* Returns 1: member copied; 0: left to the BPF core, which accepts only zeroes. */
static int bpf_psi_ops_init_member(const struct btf_type *t,
				   const struct btf_member *member,
				   void *kdata, const void *udata)
{
	u32 moff = __btf_member_bit_offset(t, member) / 8;
	const struct bpf_psi_ops *uops = udata;
	struct bpf_psi_ops *ops = kdata;

	switch (moff) {
	case offsetof(struct bpf_psi_ops, name):
		return bpf_oom_init_name(ops->name, uops->name);
	}
	return 0;
}

/* check_member() is not called for a callback that is missing. */
static int bpf_psi_ops_validate(void *kdata)
{
	struct bpf_psi_ops *ops = kdata;

	if (!ops->handle_psi_event) {
		pr_warn_ratelimited("policy %s has no handle_psi_event\n",
				    ops->name);
		return -EINVAL;
	}
	return 0;
}

static int bpf_psi_ops_reg(void *kdata, struct bpf_link *link)
{
	return bpf_psi_attach(kdata);
}

static void bpf_psi_ops_unreg(void *kdata, struct bpf_link *link)
{
	bpf_psi_detach(kdata);
}

static int bpf_psi_ops__init(struct bpf_psi *psi)
{
	return 0;
}

static void bpf_psi_ops__handle_psi_event(struct bpf_psi *psi,
					  struct bpf_psi_trigger *trigger)
{
}

static void bpf_psi_ops__handle_cgroup_online(struct bpf_psi *psi,
					      __u64 cgroup_id)
{
}

static void bpf_psi_ops__handle_cgroup_offline(struct bpf_psi *psi,
					       __u64 cgroup_id)
{
}

static struct bpf_psi_ops bpf_psi_ops_stubs = {
	.init = bpf_psi_ops__init,
	.handle_psi_event = bpf_psi_ops__handle_psi_event,
	.handle_cgroup_online = bpf_psi_ops__handle_cgroup_online,
	.handle_cgroup_offline = bpf_psi_ops__handle_cgroup_offline,
};

static struct bpf_struct_ops bpf_psi_struct_ops = {
	.verifier_ops = &bpf_psi_ops_verifier_ops,
	.init = bpf_oom_init_btf,
	.check_member = bpf_psi_ops_check_member,
	.init_member = bpf_psi_ops_init_member,
	.validate = bpf_psi_ops_validate,
	.reg = bpf_psi_ops_reg,
	.unreg = bpf_psi_ops_unreg,
	.cfi_stubs = &bpf_psi_ops_stubs,
	.name = "bpf_psi_ops",
	.owner = THIS_MODULE,
};

/**
 * bpf_psi_ops_init() - register the struct_ops type
 *
 * Context: module init.
 * Return: 0 or an error.
 */
int bpf_psi_ops_init(void)
{
	int ret = register_bpf_struct_ops(&bpf_psi_struct_ops, bpf_psi_ops);

	return bpf_oom_check_registered(ret);
}
