// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memcg kfuncs of Linux 7.0, for kernels that lack them
 *
 * Names, flags, units and results for bad ids are the same, so that a policy does not
 * see the difference. Built if the kernel's BTF has no bpf_mem_cgroup_usage().
 */
#include <linux/bpf.h>
#include <linux/btf_ids.h>
#include <linux/memcontrol.h>
#include <linux/module.h>
#include <linux/oom_hook.h>

#include "api/kfuncs.h"
#include "compat.h"

__bpf_kfunc_start_defs();

/**
 * bpf_get_root_mem_cgroup() - the root of all memory cgroups
 *
 * Context: any program.
 * Return: the root memcg, to be put like any other although it is never freed; NULL if
 * the memory controller is disabled.
 */
__bpf_kfunc struct mem_cgroup *bpf_get_root_mem_cgroup(void)
{
	struct cgroup_subsys_state *css;

	if (mem_cgroup_disabled())
		return NULL;
	css = rcu_dereference_raw(memory_cgrp_subsys.root->cgrp.subsys[memory_cgrp_id]);
	return mem_cgroup_from_css(css);
}

/**
 * bpf_get_mem_cgroup() - the memory cgroup behind a css
 * @css: the css of any controller, or of the cgroup itself
 *
 * Context: any program.
 * Return: the memcg with a reference; NULL if the cgroup has no memory controller or is
 * being freed, or if the controller is disabled.
 */
__bpf_kfunc struct mem_cgroup *bpf_get_mem_cgroup(struct cgroup_subsys_state *css)
{
	struct mem_cgroup *memcg = NULL;

	if (mem_cgroup_disabled())
		return NULL;

	rcu_read_lock();
	if (css->ss != &memory_cgrp_subsys)
		css = rcu_dereference_raw(css->cgroup->subsys[memory_cgrp_id]);
	if (css && css_tryget(css))
		memcg = mem_cgroup_from_css(css);
	rcu_read_unlock();
	return memcg;
}

/**
 * bpf_put_mem_cgroup() - drop a reference
 * @memcg: from bpf_get_mem_cgroup() or bpf_get_root_mem_cgroup()
 *
 * Context: any program.
 */
__bpf_kfunc void bpf_put_mem_cgroup(struct mem_cgroup *memcg)
{
	css_put(&memcg->css);
}

/**
 * bpf_mem_cgroup_vm_events() - an event counter of memory.stat
 * @memcg: memory cgroup
 * @event: the event
 *
 * Context: any program.
 * Return: the number of events; -1UL for an event that memcgs do not count.
 */
__bpf_kfunc unsigned long bpf_mem_cgroup_vm_events(struct mem_cgroup *memcg,
						   enum vm_event_item event)
{
	return oom_hook_memcg_vm_event(memcg, event);
}

/**
 * bpf_mem_cgroup_memory_events() - a counter of memory.events
 * @memcg: memory cgroup
 * @event: the event
 *
 * Context: any program.
 * Return: the counter; -1UL for a bad @event.
 */
__bpf_kfunc unsigned long
bpf_mem_cgroup_memory_events(struct mem_cgroup *memcg,
			     enum memcg_memory_event event)
{
	if ((u32)event >= MEMCG_NR_MEMORY_EVENTS)
		return -1UL;
	return atomic_long_read(&memcg->memory_events[event]);
}

/**
 * bpf_mem_cgroup_usage() - memory charged to a memcg
 * @memcg: memory cgroup
 *
 * Context: any program.
 * Return: bytes; for the root, which is not charged itself, the sum of its children.
 */
__bpf_kfunc unsigned long bpf_mem_cgroup_usage(struct mem_cgroup *memcg)
{
	return page_counter_read(&memcg->memory) * PAGE_SIZE;
}

/**
 * bpf_mem_cgroup_page_state() - a line of memory.stat
 * @memcg: memory cgroup
 * @idx: enum node_stat_item or enum memcg_stat_item
 *
 * Context: any program. The value may be some seconds old, see
 * bpf_mem_cgroup_flush_stats().
 * Return: bytes; -1UL for an item that memcgs do not count.
 */
__bpf_kfunc unsigned long bpf_mem_cgroup_page_state(struct mem_cgroup *memcg,
						    int idx)
{
	return oom_hook_memcg_stat(memcg, idx);
}

/**
 * bpf_mem_cgroup_flush_stats() - bring the statistics up to date
 * @memcg: memory cgroup; its descendants are included
 *
 * Context: sleepable programs.
 */
__bpf_kfunc void bpf_mem_cgroup_flush_stats(struct mem_cgroup *memcg)
{
	oom_hook_memcg_flush(memcg);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(bpf_oom_memcg_kfunc_ids)
BTF_ID_FLAGS(func, bpf_get_root_mem_cgroup, KF_ACQUIRE | KF_RET_NULL)
BTF_ID_FLAGS(func, bpf_get_mem_cgroup, KF_ACQUIRE | KF_RET_NULL | KF_RCU)
BTF_ID_FLAGS(func, bpf_put_mem_cgroup, KF_RELEASE)
BTF_ID_FLAGS(func, bpf_mem_cgroup_vm_events, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_mem_cgroup_memory_events, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_mem_cgroup_usage, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_mem_cgroup_page_state, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_mem_cgroup_flush_stats, KF_TRUSTED_ARGS | KF_SLEEPABLE)
BTF_KFUNCS_END(bpf_oom_memcg_kfunc_ids)

static const struct btf_kfunc_id_set bpf_oom_memcg_kfunc_set = {
	.owner = THIS_MODULE,
	.set = &bpf_oom_memcg_kfunc_ids,
};

int bpf_oom_memcg_kfuncs_init(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_UNSPEC,
					 &bpf_oom_memcg_kfunc_set);
}
