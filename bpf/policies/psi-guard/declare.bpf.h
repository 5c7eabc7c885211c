/* SPDX-License-Identifier: GPL-2.0-only */
/* psi-guard: declare an OOM, but not too often */
#ifndef _PSI_GUARD_DECLARE_BPF_H
#define _PSI_GUARD_DECLARE_BPF_H

#include "options.bpf.h"
#include "state.bpf.h"

/* The kernel's number of killed threads that still have their memory */
extern const void oom_victims __ksym __weak;

/*
 * The OOM reaper takes a victim's memory after two seconds; a victim that needs much
 * longer is blocked by something else, so stop waiting for it. Wait for victims only once
 * in VICTIM_AGAIN_NS: otherwise a cgroup that is out of memory all the time would keep
 * this policy from ever doing anything.
 */
#define VICTIM_MAX_NS (10 * NSEC_PER_SEC)
#define VICTIM_AGAIN_NS (60 * NSEC_PER_SEC)

/*
 * How long after the cooldown a cgroup is left alone in which no process could be killed
 */
#define BARREN_NS (10 * NSEC_PER_SEC)

static u64 victim_since_ns;
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

static bool victim_is_coming(u64 now)
{
	int victims = 0;

	if (&oom_victims)
		bpf_probe_read_kernel(&victims, sizeof(victims), &oom_victims);
	if (!victims)
		return false;
	if (now - victim_since_ns >= VICTIM_AGAIN_NS)
		victim_since_ns = now;
	return now - victim_since_ns < VICTIM_MAX_NS;
}

/* Wait for the effect of an earlier OOM first. */
static bool is_time_to_wait(u64 now)
{
	return now < quiet_until_ns || victim_is_coming(now);
}

/*
 * Remembers that the kernel found no process to kill there. A victim that is blocked may
 * still have memory, and is not killed again, so its cgroup would be to blame for ever.
 */
static void set_barren(u64 id)
{
	u64 until = quiet_until_ns + BARREN_NS;

	bpf_map_update_elem(&barren, &id, &until, BPF_ANY);
}

static void declare_in(struct mem_cgroup *memcg, bool limit)
{
	u64 now = bpf_ktime_get_ns(), id = id_of(memcg);
	int ret = 1;

	if (too_many_kills(now)) {
		stats.too_many++;
		return;
	}
	/* Before the counters for which readers wait */
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
	/* Also if another OOM is being handled: it has the same effect. */
	quiet_until_ns = now + cooldown_ms * NSEC_PER_MSEC;
	if (!ret)
		set_barren(id);
	if (ret != 1)
		return;
	kills[nr_kills++ % kills_per_minute % MAX_KILLS] = now;
	stats.killed += !observe_only;
}

#endif /* _PSI_GUARD_DECLARE_BPF_H */
