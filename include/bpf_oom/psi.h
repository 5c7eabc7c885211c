/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interface between a policy that acts on pressure and bpf_oom.ko.
 *
 * Read by the module and, after vmlinux.h, by policies, as is oom.h.
 */
#ifndef _BPF_OOM_PSI_H
#define _BPF_OOM_PSI_H

/* Triggers that a policy can have at a time. */
#define BPF_PSI_MAX_TRIGGERS 1024

/* To be or'ed to an enum psi_res: stalls of all tasks at a time, not of some. */
#define BPF_PSI_FULL 0x80000000U

/**
 * struct bpf_psi - a pressure policy that is attached
 * @nr_triggers: how many triggers it has
 *
 * Programs read it and hand it to bpf_psi_create_trigger().
 */
struct bpf_psi {
	__u32 nr_triggers;
};

/**
 * struct bpf_psi_trigger - a pressure trigger that has fired
 * @cgroup_id: whose pressure; 0: that of the whole system
 * @events: how often it has fired until now. Events that come while the policy is
 *	busy are told by one call, so this may grow by more than one.
 * @event_ns: when it fired last, by the clock of bpf_ktime_get_ns()
 * @index: its number among the triggers of this policy, from 0. Not used again.
 * @resource: enum psi_res
 * @full: 1: stalls of all tasks at a time, 0: of some
 * @threshold_us: as given to bpf_psi_create_trigger()
 * @window_us: as given to bpf_psi_create_trigger()
 *
 * Programs read it. It does not change during a call.
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
 *	triggers. Anything but 0 refuses to attach: a negative error number is
 *	handed to who attaches, anything else becomes -EINVAL. All triggers are
 *	gone then. Other struct_ops of the system cannot be attached meanwhile, so
 *	it should be short.
 * @handle_psi_event: A trigger has fired. Required.
 * @handle_cgroup_online: A cgroup of the default hierarchy has been made, be it by
 *	now removed again. One that is made while the policy is being attached may
 *	also have been seen by @init. Whoever makes a cgroup has not set it up yet:
 *	limits and other settings are still the defaults, nobody is in it, and its
 *	controllers may come later. What depends on them is looked at when there
 *	is an event. When memory has run out and more than 64
 *	cgroups wait to be told, those after them are lost, which the log says.
 * @handle_cgroup_offline: A cgroup for which the policy had triggers has been
 *	removed, and its triggers with it: once for each such cgroup.
 * @name: as bpf_oom_ops.name
 *
 * All callbacks must be sleepable. Those of one policy are called one at a time,
 * after @init by a worker; policies do not wait for each other. Different events
 * are not in order: cgroups that were made come first, then those that were
 * removed, then triggers in the order in which they fired. After the offline
 * callback no event of the cgroup comes.
 *
 * No program may send signals: what is to die, dies of an OOM that is declared.
 *
 * Attaching takes CAP_SYS_ADMIN in the initial user namespace, which a BPF token does
 * not give: else -EPERM. So a policy hears of all cgroups, also of those outside of the
 * cgroup namespace of the task that attaches it; only @init, which runs in that task,
 * creates triggers for no others than those in it. Attaching also fails with an error
 * of @init, with -EBUSY when this map is attached already or when another owner (a
 * livepatch) has the kernel's OOM functions. Loading fails with -EINVAL on a bad
 * member. The kernel log says what was wrong.
 *
 * The attachment ends when its link is closed and unpinned. Detaching returns when
 * no callback is running and none will be called; events that wait are dropped.
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
