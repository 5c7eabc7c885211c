/* SPDX-License-Identifier: GPL-2.0-only */
/* psi-guard: declare an OOM, but not too often */
#ifndef _PSI_GUARD_DECLARE_BPF_H
#define _PSI_GUARD_DECLARE_BPF_H

#include "options.bpf.h"
#include "state.bpf.h"

static u64 quiet_until_ns;
static u64 kills[MAX_KILLS];
static u64 nr_kills;

static bool too_many_kills(u64 now)
{
	u64 oldest;

	if (nr_kills < kills_per_minute)
		return false;
	oldest = kills[nr_kills % kills_per_minute % MAX_KILLS];
	return now - oldest < 60 * NSEC_PER_SEC;
}

static void declare_in(struct mem_cgroup *memcg, bool limit)
{
	u64 now = bpf_ktime_get_ns(), id = id_of(memcg);
	int ret = 1;

	if (too_many_kills(now)) {
		stats.too_many++;
		return;
	}
	/* First, for those who wait for the counts. */
	stats.at_limit += limit;
	stats.last_cgroup_id = id;
	barrier();
	if (observe_only) {
		stats.observed++;
		bpf_printk("psi-guard: would declare an OOM in cgroup %llu, limit %d",
			   id, limit);
	} else {
		stats.declared++;
		ret = limit ? bpf_out_of_memory(memcg, 0, 0, "PSI_GUARD_AT_LIMIT") :
			      bpf_out_of_memory(memcg, 0, 0, "PSI_GUARD");
		now = bpf_ktime_get_ns();
		bpf_printk("psi-guard: declared an OOM in cgroup %llu, limit %d: %d",
			   id, limit, ret);
	}
	stats.last_ret = ret;
	/* Also when another OOM is being handled: it does the same good. */
	quiet_until_ns = now + cooldown_ms * NSEC_PER_MSEC;
	if (ret != 1)
		return;
	kills[nr_kills++ % kills_per_minute % MAX_KILLS] = now;
	stats.killed += !observe_only;
}

#endif /* _PSI_GUARD_DECLARE_BPF_H */
