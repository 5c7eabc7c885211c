// SPDX-License-Identifier: GPL-2.0-only
/*
 * Helpers and kfuncs that programs of policies must not call
 *
 * A policy of either kind must not send signals: kills go through
 * bpf_oom_kill_process(), which has the checks, the record and the breaker.
 *
 * OOM policies run under oom_lock, and under PF_MEMALLOC so that nothing that they call
 * waits for memory. A lock that an allocating task may hold (the mmap lock above all)
 * could make them wait for ever, and their allocations come out of the reserves.
 */
#define pr_fmt(fmt) "bpf_oom: " fmt

#include <linux/bpf.h>
#include <linux/mutex.h>

#include "api/deny.h"
#include "api/struct_ops.h"
#include "compat.h"

/**
 * struct denied - a denied kfunc, which the kernel itself may have
 * @name: its name
 * @psi: it is denied to pressure policies, too
 * @id: its id in the kernel's BTF; 0 or negative if this kernel does not have it
 */
struct denied {
	const char *name;
	bool psi;
	s32 id;
};

static struct denied denied[] = {
	{ .name = "bpf_copy_from_user_task_str" },
	{ .name = "bpf_copy_from_user_task_dynptr" },
	{ .name = "bpf_copy_from_user_task_str_dynptr" },
	/* Reads from disk into newly allocated pages. */
	{ .name = "bpf_dynptr_from_file" },
	{ .name = "bpf_iter_dmabuf_new" },
	{ .name = "bpf_iter_kmem_cache_new" },
	{ .name = "bpf_lookup_user_key" },
	{ .name = "bpf_send_signal_task", .psi = true },
	{ .name = "bpf_verify_pkcs7_signature" },
};

/**
 * bpf_oom_deny_init() - look up the kfuncs that are denied
 *
 * Context: module init, before a struct_ops type is registered.
 */
void bpf_oom_deny_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(denied); i++)
		denied[i].id = compat_kfunc_id(denied[i].name);
	if (!compat_finds_kfuncs())
		pr_warn("this kernel does not tell modules its kfuncs: policies can call some that they must not, like bpf_send_signal_task()\n");
}

static const struct denied *find_denied(const struct bpf_insn *insn)
{
	int i;

	if (insn->code != (BPF_JMP | BPF_CALL) || insn->off ||
	    insn->src_reg != BPF_PSEUDO_KFUNC_CALL)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(denied); i++) {
		if (denied[i].id > 0 && insn->imm == denied[i].id)
			return &denied[i];
	}
	return NULL;
}

/**
 * bpf_oom_check_kfuncs() - refuse a program that calls a denied kfunc
 * @prog: a program for one of our struct_ops types, not verified yet
 *
 * Context: bpf_struct_ops.check_member.
 * Return: 0 or -EACCES.
 */
int bpf_oom_check_kfuncs(const struct bpf_prog *prog)
{
	bool psi = bpf_psi_ops_owns(prog);
	const struct denied *d;
	u32 i;

	for (i = 0; i < prog->len; i++) {
		d = find_denied(&prog->insnsi[i]);
		if (!d || (psi && !d->psi))
			continue;
		pr_warn_ratelimited("a policy cannot call %s()\n", d->name);
		return -EACCES;
	}
	return 0;
}

/**
 * bpf_psi_get_func_proto() - the helpers that pressure policies may call
 * @func_id: the helper
 * @prog: the program
 *
 * Context: bpf_verifier_ops.get_func_proto.
 * Return: the helper, NULL for one that is denied.
 */
const struct bpf_func_proto *
bpf_psi_get_func_proto(enum bpf_func_id func_id, const struct bpf_prog *prog)
{
	switch (func_id) {
	case BPF_FUNC_send_signal:
	case BPF_FUNC_send_signal_thread:
		return NULL;
	default:
		return bpf_base_func_proto(func_id, prog);
	}
}

/*
 * The helpers for local storage create it on BPF_LOCAL_STORAGE_GET_F_CREATE, in 6.12 by
 * an allocation that may sleep. Our replacements only look it up.
 */
static struct bpf_func_proto find_task_storage_proto, find_cgrp_storage_proto;
static const struct bpf_func_proto *task_storage_proto, *cgrp_storage_proto;

/* Protects them while they are set: the first program that is verified does that. */
static DEFINE_MUTEX(storage_mutex);

static u64 find_task_storage(u64 map, u64 task, u64 value, u64 flags, u64 gfp)
{
	return task_storage_proto->func(map, task, value,
					flags & ~(u64)BPF_LOCAL_STORAGE_GET_F_CREATE,
					gfp);
}

static u64 find_cgrp_storage(u64 map, u64 cgrp, u64 value, u64 flags, u64 gfp)
{
	return cgrp_storage_proto->func(map, cgrp, value,
					flags & ~(u64)BPF_LOCAL_STORAGE_GET_F_CREATE,
					gfp);
}

static const struct bpf_func_proto *
find_only(struct bpf_func_proto *ours, const struct bpf_func_proto **kernels,
	  const struct bpf_func_proto *proto,
	  u64 (*func)(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5))
{
	if (!proto)
		return NULL;
	mutex_lock(&storage_mutex);
	if (!*kernels) {
		*kernels = proto;
		*ours = *proto;
		ours->func = func;
	}
	mutex_unlock(&storage_mutex);
	return ours;
}

/**
 * bpf_oom_get_func_proto() - the helpers that OOM policies may call
 * @func_id: the helper
 * @prog: the program
 *
 * Context: bpf_verifier_ops.get_func_proto.
 * Return: the helper, or our replacement of it; NULL for one that is denied.
 */
const struct bpf_func_proto *
bpf_oom_get_func_proto(enum bpf_func_id func_id, const struct bpf_prog *prog)
{
	switch (func_id) {
	case BPF_FUNC_copy_from_user_task:
	case BPF_FUNC_get_task_stack:
		return NULL;
	case BPF_FUNC_task_storage_get:
		return find_only(&find_task_storage_proto, &task_storage_proto,
				 bpf_base_func_proto(func_id, prog),
				 find_task_storage);
	case BPF_FUNC_cgrp_storage_get:
		return find_only(&find_cgrp_storage_proto, &cgrp_storage_proto,
				 bpf_base_func_proto(func_id, prog),
				 find_cgrp_storage);
	default:
		return bpf_psi_get_func_proto(func_id, prog);
	}
}
