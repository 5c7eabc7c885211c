/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interface between an OOM policy and bpf_oom.ko.
 *
 * Read by the module and, after vmlinux.h, by policies: so no include that BPF
 * programs could not have, and no type that differs between kernels.
 */
#ifndef _BPF_OOM_OOM_H
#define _BPF_OOM_OOM_H

struct cgroup;
struct mem_cgroup;
struct oom_control;
struct task_struct;

/*
 * Version of this interface, of psi.h and of the kfuncs. It grows when a policy that
 * was built before would behave differently or not load; additions leave it.
 */
#define BPF_OOM_ABI 1

/* For breaker_kills, breaker_failures and breaker_ms. */
#define BPF_OOM_BREAKER_OFF 0xffffffffU

/* Room for a policy's name with its terminating NUL, as in the posted series. */
#define BPF_OOM_NAME_MAX_LEN 64

/* Room for the text of a declared OOM with its terminating NUL; more is cut off. */
#define BPF_OOM_TEXT_MAX_LEN 64

/**
 * enum bpf_oom_flags - for bpf_out_of_memory()
 * @BPF_OOM_FLAGS_WAIT_ON_OOM_LOCK: wait for another OOM that is being handled,
 *	instead of failing with -EBUSY
 */
enum bpf_oom_flags {
	BPF_OOM_FLAGS_WAIT_ON_OOM_LOCK = 1 << 0,
};

/**
 * enum bpf_oom_attach_flags - bpf_oom_ops.flags
 * @BPF_OOM_F_BEFORE: to be asked before the policies that the cgroup has, not after
 *	them. It has the value of BPF_F_BEFORE
 * @BPF_OOM_F_DRY_RUN: the policy is asked and kills nobody: bpf_oom_kill_process()
 *	answers as if it did. The next policy, or the kernel, decides; the record has
 *	what either chose
 * @BPF_OOM_F_REHEARSAL: to be asked in rehearsals only, not about OOMs
 */
enum bpf_oom_attach_flags {
	BPF_OOM_F_BEFORE = 1 << 3,
	BPF_OOM_F_DRY_RUN = 1 << 8,
	BPF_OOM_F_REHEARSAL = 1 << 9,
};

/**
 * enum bpf_oom_verdict - what evaluate_task says about a task
 * @NO_BPF_POLICY: nothing: compare it with the best one so far by the kernel's score
 * @BPF_EVAL_ABORT: end the scan without a victim
 * @BPF_EVAL_NEXT: spare it in this scan
 * @BPF_EVAL_SELECT: it is the best one so far, whatever the scores; only a later
 *	BPF_EVAL_SELECT replaces it
 *
 * The names are those of the posted series.
 */
enum bpf_oom_verdict {
	NO_BPF_POLICY,
	BPF_EVAL_ABORT,
	BPF_EVAL_NEXT,
	BPF_EVAL_SELECT,
};

/**
 * struct bpf_oom_ops - an OOM policy
 * @handle_out_of_memory: Called when memory has run out in the cgroup of the
 *	attachment or below it, before the kernel selects a victim.
 *
 *	oc: the OOM. Kills go through bpf_oom_kill_process(oc, ...). oc->memcg is
 *	memcg__nullable, and as much trusted.
 *	cgrp: the cgroup that this policy is attached to.
 *	memcg__nullable: the memcg that hit its limit, at or below cgrp; NULL when
 *	the whole system (or a cpuset, or a NUMA policy) is out of memory.
 *
 *	Must be sleepable. Runs in the task that ran out of memory, which need
 *	not be below cgrp: it may be a kernel thread, or who lowered memory.max.
 *	oom_lock is held, page faults are off (bpf_copy_from_user() fails),
 *	allocations do not wait for reclaim but may come out of the reserves;
 *	arenas, signals, files and what takes locks of an mm are refused at load.
 *	BPF_LOCAL_STORAGE_GET_F_CREATE counts for nothing: local storage that is
 *	not there is NULL, so have it made by another program or by user space. Maps are
 *	best preallocated: what else allocates, and how it is bounded, is in
 *	SECURITY.md. The arguments are trusted until the return.
 *	Not called when there is no task at or below the memcg, nor while a victim
 *	of the OOM killer in the domain of the OOM is on its way out: the kernel
 *	would wait for it, and so nobody is asked, until the OOM reaper has its memory
 *	or has given up. Asked all the same if the OOM killer was called by sysrq
 *	(oc->order is -1).
 *
 *	Return 1 for "handled". It counts only if bpf_oom_kill_process() or
 *	bpf_oom_wait_victim() has returned 0 during the call, or
 *	bpf_oom_raise_max() has made room for what failed. Whatever is returned, a
 *	process killed during the call counts, so that one OOM never has two
 *	deciders; so does memory that has come back since the OOM came, by itself
 *	or by a raise, when bpf_oom_kill_process() answers with -EAGAIN. Else, and
 *	so after a bare 1, evaluate_task is asked if there is one, and then the next
 *	policy: first those on the same cgroup in the order of their attachment (see
 *	BPF_OOM_F_BEFORE), then those of its ancestors up to the root; after the
 *	last one the kernel's own killer decides.
 *	A program may leave out trailing arguments.
 * @evaluate_task: Called for each process that the kernel compares when it
 *	selects a victim, in the kernel's own scan: those in the domain of the OOM
 *	(memcg, cpuset, system) that can be killed and have memory to give. The
 *	kernel's word comes first: it asks about no task that swapoff or KSM want
 *	killed, and ends the scan when it meets a victim that is still on its way
 *	out, for which it then waits instead.
 *
 *	task: the first thread of the process.
 *	oc: the OOM. Here oc->chosen is what this program has selected so far in
 *	this scan, NULL before that, by which it also knows that a scan begins.
 *
 *	Must not be sleepable; runs under RCU, else as handle_out_of_memory. It
 *	ranks and does nothing else: bpf_oom_kill_process() cannot be called.
 *
 *	Return an enum bpf_oom_verdict; anything else is NO_BPF_POLICY. The one
 *	that has been selected at the end is killed, and that is "handled". A scan
 *	that ends without a victim is noted in the log, and the next policy is
 *	asked as after handle_out_of_memory.
 *
 *	One of the two callbacks is required. With both, handle_out_of_memory comes
 *	first, and can prepare what evaluate_task needs.
 * @handle_cgroup_offline: Called once when the cgroup of the attachment has been
 *	removed. The attachment ends when this returns: then the link says EPOLLHUP
 *	to those who poll it. Nothing is inherited by a new cgroup of the same path.
 *
 *	cgroup_id: that of the cgroup, which is gone from the file system.
 *
 *	Must be sleepable. Runs in a worker, one after the other, so it should be
 *	short. Who detaches the policy at the same time waits for it, or it is not
 *	called; after an update of the link it is the new policy's. Optional, and not
 *	enough on its own.
 * @name: shown in the OOM report as oom_policy=<name>. Printable characters
 *	without spaces and commas, NUL-terminated, not empty.
 * @breaker_kills: a policy that answers more OOMs than this of one cgroup, or of the
 *	system, in a minute with a kill trips its breaker: it is not asked about OOMs
 *	of that one for a while, the next policy or the kernel decides, and the log
 *	says so. The parameter breaker_pause of the module says for how long; it is
 *	armed again after that, by bpfoom reset, or when the policy is replaced.
 *	A single kill of whom the kernel would have killed does not count, unless the
 *	OOM was declared or the parameter explain is off.
 *	0: the module's parameter of the same name; BPF_OOM_BREAKER_OFF: never.
 * @breaker_failures: the same for one that fails so often in a row: it returned
 *	a negative number, or a kill was refused, and it did nothing else.
 * @breaker_ms: the same for one that took so much CPU time for an OOM, without that
 *	of the kernel's kills.
 * @cgroup_id: where to attach: the inode number of the cgroup's directory.
 *	0, or the id of the root, attaches system-wide, and only those policies
 *	are asked about an OOM of the whole system. Set before load. It is the only
 *	way to name a cgroup: the kernel ignores target_fd, relative_fd and flags of
 *	a link_create for struct_ops. A loader that gives those and leaves this 0
 *	attaches to the whole system. The kernel log says where a policy has been
 *	attached, and with 0 how to choose a cgroup; not for BPF_OOM_F_REHEARSAL.
 * @flags: enum bpf_oom_attach_flags
 *
 * Attaching takes CAP_SYS_ADMIN in the initial user namespace, which a BPF token does
 * not give: else -EPERM. It fails with -ENOENT when there is no such cgroup in the
 * caller's cgroup namespace, -EBUSY when it is being removed, when this map is attached
 * already or when another owner (a livepatch) has the kernel's OOM functions,
 * -ENODEV when it has no memory controller, -EOPNOTSUPP on a kernel without
 * CONFIG_MEMCG. Loading fails with -EINVAL on a bad member. The kernel log says
 * what was wrong. If the memory controller is taken away from the cgroup later,
 * the policy stays and is not asked.
 *
 * A link can be updated with the map of another policy (bpf_link__update_map()),
 * which takes the place of the first one, order and all. Each OOM is told to one of
 * them; when that returns, no handler of the first one is running. It fails with
 * -EPERM without the capability, -EINVAL when the new one names another cgroup, -EBUSY
 * when it is attached elsewhere, -ENOLINK when the attachment has ended.
 *
 * The attachment ends when its link is closed and unpinned, or with its cgroup.
 * Detaching returns when no program of the policy is running.
 */
struct bpf_oom_ops {
	int (*handle_out_of_memory)(struct oom_control *oc, struct cgroup *cgrp,
				    struct mem_cgroup *memcg__nullable);
	int (*evaluate_task)(struct task_struct *task, struct oom_control *oc);
	void (*handle_cgroup_offline)(__u64 cgroup_id);
	char name[BPF_OOM_NAME_MAX_LEN];
	__u32 breaker_kills;
	__u32 breaker_failures;
	__u32 breaker_ms;
	__u64 cgroup_id;
	__u64 flags;
};

#endif /* _BPF_OOM_OOM_H */
