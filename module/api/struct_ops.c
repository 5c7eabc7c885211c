// SPDX-License-Identifier: GPL-2.0-only
/*
 * Common parts of this module's struct_ops types
 *
 * No function that finds a BTF type or function by its name is exported to modules. So
 * the two types are told apart by the offset of their last member (bpf_oom_ops.flags or
 * bpf_psi_ops.name), see is_for(), and kfuncs by their BTF ids, see bpf_oom_kfunc_in().
 */
#define pr_fmt(fmt) "bpf_oom: " fmt

#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/ctype.h>
#include <linux/memcontrol.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#include <bpf_oom/oom.h>
#include <bpf_oom/psi.h>

#include "api/struct_ops.h"
#include "memcg.h"

/* This module's BTF: set when a type is registered, lives as long as the module. */
static const struct btf *module_btf;

/*
 * If the kernel build does not deduplicate the BTF of modules, ours has a task_struct of
 * its own, and the verifier accepts no kernel pointer for it. Detected by size: none of
 * our own types has exactly the size of one of these.
 */
static bool is_core_type(const struct btf_type *t)
{
	return BTF_INFO_KIND(t->info) == BTF_KIND_STRUCT &&
	       (t->size == sizeof(struct task_struct) ||
		t->size == sizeof(struct cgroup) ||
		(IS_ENABLED(CONFIG_MEMCG) &&
		 t->size == sizeof(struct mem_cgroup)));
}

/* The types of vmlinux come first and are contiguous in memory, ours are elsewhere. */
static bool has_private_core_types(const struct btf *btf)
{
	const struct btf_type *t, *prev = NULL;
	bool ours = false;
	u32 id;

	for (id = 1; (t = btf_type_by_id(btf, id)); id++) {
		if (prev && (t < prev || (void *)t - (void *)prev > SZ_1M))
			ours = true;
		if (ours && is_core_type(t))
			return true;
		prev = t;
	}
	return false;
}

/**
 * bpf_oom_init_btf() - remember and check this module's BTF
 * @btf: the argument of bpf_struct_ops.init
 *
 * Context: module init.
 * Return: 0, or -ENOEXEC for BTF with which no policy would load.
 */
int bpf_oom_init_btf(struct btf *btf)
{
	if (module_btf)
		return 0;
	if (has_private_core_types(btf)) {
		pr_err("this module's BTF has core types of its own: the kernel build did not deduplicate it, use another kernel\n");
		return -ENOEXEC;
	}
	module_btf = btf;
	return 0;
}

/**
 * bpf_oom_check_registered() - has a struct_ops type been registered?
 * @ret: the return value of register_bpf_struct_ops()
 *
 * For a module without BTF that function registers nothing and returns 0.
 *
 * Context: module init.
 * Return: 0 or an error.
 */
int bpf_oom_check_registered(int ret)
{
	if (ret || module_btf)
		return ret;
	pr_err("this module was built without BTF: the kernel headers lack vmlinux, or pahole was missing\n");
	return -ENOEXEC;
}

static const struct btf_type *ops_type(const struct bpf_prog *prog)
{
	if (!module_btf || prog->type != BPF_PROG_TYPE_STRUCT_OPS ||
	    prog->aux->attach_btf != module_btf)
		return NULL;
	return btf_type_by_id(module_btf, prog->aux->attach_btf_id);
}

/* Compares the offset of the type's last member with @last: our types differ in it. */
static bool is_for(const struct bpf_prog *prog, size_t last)
{
	const struct btf_type *t = ops_type(prog);

	BUILD_BUG_ON(offsetofend(struct bpf_oom_ops, flags) !=
		     sizeof(struct bpf_oom_ops));
	BUILD_BUG_ON(offsetofend(struct bpf_psi_ops, name) !=
		     sizeof(struct bpf_psi_ops));
	BUILD_BUG_ON(offsetof(struct bpf_oom_ops, flags) ==
		     offsetof(struct bpf_psi_ops, name));
	return t && __btf_member_bit_offset(t, btf_type_member(t) +
					    btf_type_vlen(t) - 1) / 8 == last;
}

/**
 * bpf_oom_ops_owns() - is this the program of an OOM policy?
 * @prog: a program that is being verified
 *
 * Context: any.
 * Return: true if so.
 */
bool bpf_oom_ops_owns(const struct bpf_prog *prog)
{
	return is_for(prog, offsetof(struct bpf_oom_ops, flags));
}

/**
 * bpf_psi_ops_owns() - is this the program of a pressure policy?
 * @prog: a program that is being verified
 *
 * Context: any.
 * Return: true if so.
 */
bool bpf_psi_ops_owns(const struct bpf_prog *prog)
{
	return is_for(prog, offsetof(struct bpf_psi_ops, name));
}

/**
 * bpf_oom_prog_callback() - which callback is this program?
 * @prog: a program for one of our struct_ops types
 *
 * Context: any.
 * Return: the offset of the member, -1 if there is no such member.
 */
int bpf_oom_prog_callback(const struct bpf_prog *prog)
{
	const struct btf_type *t = ops_type(prog);

	if (!t || prog->expected_attach_type >= btf_type_vlen(t))
		return -1;
	return __btf_member_bit_offset(t, btf_type_member(t) +
				       prog->expected_attach_type) / 8;
}

/* BTF ids of our struct_ops types at build time */
BTF_ID_LIST(built_type_ids)
BTF_ID(struct, bpf_oom_ops)
BTF_ID(struct, bpf_psi_ops)

/**
 * bpf_oom_kfunc_in() - does this program call one of these kfuncs?
 * @prog: a program that is being verified
 * @kfunc_id: BTF id of the kfunc that it calls, as in the loaded module
 * @set: kfuncs of this module, a BTF_SET_START() with ids of the build
 *
 * A module that is built outside of the kernel's tree carries the part of the kernel's
 * BTF that it needs, and its own ids follow that part. At load they follow the whole of
 * the kernel's BTF, so all of them grow by the same amount. The id of the program's
 * struct_ops type is known for both, and gives the difference.
 *
 * Context: any.
 * Return: true if so; false also for the programs of other struct_ops types.
 */
bool bpf_oom_kfunc_in(const struct bpf_prog *prog, u32 kfunc_id,
		      const struct btf_id_set *set)
{
	u32 built, i;

	if (bpf_oom_ops_owns(prog))
		built = built_type_ids[0];
	else if (bpf_psi_ops_owns(prog))
		built = built_type_ids[1];
	else
		return false;
	kfunc_id -= prog->aux->attach_btf_id - built;
	for (i = 0; i < set->cnt; i++) {
		if (set->ids[i] == kfunc_id)
			return true;
	}
	return false;
}

/**
 * bpf_oom_init_name() - check and copy a policy's name
 * @name: the destination, zeroed
 * @uname: the name from user space
 *
 * Both have BPF_OOM_NAME_MAX_LEN bytes.
 *
 * Context: bpf_struct_ops.init_member.
 * Return: 1 for "done", or -EINVAL for a name that is empty, not terminated, or
 * would break a log line.
 */
int bpf_oom_init_name(char *name, const char *uname)
{
	size_t len = strnlen(uname, BPF_OOM_NAME_MAX_LEN), i;

	if (!len || len == BPF_OOM_NAME_MAX_LEN) {
		pr_warn_ratelimited("a policy needs a name of 1 to %d characters\n",
				    BPF_OOM_NAME_MAX_LEN - 1);
		return -EINVAL;
	}
	for (i = 0; i < len; i++) {
		if (!isgraph(uname[i]) || uname[i] == ',') {
			pr_warn_ratelimited("a policy's name must be of printable characters without space and comma\n");
			return -EINVAL;
		}
	}
	memcpy(name, uname, len);
	return 1;
}
