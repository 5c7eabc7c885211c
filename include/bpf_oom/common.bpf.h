/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Common declarations for BPF programs of policies; to be included first
 *
 * The kfuncs are weak, so that a policy can check with bpf_ksym_exists() for those that
 * it can do without; a policy that calls a missing one does not load.
 */
#ifndef _BPF_OOM_COMMON_BPF_H
#define _BPF_OOM_COMMON_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* A kernel with BPF OOM of its own has the definitions in vmlinux.h. */
#ifndef BPF_OOM_NATIVE
#include <bpf_oom/oom.h>
/* CO-RE: offsets may differ between versions of the module. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
#include <bpf_oom/psi.h>
#pragma clang attribute pop
#endif

/* Macros of the kernel, which are not in its BTF */
#define OOM_SCORE_ADJ_MIN (-1000)
#define LONG_MIN (-__LONG_MAX__ - 1L)
#define PF_KTHREAD 0x00200000
#define MMF_OOM_SKIP 21

/*
 * handle_out_of_memory of bpf_oom_ops only. 0: the task is a victim now and its
 * memory will be freed. -EPERM: init, kernel thread or oom_score_adj -1000. -EXDEV:
 * outside the domain of this OOM. -ESRCH: nothing left to free. -EAGAIN: memory has
 * come back meanwhile, and the OOM is handled.
 */
extern int bpf_oom_kill_process(struct oom_control *oc, struct task_struct *task,
				const char *message__str) __ksym __weak;
/*
 * handle_out_of_memory of bpf_oom_ops only. Makes "return 1" count without another
 * kill. 0: the task is a victim in the domain of this OOM, and its memory will be
 * freed. -ESRCH: it is no victim, or nothing is left to free. -EXDEV: outside the domain.
 */
extern int bpf_oom_wait_victim(struct oom_control *oc, struct task_struct *task) __ksym __weak;
/*
 * handle_out_of_memory of bpf_oom_ops only. Raises memory.max: of the memcg that hit
 * its limit, of one above it up to the policy's cgroup, or of one below it. Makes
 * "return 1" count if the charge can then succeed. -EINVAL: not higher. -EXDEV: any other
 * memcg. -EOPNOTSUPP: the system is out of memory, or cgroup v1 is in use.
 */
extern int bpf_oom_raise_max(struct oom_control *oc, struct mem_cgroup *memcg,
			     u64 bytes) __ksym __weak;
/*
 * bpf_oom_ops only; bpf_oom_candidate_memcg() only in handle_out_of_memory. Adds a
 * candidate and its score to the record of the decision; the likeliest victims have the
 * highest score. In evaluate_task: the score by which the policy ranks the task.
 */
extern int bpf_oom_candidate_task(struct oom_control *oc, struct task_struct *task,
				  s64 score) __ksym __weak;
extern int bpf_oom_candidate_memcg(struct oom_control *oc, struct mem_cgroup *memcg,
				   s64 score) __ksym __weak;
/*
 * handle_out_of_memory of bpf_oom_ops only. Add a reason in plain words to the record:
 * why the policy passes over a cgroup, and why it leaves the OOM to the next policy.
 * -EINVAL: not the oc that the handler was given.
 */
extern int bpf_oom_pass_over(struct oom_control *oc, struct mem_cgroup *memcg,
			     s64 score, const char *why__str) __ksym __weak;
extern int bpf_oom_decline(struct oom_control *oc, const char *why__str) __ksym __weak;
/* bpf_oom_ops programs only. Has the OOM killer already chosen this task? */
extern bool bpf_task_is_oom_victim(struct task_struct *task) __ksym __weak;
/*
 * bpf_oom_ops programs only. The kernel's own score: pages, shifted by oom_score_adj
 * relative to totalpages, which is oc->totalpages. LONG_MIN: the kernel would not
 * consider this process.
 */
extern long bpf_oom_badness(struct task_struct *task, unsigned long totalpages) __ksym __weak;
/*
 * Declare an OOM, of a memcg or (NULL, or the root) of the whole system. Attached
 * bpf_oom_ops are asked, then the kernel decides. 1: memory will be freed, 0: no task
 * could be killed, or vm.panic_on_oom forbids it; it never panics. -EBUSY: another OOM is
 * being handled, and flags lack BPF_OOM_FLAGS_WAIT_ON_OOM_LOCK. -EINVAL: bad order or
 * flags. -EPERM: a program of type syscall is run without CAP_SYS_ADMIN, which loading
 * it takes, too. Sleepable programs, but no iterators and not bpf_oom_ops. Reports show
 * the text, a constant, in place of the constraint; "" for CONSTRAINT_BPF.
 */
extern int bpf_out_of_memory(struct mem_cgroup *memcg__nullable, int order, u64 flags,
			     const char *constraint_text__str) __ksym __weak;
/*
 * bpf_psi_ops programs only, but not handle_cgroup_offline. Calls handle_psi_event,
 * once per window, while tasks of the cgroup (0: of the system) stall on the resource
 * (enum psi_res, with BPF_PSI_FULL for "full") for longer than the threshold.
 * -EINVAL: bad resource, threshold or window. -ENOENT: no such cgroup. -EBUSY: it is
 * being removed. -ENOSPC: more than BPF_PSI_MAX_TRIGGERS. -EOPNOTSUPP: PSI is off.
 */
extern int bpf_psi_create_trigger(struct bpf_psi *psi, u64 cgroup_id, u32 resource,
				  u32 threshold_us, u32 window_us) __ksym __weak;

/* Kernel 7.0 and later have these; bpf_oom.ko provides them on older kernels. */
extern struct mem_cgroup *bpf_get_root_mem_cgroup(void) __ksym __weak;
extern struct mem_cgroup *bpf_get_mem_cgroup(struct cgroup_subsys_state *css) __ksym __weak;
extern void bpf_put_mem_cgroup(struct mem_cgroup *memcg) __ksym __weak;
/* Bytes. For the root: the sum of its children. */
extern unsigned long bpf_mem_cgroup_usage(struct mem_cgroup *memcg) __ksym __weak;
/* Bytes, -1UL for an index that is not accounted per memcg. */
extern unsigned long bpf_mem_cgroup_page_state(struct mem_cgroup *memcg, int idx) __ksym __weak;
extern unsigned long bpf_mem_cgroup_vm_events(struct mem_cgroup *memcg,
					      enum vm_event_item event) __ksym __weak;
extern unsigned long bpf_mem_cgroup_memory_events(struct mem_cgroup *memcg,
						  enum memcg_memory_event event) __ksym __weak;
/* Sleepable programs only. */
extern void bpf_mem_cgroup_flush_stats(struct mem_cgroup *memcg) __ksym __weak;

/* Iterators and references of the kernel itself. */
extern int bpf_iter_css_new(struct bpf_iter_css *it, struct cgroup_subsys_state *start,
			    unsigned int flags) __ksym __weak;
extern struct cgroup_subsys_state *bpf_iter_css_next(struct bpf_iter_css *it) __ksym __weak;
extern void bpf_iter_css_destroy(struct bpf_iter_css *it) __ksym __weak;
extern int bpf_iter_css_task_new(struct bpf_iter_css_task *it, struct cgroup_subsys_state *css,
				 unsigned int flags) __ksym __weak;
extern struct task_struct *bpf_iter_css_task_next(struct bpf_iter_css_task *it) __ksym __weak;
extern void bpf_iter_css_task_destroy(struct bpf_iter_css_task *it) __ksym __weak;
extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym __weak;
extern struct task_struct *bpf_task_acquire(struct task_struct *p) __ksym __weak;
extern void bpf_task_release(struct task_struct *p) __ksym __weak;
extern struct cgroup *bpf_cgroup_from_id(u64 cgid) __ksym __weak;
extern struct cgroup *bpf_cgroup_acquire(struct cgroup *cgrp) __ksym __weak;
extern void bpf_cgroup_release(struct cgroup *cgrp) __ksym __weak;
extern void bpf_rcu_read_lock(void) __ksym __weak;
extern void bpf_rcu_read_unlock(void) __ksym __weak;

/**
 * task_is_unkillable() - would bpf_oom_kill_process() refuse this task in any OOM?
 * @task: a task; a trusted pointer or one under RCU
 *
 * Uses BPF_CORE_READ() to follow pointers, as programs should wherever they only need a
 * plain value: for each pointer that a program follows directly, the verifier of 6.12
 * searches all types of the kernel.
 *
 * Return: true for init, a kernel thread, and an oom_score_adj of -1000.
 */
static __always_inline bool task_is_unkillable(struct task_struct *task)
{
	return task->tgid == 1 || task->flags & PF_KTHREAD ||
	       BPF_CORE_READ(task, signal, oom_score_adj) == OOM_SCORE_ADJ_MIN;
}

/* Maximum number of levels that are searched for a setting. */
#define CGROUP_SETTING_LEVELS 64

/**
 * cgroup_setting() - the setting of a cgroup, or of its nearest ancestor that has one
 * @settings: a map from the id of a cgroup (u64) to a value (u32), which "bpfoom attach
 *	--set NAME@CGROUP=VALUE" fills if NAME is the name of the map
 * @cgrp: the cgroup
 *
 * Return: the value in the map; NULL if none has been set.
 */
static __always_inline __u32 *cgroup_setting(void *settings, struct cgroup *cgrp)
{
	struct cgroup_subsys_state *parent;
	__u32 *value;
	__u64 id;
	int i;

	bpf_for(i, 0, CGROUP_SETTING_LEVELS) {
		id = cgrp->kn->id;
		value = bpf_map_lookup_elem(settings, &id);
		if (value)
			return value;
		parent = cgrp->self.parent;
		if (!parent)
			break;
		cgrp = parent->cgroup;
	}
	return NULL;
}

/**
 * BPF_OOM_OPS() - define the policy of this object
 * @id: name of the map, and of the policy in reports; as bpf_oom_ops.name
 *
 * Followed by the members to set:
 * BPF_OOM_OPS(largest, .handle_out_of_memory = (void *)largest_oom);
 */
#define BPF_OOM_OPS(id, ...)						\
	SEC(".struct_ops.link")						\
	struct bpf_oom_ops id = {					\
		.name = #id,						\
		__VA_ARGS__						\
	}

/**
 * BPF_PSI_OPS() - define the pressure policy of this object
 * @id: name of the map, and of the policy in the log; as bpf_psi_ops.name
 *
 * Followed by the members to set, as for BPF_OOM_OPS().
 */
#define BPF_PSI_OPS(id, ...)						\
	SEC(".struct_ops.link")						\
	struct bpf_psi_ops id = {					\
		.name = #id,						\
		__VA_ARGS__						\
	}

/**
 * BPF_OOM_DESCRIPTION() - describe the policy of this object, for "bpfoom policies"
 * @text: one line, beginning with a verb: "kills the largest service"
 */
#define BPF_OOM_DESCRIPTION(text)					\
	const char bpf_oom_description[] SEC(".rodata.description") = text

#endif /* _BPF_OOM_COMMON_BPF_H */
