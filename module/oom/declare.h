/* SPDX-License-Identifier: GPL-2.0-only */
/* declare.c: OOMs that a program declares */
#ifndef _BPF_OOM_OOM_DECLARE_H
#define _BPF_OOM_OOM_DECLARE_H

#include <linux/types.h>

struct mem_cgroup;

int bpf_oom_declare(struct mem_cgroup *memcg, int order, bool wait, const char *text,
		    const char *by);

#endif /* _BPF_OOM_OOM_DECLARE_H */
