/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interface between a policy that acts on pressure and bpf_oom.ko
 *
 * Like oom.h it is included by the module and, after vmlinux.h, by policies.
 */
#ifndef _BPF_OOM_PSI_H
#define _BPF_OOM_PSI_H

/* Maximum number of triggers that a policy can have at a time. */
#define BPF_PSI_MAX_TRIGGERS 1024

/* To be or'ed to an enum psi_res: "full" pressure instead of "some". */
#define BPF_PSI_FULL 0x80000000U

/**
 * struct bpf_psi - a pressure policy that is attached
 * @nr_triggers: number of its triggers
 *
 * Programs can read it, and pass it to bpf_psi_create_trigger().
 */
struct bpf_psi {
	__u32 nr_triggers;
};

/**
 * struct bpf_psi_trigger - a pressure trigger that has fired
 * @cgroup_id: id of the cgroup under pressure; 0: the whole system
 * @events: number of times that it has fired. Events that come while the policy is
 *	busy are combined into one call, so this may grow by more than one.
 * @event_ns: when it fired last, by the clock of bpf_ktime_get_ns()
 * @index: index among the triggers of this policy, from 0. Not reused.
 * @resource: enum psi_res
 * @full: 1: "full" pressure; 0: "some"
 * @threshold_us: as given to bpf_psi_create_trigger()
 * @window_us: as given to bpf_psi_create_trigger()
 *
 * Programs can read it. It does not change during a call.
 */
struct bpf_psi_trigger {
	__u64 cgroup_id;
	__u64 events;
	__u64 event_ns;
	__u32 index;
	__u32 resource;
	__u32 full;
	__u32 threshold_us;
	__u32 window_us;
};

/**
 * struct bpf_psi_ops - a policy that acts on pressure
 * @init: Called once, when the policy is being attached: the place to create
 *	triggers. If it does not return 0, attaching fails and all triggers are
 *	destroyed: the attaching task gets a negative error number as it is, and
 *	-EINVAL for any other value. Should be short, since no other struct_ops in the
 *	system can be attached meanwhile.
 * @handle_psi_event: A trigger has fired. Required.
 * @handle_cgroup_online: A cgroup of the default hierarchy has been created; it may
 *	have been removed again by now. @init may also have seen a cgroup that is
 *	created while the policy is being attached. The cgroup is not set up yet:
 *	limits and other settings have their defaults, no task is in it, and its
 *	controllers may be enabled later. So read such state when there is an event.
 *	If memory has run out and more than 64 calls are pending, further new cgroups
 *	are lost, and the log says so.
 * @handle_cgroup_offline: A cgroup for which the policy had triggers has been
 *	removed, and its triggers with it: called once for each such cgroup.
 * @name: as bpf_oom_ops.name
 *
 * All callbacks must be sleepable. Those of one policy are called one at a time,
 * after @init by a worker; policies do not wait for each other. Events of different
 * kinds are not in order of time: each run of the worker passes on new cgroups first,
 * then removed ones, then triggers in the order in which they fired. After the offline
 * callback there is no event of the cgroup.
 *
 * Programs cannot send signals: to kill a process, they declare an OOM.
 *
 * Attaching takes CAP_SYS_ADMIN in the initial user namespace, which a BPF token does
 * not give: else -EPERM. So a policy is told of all cgroups, also of those outside of
 * the cgroup namespace of the task that attaches it. Only @init, which runs in that
 * task, is limited to that namespace when it creates triggers. Attaching also fails with
 * an error of @init, and with -EBUSY if this map is attached already or if another owner
 * (a livepatch) has the kernel's OOM functions. Loading fails with -EINVAL on a bad
 * member. The kernel log says what was wrong.
 *
 * The attachment ends when its link is closed and unpinned. Detaching returns when
 * no callback is running and none will be called; pending events are dropped.
 */
struct bpf_psi_ops {
	int (*init)(struct bpf_psi *psi);
	void (*handle_psi_event)(struct bpf_psi *psi,
				 struct bpf_psi_trigger *trigger);
	void (*handle_cgroup_online)(struct bpf_psi *psi, __u64 cgroup_id);
	void (*handle_cgroup_offline)(struct bpf_psi *psi, __u64 cgroup_id);
	char name[BPF_OOM_NAME_MAX_LEN];
};

#endif /* _BPF_OOM_PSI_H */
