/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For policies that were written for one of the posted BPF OOM series
 *
 * Included after common.bpf.h. What has changed between them is how a callback is
 * declared, and some kfuncs; the macros here declare it as that series did. What
 * need not change at all: what a handler does with oc, oc->memcg included, which is
 * trusted after a test for NULL; names and arguments of bpf_oom_kill_process(),
 * bpf_task_is_oom_victim() and the memcg kfuncs of 7.0.
 *
 * What a macro cannot bring:
 * - A series that attaches to a cgroup by a file descriptor, in the loader, gets the
 *   cgroup here from bpf_oom_ops.cgroup_id, or from bpfoom attach --cgroup.
 * - A text that is not a constant, for bpf_out_of_memory() and
 *   bpf_oom_kill_process(). The verifier wants it in read-only data.
 * - bpf_psi_ops had no name: BPF_PSI_OPS(name, ...) defines the policy with one.
 * - bpf_oom_kill_process() refuses more: -EPERM for an oom_score_adj of -1000, -EXDEV
 *   for a task outside the domain of the OOM. -EAGAIN is no failure: memory has come
 *   back. A handler that has killed has handled the OOM, whatever it returns.
 * - A program of v3 that reads psi_group in the tracepoint psi_avgs_work, which
 *   released kernels do not have: it becomes a handle_psi_event.
 */
#ifndef _BPF_OOM_COMPAT_BPF_H
#define _BPF_OOM_COMPAT_BPF_H

#define BPF_OOM_COMPAT_SEC SEC("struct_ops.s/handle_out_of_memory")

struct bpf_oom_compat_text {
	const char *text;
};

static __always_inline const char *bpf_oom_compat_text(struct bpf_oom_compat_text t)
{
	return t.text ? t.text : "";
}

/*
 * In v1 and v2 the text could be NULL, in v3 and later there is none. The flag of v1
 * was a bool; true is BPF_OOM_FLAGS_WAIT_ON_OOM_LOCK.
 */
#define bpf_out_of_memory(memcg, order, flags, ...)			\
	bpf_out_of_memory(memcg, order, flags,				\
			  bpf_oom_compat_text((struct bpf_oom_compat_text){ __VA_ARGS__ }))

/* What fires was a struct psi_trigger in v1 and v2. */
#define psi_trigger bpf_psi_trigger

/*
 * v1, August 2025: handle_out_of_memory(oc). Loads as it is. The rest of it:
 */

/* Had another name in v1 and v2. */
#define bpf_mem_cgroup_events(memcg, event) bpf_mem_cgroup_vm_events(memcg, event)

/* Was in pages in v1. */
#define bpf_mem_cgroup_usage_v1(memcg) (bpf_mem_cgroup_usage(memcg) / 4096)

/*
 * Its pressure policies: handle_psi_event(trigger) and handle_cgroup_free(cgroup_id).
 */

/**
 * BPF_PSI_EVENT_V1() - in place of SEC() and BPF_PROG() of handle_psi_event
 * @prog: name of the program
 *
 * Followed by the argument, a struct psi_trigger *.
 */
#define BPF_PSI_EVENT_V1(prog, ...)					\
	static __always_inline void v1_##prog(__VA_ARGS__);		\
	SEC("struct_ops.s/handle_psi_event")				\
	void BPF_PROG(prog, struct bpf_psi *prog##_psi,			\
		      struct bpf_psi_trigger *prog##_trigger)		\
	{								\
		v1_##prog(prog##_trigger);				\
	}								\
	static __always_inline void v1_##prog(__VA_ARGS__)

/**
 * BPF_PSI_FREE_V1() - in place of SEC() and BPF_PROG() of handle_cgroup_free
 * @prog: name of the program, which is the handle_cgroup_offline of the policy
 *
 * Followed by the argument, a u64. Called once for each cgroup that the policy had
 * triggers for.
 */
#define BPF_PSI_FREE_V1(prog, ...)					\
	static __always_inline void v1_##prog(__VA_ARGS__);		\
	SEC("struct_ops.s/handle_cgroup_offline")			\
	void BPF_PROG(prog, struct bpf_psi *prog##_psi, u64 prog##_id)	\
	{								\
		v1_##prog(prog##_id);					\
	}								\
	static __always_inline void v1_##prog(__VA_ARGS__)

/*
 * v2, October 2025: handle_out_of_memory(ctx, oc) and
 * handle_cgroup_offline(ctx, cgroup_id). Pressure policies load as they are, with a
 * name.
 */

/**
 * struct bpf_oom_ctx - what v2 tells of the attachment
 * @cgroup_id: of its cgroup, 0: system-wide
 */
struct bpf_oom_ctx {
	__u64 cgroup_id;
};

/**
 * BPF_OOM_HANDLER_V2() - in place of SEC() and BPF_PROG() of handle_out_of_memory
 * @prog: name of the program
 *
 * Followed by the arguments, a struct bpf_oom_ctx * and a struct oom_control *.
 */
#define BPF_OOM_HANDLER_V2(prog, ...)					\
	static __always_inline int v2_##prog(__VA_ARGS__);		\
	BPF_OOM_COMPAT_SEC						\
	int BPF_PROG(prog, struct oom_control *prog##_oc,		\
		     struct cgroup *prog##_cgrp)			\
	{								\
		struct bpf_oom_ctx prog##_ctx = {			\
			.cgroup_id = prog##_cgrp->level ?		\
				prog##_cgrp->kn->id : 0,		\
		};							\
									\
		return v2_##prog(&prog##_ctx, prog##_oc);		\
	}								\
	static __always_inline int v2_##prog(__VA_ARGS__)

/**
 * BPF_OOM_OFFLINE_V2() - in place of SEC() and BPF_PROG() of handle_cgroup_offline
 * @prog: name of the program
 *
 * Followed by the arguments, a struct bpf_oom_ctx * and a u64. Unlike in v2 the
 * attachment ends after it.
 */
#define BPF_OOM_OFFLINE_V2(prog, ...)					\
	static __always_inline void v2_##prog(__VA_ARGS__);		\
	SEC("struct_ops.s/handle_cgroup_offline")			\
	void BPF_PROG(prog, u64 prog##_cgroup_id)			\
	{								\
		struct bpf_oom_ctx prog##_ctx = { prog##_cgroup_id };	\
									\
		v2_##prog(&prog##_ctx, prog##_cgroup_id);		\
	}								\
	static __always_inline void v2_##prog(__VA_ARGS__)

/*
 * v3, January 2026: handle_out_of_memory(oc, st_link)
 */

/**
 * struct bpf_oom_link_v3 - what v3 policies use of struct bpf_struct_ops_link
 * @cgroup: that of the attachment
 */
struct bpf_oom_link_v3 {
	struct cgroup *cgroup;
};

/**
 * BPF_OOM_HANDLER_V3() - in place of SEC() and BPF_PROG() of handle_out_of_memory
 * @prog: name of the program
 *
 * Followed by the arguments, a struct oom_control * and, in place of the
 * struct bpf_struct_ops_link *, a struct bpf_oom_link_v3 *.
 */
#define BPF_OOM_HANDLER_V3(prog, ...)					\
	static __always_inline int v3_##prog(__VA_ARGS__);		\
	BPF_OOM_COMPAT_SEC						\
	int BPF_PROG(prog, struct oom_control *prog##_oc,		\
		     struct cgroup *prog##_cgrp)			\
	{								\
		struct bpf_oom_link_v3 prog##_link = { prog##_cgrp };	\
									\
		return v3_##prog(prog##_oc, &prog##_link);		\
	}								\
	static __always_inline int v3_##prog(__VA_ARGS__)

/*
 * The author's branch of 2026: handle_out_of_memory(oc, cgrp). Loads as it is.
 */

/*
 * The per-task series, August 2023: fmod_ret on bpf_oom_evaluate_task(task, oc).
 * Verdicts have the names they had, and oc->chosen is what has been selected so far.
 * Here it is asked only about tasks that can be killed, and not about a victim on
 * its way out, which ends the scan. The policy's name is bpf_oom_ops.name.
 */

/**
 * BPF_OOM_EVALUATE_2023() - in place of SEC("fmod_ret/bpf_oom_evaluate_task") and
 *	BPF_PROG()
 * @prog: name of the program
 *
 * Followed by the arguments, a struct task_struct * and a struct oom_control *.
 */
#define BPF_OOM_EVALUATE_2023(prog, ...)				\
	SEC("struct_ops/evaluate_task")					\
	int BPF_PROG(prog, __VA_ARGS__)

#endif /* _BPF_OOM_COMPAT_BPF_H */
