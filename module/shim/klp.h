/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Symbols that the shim needs and the kernel does not export
 *
 * klp-symbols.list names the same symbols for scripts/klp-convert, which turns
 * the relocations against them into livepatch relocations. For each function that the
 * shim calls, struct oom_hook_klp_protos puts the prototype declared here into the
 * module's BTF, where scripts/check-btf compares it with the kernel's.
 *
 * Only call these functions directly. With IBT, a call through a pointer to a static
 * function faults if the kernel itself never takes its address: its ENDBR was sealed at
 * boot. The addresses of out_of_memory() and oom_evaluate_task() are only compared.
 */
#ifndef _OOM_HOOK_KLP_H
#define _OOM_HOOK_KLP_H

#include <linux/memcontrol.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/oom.h>
#include <linux/psi.h>
#include <linux/sched.h>

/* mm/oom_kill.c, static */
int oom_evaluate_task(struct task_struct *task, void *arg);
void oom_kill_process(struct oom_control *oc, const char *message);
bool task_will_free_mem(struct task_struct *task);
extern struct blocking_notifier_head oom_notify_list;
extern bool oom_killer_disabled;
extern int sysctl_panic_on_oom;

/* kernel/kallsyms.c */
int kallsyms_lookup_size_offset(unsigned long addr, unsigned long *symbolsize,
				unsigned long *offset);

#ifdef OOM_HOOK_MEMCG_STATS
/* mm/memcontrol.c and mm/memcontrol-v1.h */
unsigned long memcg_events(struct mem_cgroup *memcg, int event);
unsigned long memcg_page_state_output(struct mem_cgroup *memcg, int item);
extern u8 mem_cgroup_stats_index[MEMCG_NR_STAT];
extern u8 mem_cgroup_events_index[NR_VM_EVENT_ITEMS];
#endif

struct oom_hook_klp_protos {
	typeof(out_of_memory) *out_of_memory;
	typeof(oom_evaluate_task) *oom_evaluate_task;
	typeof(oom_kill_process) *oom_kill_process;
	typeof(oom_badness) *oom_badness;
	typeof(task_will_free_mem) *task_will_free_mem;
	typeof(mem_cgroup_scan_tasks) *mem_cgroup_scan_tasks;
	typeof(mem_cgroup_get_max) *mem_cgroup_get_max;
	typeof(kallsyms_lookup_size_offset) *kallsyms_lookup_size_offset;
	typeof(psi_trigger_create) *psi_trigger_create;
	typeof(psi_trigger_create_rtpoll_worker) *psi_trigger_create_rtpoll_worker;
	typeof(psi_trigger_destroy) *psi_trigger_destroy;
#ifdef OOM_HOOK_MEMCG_STATS
	typeof(memcg_events) *memcg_events;
	typeof(memcg_page_state_output) *memcg_page_state_output;
	typeof(mem_cgroup_flush_stats) *mem_cgroup_flush_stats;
#endif
};

#endif /* _OOM_HOOK_KLP_H */
