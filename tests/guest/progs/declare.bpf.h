/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls bpf_out_of_memory() with a text chosen at run time. */
#ifndef TESTS_DECLARE_BPF_H
#define TESTS_DECLARE_BPF_H

#include <bpf_oom/common.bpf.h>

#include "psi_policy.h"

#define LONG_TEXT \
	"0123456789012345678901234567890123456789012345678901234567890123456789"

static __always_inline int declare_oom(struct mem_cgroup *memcg,
				       const struct psi_declare *d)
{
	switch (d->text) {
	case TEXT_PRESSURE:
		return bpf_out_of_memory(memcg, d->order, d->flags, "PRESSURE");
	case TEXT_UGLY:
		return bpf_out_of_memory(memcg, d->order, d->flags,
					 "two words,a=b\n\xc3\xa4");
	case TEXT_LONG:
		return bpf_out_of_memory(memcg, d->order, d->flags, LONG_TEXT);
	default:
		return bpf_out_of_memory(memcg, d->order, d->flags, "");
	}
}

/* cgroup_id 0: the whole system */
static __always_inline int declare_oom_in(u64 cgroup_id,
					  const struct psi_declare *d)
{
	struct mem_cgroup *memcg;
	struct cgroup *cgrp;
	int ret;

	if (!cgroup_id)
		return declare_oom(NULL, d);
	if (!bpf_ksym_exists(bpf_get_mem_cgroup))
		return -95; /* EOPNOTSUPP */
	cgrp = bpf_cgroup_from_id(cgroup_id);
	if (!cgrp)
		return -2; /* ENOENT */
	memcg = bpf_get_mem_cgroup(&cgrp->self);
	bpf_cgroup_release(cgrp);
	if (!memcg)
		return -19; /* ENODEV */
	ret = declare_oom(memcg, d);
	bpf_put_mem_cgroup(memcg);
	return ret;
}

#endif /* TESTS_DECLARE_BPF_H */
