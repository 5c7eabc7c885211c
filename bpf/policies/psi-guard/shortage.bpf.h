/* SPDX-License-Identifier: GPL-2.0-only */
/* psi-guard: is the machine short of memory? */
#ifndef _PSI_GUARD_SHORTAGE_BPF_H
#define _PSI_GUARD_SHORTAGE_BPF_H

#include "options.bpf.h"
#include "state.bpf.h"

/* Counters of the kernel, which have no type in BTF */
extern const void vm_zone_stat __ksym __weak;
extern const void vm_node_stat __ksym __weak;
extern const void _totalram_pages __ksym __weak;
extern const void nr_swap_pages __ksym __weak;
extern const void total_swap_pages __ksym __weak;

/* @base is an array of long, or a long */
static u64 counter(const void *base, int index)
{
	long value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), base + index * sizeof(value));
	return value > 0 ? value : 0;
}

#define zone_pages(item) \
	counter(&vm_zone_stat, bpf_core_enum_value(enum zone_stat_item, item))
#define node_pages(item) \
	counter(&vm_node_stat, bpf_core_enum_value(enum node_stat_item, item))

enum shortage { PLENTY, LOW, URGENT };

/* Memory and swap, about what the kernel takes as totalpages in an OOM of the system */
static u64 machine_pages(void)
{
	if (!&_totalram_pages || !&total_swap_pages)
		return 0;
	return counter(&_totalram_pages, 0) + counter(&total_swap_pages, 0);
}

/*
 * Page cache is memory that can be had at once, unless it is in use: pages that were used
 * repeatedly are active, and to reclaim them makes tasks wait. With swap, a machine can
 * stall while there is much active page cache, since anonymous memory is reclaimed, too.
 * Free memory alone says nothing: in time nearly all of it becomes page cache.
 */
static enum shortage memory_shortage(void)
{
	u64 total, available, active;

	if (!&vm_zone_stat || !&vm_node_stat || !&_totalram_pages)
		return PLENTY;
	total = counter(&_totalram_pages, 0);
	available = zone_pages(NR_FREE_PAGES) + node_pages(NR_INACTIVE_FILE) +
		    node_pages(NR_SLAB_RECLAIMABLE_B);
	active = node_pages(NR_ACTIVE_FILE);
	if (!total)
		return PLENTY;
	stats.percent = available * 100 / total;
	stats.active_percent = active * 100 / total;
	if ((available + active) * 100 < total * urgent_percent)
		return URGENT;
	return stats.percent < low_percent ? LOW : PLENTY;
}

static bool swap_is_left(void)
{
	if (!&nr_swap_pages || !&total_swap_pages)
		return false;
	return counter(&nr_swap_pages, 0) * 100 >
	       counter(&total_swap_pages, 0) * swap_percent;
}

#endif /* _PSI_GUARD_SHORTAGE_BPF_H */
