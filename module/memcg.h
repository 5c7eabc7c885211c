/* SPDX-License-Identifier: GPL-2.0-only */
/* struct mem_cgroup, also for kernels without memory cgroups */
#ifndef _BPF_OOM_MEMCG_H
#define _BPF_OOM_MEMCG_H

#include <linux/cgroup.h>
#include <linux/memcontrol.h>

#ifndef CONFIG_MEMCG
/*
 * No memcg exists here. But handlers have an argument of this type, whose members the
 * module reads and which the verifier must know.
 */
struct mem_cgroup {
	struct cgroup_subsys_state css;
};
#endif

#endif /* _BPF_OOM_MEMCG_H */
