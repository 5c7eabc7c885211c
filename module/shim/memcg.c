// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics of a memcg, for kernels whose BPF programs cannot read them
 *
 * The kernel's read functions warn about an item that is not accounted per memcg, so
 * its index tables are checked first. U8_MAX marks the holes in them.
 */
#include <linux/export.h>

#include "klp.h"
#include "shim.h"

unsigned long oom_hook_memcg_stat(struct mem_cgroup *memcg, int idx)
{
	unsigned long ret;

	if (idx < 0 || idx >= MEMCG_NR_STAT ||
	    mem_cgroup_stats_index[idx] == U8_MAX)
		return -1UL;
	ret = memcg_page_state_output(memcg, idx);
	return ret;
}
EXPORT_SYMBOL_GPL(oom_hook_memcg_stat);

unsigned long oom_hook_memcg_vm_event(struct mem_cgroup *memcg, int event)
{
	unsigned long ret;

	if (event < 0 || event >= NR_VM_EVENT_ITEMS ||
	    mem_cgroup_events_index[event] == U8_MAX)
		return -1UL;
	ret = memcg_events(memcg, event);
	return ret;
}
EXPORT_SYMBOL_GPL(oom_hook_memcg_vm_event);

void oom_hook_memcg_flush(struct mem_cgroup *memcg)
{
	mem_cgroup_flush_stats(memcg);
}
EXPORT_SYMBOL_GPL(oom_hook_memcg_flush);
