/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interface between an OOM policy and bpf_oom.ko
 *
 * The module includes it and, after vmlinux.h, policies do: so it must not include
 * headers that BPF programs cannot use, nor use types that differ between kernels.
 */
#ifndef _BPF_OOM_OOM_H
#define _BPF_OOM_OOM_H

struct cgroup;
struct mem_cgroup;
struct oom_control;
struct task_struct;

/*
 * Version of this interface, of psi.h and of the kfuncs. It is incremented when existing
 * binaries of policies would behave differently or not load, not for additions.
 */
#define BPF_OOM_ABI 1

/* For breaker_kills, breaker_failures and breaker_ms. */
#define BPF_OOM_BREAKER_OFF 0xffffffffU

/* Size of a policy's name including the NUL, as in the posted series. */
#define BPF_OOM_NAME_MAX_LEN 64

/* Size of the text of a declared OOM including the NUL; longer texts are cut off. */
#define BPF_OOM_TEXT_MAX_LEN 64

/**
 * enum bpf_oom_flags - flags of bpf_out_of_memory()
 * @BPF_OOM_FLAGS_WAIT_ON_OOM_LOCK: wait for another OOM that is being handled,
 *	instead of failing with -EBUSY
 */
enum bpf_oom_flags {
	BPF_OOM_FLAGS_WAIT_ON_OOM_LOCK = 1 << 0,
};

/**
 * enum bpf_oom_attach_flags - values of bpf_oom_ops.flags
 * @BPF_OOM_F_BEFORE: ask this policy before those that the cgroup already has, not after
 *	them. Has the value of BPF_F_BEFORE
 * @BPF_OOM_F_DRY_RUN: ask this policy, but do not let it act: bpf_oom_kill_process()
 *	returns what it would return for a kill. The next policy, or the kernel, decides;
 *	the record has the choice of both
 * @BPF_OOM_F_REHEARSAL: ask this policy in rehearsals only, not about real OOMs
 */
enum bpf_oom_attach_flags {
	BPF_OOM_F_BEFORE = 1 << 3,
	BPF_OOM_F_DRY_RUN = 1 << 8,
	BPF_OOM_F_REHEARSAL = 1 << 9,
};

/**
 * enum bpf_oom_verdict - return values of evaluate_task
 * @NO_BPF_POLICY: no verdict: compare the task with the best one so far by the kernel's
 *	score
 * @BPF_EVAL_ABORT: end the scan without a victim
 * @BPF_EVAL_NEXT: skip the task in this scan
 * @BPF_EVAL_SELECT: the task is the best one so far, whatever the scores; only a later
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
 *	the same trusted pointer as memcg__nullable.
 *	cgrp: the cgroup that this policy is attached to.
 *	memcg__nullable: the memcg that hit its limit, at or below cgrp; NULL if
 *	the whole system (or a cpuset, or a NUMA policy) is out of memory.
 *
 *	Must be sleepable. Runs in the task that ran out of memory, which need
 *	not be below cgrp: it may be a kernel thread, or a task that lowers memory.max.
 *	oom_lock is held, page faults are off (bpf_copy_from_user() fails), and
 *	allocations do not wait for reclaim but may come out of the reserves. Arenas,
 *	and helpers and kfuncs that send signals, read files or take locks of an mm,
 *	are refused at load. BPF_LOCAL_STORAGE_GET_F_CREATE is ignored: the result is
 *	NULL if there is no local storage, so another program or user space must create
 *	it. Maps should be preallocated: SECURITY.md says what else allocates, and how
 *	that is bounded. The arguments are trusted until the return.
 *	Not called if there is no task at or below the memcg, nor while a victim of the
 *	OOM killer in the domain of the OOM is on its way out: the kernel would wait for
 *	it, so no policy is asked until the OOM reaper has freed its memory or has given
 *	up. A call of the OOM killer by sysrq (oc->order is -1) does not wait.
 *
 *	Return 1 for "handled". It counts only if bpf_oom_kill_process() or
 *	bpf_oom_wait_victim() has returned 0 during the call, or
 *	bpf_oom_raise_max() has made room for the charge that failed. Whatever the
 *	return value, the OOM is handled if a process was killed during the call, so
 *	that no other policy kills a second one, or if bpf_oom_kill_process() returned
 *	-EAGAIN because memory has come back since the OOM came, by itself or by a
 *	raise. Otherwise, also after a mere 1, evaluate_task is called if there is
 *	one, and then the next policy is asked: first those on the same cgroup in the
 *	order of their attachment (see BPF_OOM_F_BEFORE), then those on its ancestors
 *	up to the root. After the last one the kernel's own killer decides.
 *	A program may omit trailing arguments.
 * @evaluate_task: Called for each process that the kernel compares when it
 *	selects a victim, in the kernel's own scan: those in the domain of the OOM
 *	(memcg, cpuset, system) that can be killed and have memory to free. Two
 *	decisions stay with the kernel: there is no call for a task that swapoff or KSM
 *	want killed first, and the scan ends when it meets a victim that is still on
 *	its way out, for which the kernel then waits.
 *
 *	task: the first thread of the process.
 *	oc: the OOM. oc->chosen is the task that this program has selected so far in
 *	this scan; it is NULL until then, also at the first call of a scan.
 *
 *	Must not be sleepable. Runs under RCU, otherwise like handle_out_of_memory. It
 *	can only rank tasks, not call bpf_oom_kill_process().
 *
 *	Return an enum bpf_oom_verdict; any other value is NO_BPF_POLICY. The task
 *	that is selected at the end of the scan is killed, which handles the OOM. If a
 *	scan ends without a victim, the log says so, and the next policy is asked as
 *	after handle_out_of_memory.
 *
 *	One of the two callbacks is required. With both, handle_out_of_memory is called
 *	first, and can prepare data for evaluate_task.
 * @handle_cgroup_offline: Called once when the cgroup of the attachment has been
 *	removed. The attachment ends when this returns: then pollers of the link get
 *	EPOLLHUP. A new cgroup of the same path inherits nothing.
 *
 *	cgroup_id: id of the cgroup, which is gone from the file system.
 *
 *	Must be sleepable. Should be short: one worker calls these, one after the other.
 *	A detach at the same time either waits for the call or prevents it. After an
 *	update of the link, the callback of the new policy is called. Optional, and not
 *	sufficient on its own.
 * @name: shown in the OOM report as oom_policy=<name>. Printable characters
 *	without spaces and commas, NUL-terminated, not empty.
 * @breaker_kills: number of kills that trips the breaker. A policy that answers more
 *	OOMs than this of one cgroup, or of the system, in a minute with a kill is not
 *	asked about OOMs of that cgroup, or of the system, for a while: the next policy
 *	or the kernel decides, and the log says so. The module parameter breaker_pause
 *	says for how long; the breaker is re-armed after that, by bpfoom reset, or when
 *	the policy is replaced.
 *	A single kill of the process that the kernel would have killed does not count,
 *	unless the OOM was declared or the module parameter explain is off.
 *	0: use the module parameter of the same name; BPF_OOM_BREAKER_OFF: never.
 * @breaker_failures: the same for a number of failures in a row: the policy returned
 *	a negative number, or a kill was refused, and it did nothing else.
 * @breaker_ms: the same for the CPU time that the policy took for one OOM, not counting
 *	the time of the kernel's kills.
 * @cgroup_id: the cgroup to attach to: the inode number of its directory.
 *	0, or the id of the root, attaches system-wide, and only system-wide policies
 *	are asked about an OOM of the whole system. Set before load. This is the only
 *	way to name a cgroup: the kernel ignores target_fd, relative_fd and flags of
 *	a link_create for struct_ops. A loader that passes those and leaves this at 0
 *	attaches to the whole system. The kernel log says where a policy has been
 *	attached, and for 0 how to choose a cgroup; not for BPF_OOM_F_REHEARSAL.
 * @flags: enum bpf_oom_attach_flags
 *
 * Attaching takes CAP_SYS_ADMIN in the initial user namespace, which a BPF token does
 * not give: else -EPERM. It fails with -ENOENT if there is no such cgroup in the
 * caller's cgroup namespace; -EBUSY if the cgroup is being removed, if this map is
 * attached already or if another owner (a livepatch) has the kernel's OOM functions;
 * -ENODEV if the cgroup has no memory controller; -EOPNOTSUPP on a kernel without
 * CONFIG_MEMCG. Loading fails with -EINVAL on a bad member. The kernel log says
 * what was wrong. If the memory controller is taken away from the cgroup later,
 * the policy stays attached but is not asked.
 *
 * A link can be updated with the map of another policy (bpf_link__update_map()),
 * which takes the place of the old one, also in the order. Each OOM is passed to one of
 * them; when the update returns, no handler of the old one is running. It fails with
 * -EPERM without the capability, -EINVAL if the new policy names another cgroup, -EBUSY
 * if that is attached elsewhere, -ENOLINK if the attachment has ended.
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
