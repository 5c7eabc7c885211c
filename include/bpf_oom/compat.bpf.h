/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For policies that were written for one of the posted BPF OOM series
 *
 * To be included after common.bpf.h. The series differ in how a callback is declared,
 * and in some kfuncs; the macros here declare them as the respective series did. Not
 * affected: the use of oc in a handler, including oc->memcg, which is trusted after a
 * check for NULL; names and arguments of bpf_oom_kill_process(),
 * bpf_task_is_oom_victim() and the memcg kfuncs of 7.0.
 *
 * Macros cannot help with these differences:
 * - Where the loader of a series attaches to a cgroup by a file descriptor, the cgroup
 *   here comes from bpf_oom_ops.cgroup_id, or from bpfoom attach --cgroup.
 * - bpf_out_of_memory() and bpf_oom_kill_process() take constant texts only: the
 *   verifier requires them to be in read-only data.
 * - bpf_psi_ops had no name: BPF_PSI_OPS(name, ...) defines the policy with one.
 * - bpf_oom_kill_process() refuses more: -EPERM for an oom_score_adj of -1000, -EXDEV
 *   for a task outside the domain of the OOM. -EAGAIN is no failure: memory has come
 *   back. A handler that has killed has handled the OOM, whatever it returns.
 * - A program of v3 that reads psi_group in the tracepoint psi_avgs_work must become a
 *   handle_psi_event: released kernels do not have that tracepoint.
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
 * In v1 and v2 the text could be NULL, in v3 and later there is no text. The flags of v1
 * were a bool; true has the value of BPF_OOM_FLAGS_WAIT_ON_OOM_LOCK.
 */
#define bpf_out_of_memory(memcg, order, flags, ...)			\
	bpf_out_of_memory(memcg, order, flags,				\
			  bpf_oom_compat_text((struct bpf_oom_compat_text){ __VA_ARGS__ }))

/* v1 and v2 passed a struct psi_trigger to handle_psi_event. */
#define psi_trigger bpf_psi_trigger

/*
 * v1, August 2025: handle_out_of_memory(oc). Loads as it is. Other differences of v1:
 */

/* v1 and v2 had another name for it. */
#define bpf_mem_cgroup_events(memcg, event) bpf_mem_cgroup_vm_events(memcg, event)

/* In v1 the unit was pages. */
#define bpf_mem_cgroup_usage_v1(memcg) (bpf_mem_cgroup_usage(memcg) / 4096)

/*
 * Pressure policies of v1: handle_psi_event(trigger), handle_cgroup_free(cgroup_id)
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
 * Followed by the argument, a u64. Called once for each cgroup for which the policy had
 * triggers.
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
 * struct bpf_oom_ctx - the attachment, as v2 passes it to programs
 * @cgroup_id: id of its cgroup; 0: system-wide
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
 * Followed by the arguments, a struct bpf_oom_ctx * and a u64. Unlike in v2, the
 * attachment ends when it returns.
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
 * struct bpf_oom_link_v3 - the part of struct bpf_struct_ops_link that v3 policies use
 * @cgroup: cgroup of the attachment
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
 * The names of the verdicts are the same, and oc->chosen is the task selected so far.
 * Unlike there, the program is called only for tasks that can be killed, and not for a
 * victim on its way out, which ends the scan. The policy's name is bpf_oom_ops.name.
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
