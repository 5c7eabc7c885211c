// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the struct_ops types of this module have in common
 *
 * A module can call nothing that finds a BTF type or function by its name. Types are
 * told apart by the offset of their last member, see is_for(), kfuncs by
 * their ids in lists of our own, see bpf_oom_kfunc_in().
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

/* This module's BTF: set when a type is registered, lives as long as we do. */
static const struct btf *module_btf;

/*
 * A kernel build whose modules' BTF was not deduplicated gives us a task_struct
 * of our own, which no pointer from the kernel is accepted for. None of our
 * types is as large as the kernel's, to the byte.
 */
static bool is_core_type(const struct btf_type *t)
{
	return BTF_INFO_KIND(t->info) == BTF_KIND_STRUCT &&
	       (t->size == sizeof(struct task_struct) ||
		t->size == sizeof(struct cgroup) ||
		(IS_ENABLED(CONFIG_MEMCG) &&
		 t->size == sizeof(struct mem_cgroup)));
}

/* The types of vmlinux come first and stand in one piece, ours elsewhere. */
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
 * bpf_oom_init_btf() - get to know this module's BTF
 * @btf: what the struct_ops core gives to bpf_struct_ops.init
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
 * @ret: what register_bpf_struct_ops() returned
 *
 * A module without BTF registers nothing and is told that all went well.
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

/* By the offset of the last member, in which our types differ. */
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

/* Our struct_ops types, as the build has numbered them. */
BTF_ID_LIST(built_type_ids)
BTF_ID(struct, bpf_oom_ops)
BTF_ID(struct, bpf_psi_ops)

/**
 * bpf_oom_kfunc_in() - does this program call one of these kfuncs?
 * @prog: a program that is being verified
 * @kfunc_id: what it calls, as its loader and the verifier number it
 * @set: kfuncs of this module, a BTF_SET_START() as the build has numbered it
 *
 * A module built outside of the kernel's tree carries the part of the kernel's BTF
 * that it needs, and is numbered after that. Loading puts it behind the whole of the
 * kernel's BTF, so that all numbers of ours grow by the same amount. That of the
 * program's struct_ops type is known before and after.
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
 * bpf_oom_init_name() - take over a policy's name
 * @name: where to, zeroed
 * @uname: what user space gave
 *
 * Both have room for BPF_OOM_NAME_MAX_LEN characters.
 *
 * Context: bpf_struct_ops.init_member.
 * Return: 1 for "done", or -EINVAL for a name that is empty, has no end, or
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
