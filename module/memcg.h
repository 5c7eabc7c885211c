/* SPDX-License-Identifier: GPL-2.0-only */
/* A memcg also where there are none. */
#ifndef _BPF_OOM_MEMCG_H
#define _BPF_OOM_MEMCG_H

#include <linux/cgroup.h>
#include <linux/memcontrol.h>

#ifndef CONFIG_MEMCG
/*
 * Nobody ever has one here. But handlers have an argument of this type, which
 * they look into and the verifier has to know.
 */
struct mem_cgroup {
	struct cgroup_subsys_state css;
};
#endif

#endif /* _BPF_OOM_MEMCG_H */
