// SPDX-License-Identifier: GPL-2.0-only
/*
 * psi-guard: declare an OOM before the machine stalls
 *
 * For the kernel there is an OOM only when it can reclaim nothing more. Long before that
 * it reclaims pages that are needed again a moment later, and all tasks wait. This
 * policy looks at that waiting (memory pressure, PSI) in each cgroup below its root
 * and declares an OOM when it lasts. As for any OOM, the bpf_oom_ops policies that are
 * attached there, or else the kernel, then decide which process is killed.
 *
 * Whose pressure counts
 *	That of leaves, cgroups without children: tasks are in leaves, so the pressure of
 *	an inner cgroup says nothing new, and mixes that of a child at its limit
 *	with that of its siblings. Not that of the system, which includes the time that
 *	kswapd works while no task waits for it.
 *	The pressure must be above the threshold in several consecutive windows; a short
 *	burst does not matter. Cgroups for which there are no triggers left are looked
 *	at every two seconds while there is pressure in the root.
 *
 * Where the OOM is declared
 *	If the leaf, or an ancestor of it up to the root of the policy, is at its limit
 *	(memory.high or memory.max): in that cgroup, as the kernel would. Other cgroups
 *	do not suffer from that, so it must stall for longer.
 *	If not, the machine must be short of memory: there is little free memory and
 *	unused page cache, and swap is full or does not help. The OOM is then
 *	declared in the leaf that causes the pressure, which is rarely the one that
 *	stalls: a server that reads its files again and again suffers from a neighbour
 *	that leaks. The cause is the leaf that will be the largest soon, if it goes on
 *	to grow as it did since the pressure began. Only what a kill would free
 *	counts: no page cache, no files in a tmpfs that no process maps, and no memory
 *	of processes that must not be killed. Nor does what memory.low and
 *	memory.min protect from reclaim, which may be less than the tenant has
 *	configured there. oom_score_adj shifts the size as in largest.
 *	If a process of the root cgroup itself is the cause, nothing is done: only an
 *	OOM of the whole system would include it, and in that the kernel may choose
 *	another process because of oom_score_adj and page cache. If nothing else helps
 *	the kernel will have that OOM in time; but the pressure may also pass.
 *
 * When nothing is done
 *	Whenever there is doubt: there is memory left, no cgroup is to blame, another
 *	OOM is being handled or its victim has not exited yet, one was declared a moment
 *	ago, too many in the last minute, something cannot be read. The kernel's own
 *	OOM killer remains.
 */
#include "psi-guard/cause.bpf.h"
#include "psi-guard/declare.bpf.h"
#include "psi-guard/options.bpf.h"
#include "psi-guard/rest.bpf.h"
#include "psi-guard/shortage.bpf.h"
#include "psi-guard/state.bpf.h"

char LICENSE[] SEC("license") = "GPL";

BPF_OOM_DESCRIPTION("declares an OOM where tasks wait for memory for long");

#define ENOENT 2
#define ENODEV 19
#define ENOSPC 28

/* --- pressure ------------------------------------------------------------- */

struct streak_key {
	u64 cgroup_id;
	u64 full;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BPF_PSI_MAX_TRIGGERS);
	__type(key, struct streak_key);
	__type(value, struct streak);
} streaks SEC(".maps");

/* By the clock of the triggers, which the kernel updates before a trigger fires */
static u64 stalled_ns(struct cgroup *cgrp, u32 full)
{
	u32 state = bpf_core_enum_value(enum psi_states, PSI_MEM_SOME) + full;
	u32 states = bpf_core_enum_value(enum psi_states, NR_PSI_STATES) - 1;
	u32 clock = bpf_core_enum_value(enum psi_aggregators, PSI_POLL);
	u64 *total = psi_total(cgrp->psi);
	u64 ns = 0;

	bpf_probe_read_kernel(&ns, sizeof(ns), total + clock * states + state);
	return ns;
}

/*
 * Triggers fire once per window while there is pressure, give or take a tenth. If the
 * policy was busy, several windows are reported at once.
 */
static struct streak *count_windows(struct cgroup *cgrp, struct bpf_psi_trigger *t)
{
	struct streak_key key = { .cgroup_id = t->cgroup_id, .full = t->full };
	u64 ns = t->event_ns, total = stalled_ns(cgrp, t->full);
	struct streak *s, first = {};
	u64 since, stalled, fired;

	s = bpf_map_lookup_elem(&streaks, &key);
	if (!s) {
		bpf_map_update_elem(&streaks, &key, &first, BPF_ANY);
		s = bpf_map_lookup_elem(&streaks, &key);
		if (!s)
			return NULL;
	}
	since = ns - s->last_ns;
	stalled = total - s->stalled_ns;
	fired = t->events - s->events;
	if (since > (fired + 1) * NSEC_PER_USEC * window_us) {
		fired = 1;
		s->windows = 0;
		s->limit_windows = 0;
	} else if (stalled < since / window_us * limit_us) {
		s->limit_windows = 0;
	} else {
		s->limit_windows += fired;
	}
	s->windows += fired;
	s->last_ns = ns;
	s->stalled_ns = total;
	s->events = t->events;
	return s;
}

static u64 last_event_ns, next_sample_ns;

/* Samples when pressure begins, and again while it lasts. */
static void sample_if_due(u64 now)
{
	bool begins = now - last_event_ns > 2 * NSEC_PER_USEC * window_us;

	last_event_ns = now;
	if (!lookahead_s || (!begins && now < next_sample_ns))
		return;
	next_sample_ns = now + SAMPLE_MAX_NS;
	sample_leaves(now);
}

static u64 next_cause_ns;

/* The search for the cause walks all processes, and many leaves may stall at one time. */
static bool is_soon(u64 now)
{
	if (now < next_cause_ns)
		return true;
	next_cause_ns = now + NSEC_PER_USEC * window_us / 2;
	return false;
}

static void short_of_memory(struct streak *s, u64 now)
{
	enum shortage shortage = memory_shortage();
	struct mem_cgroup *memcg;

	if (s->windows < duration && shortage != URGENT)
		return;
	if (shortage == PLENTY) {
		stats.plenty++;
		return;
	}
	if (s->windows < swap_duration && swap_is_left()) {
		stats.swapping++;
		return;
	}
	if (is_soon(now))
		return;
	memcg = find_cause();
	if (!memcg) {
		stats.nobody++;
		return;
	}
	declare_in(memcg, false);
	bpf_put_mem_cgroup(memcg);
}

/*
 * A global function: the verifier checks it once, and not for each path to a call, which
 * takes several times as long.
 */
__noinline int pressure(struct cgroup *cgrp __arg_trusted, struct streak *s __arg_nonnull)
{
	u64 now = bpf_ktime_get_ns();
	struct mem_cgroup *limited;

	if (is_time_to_wait(now)) {
		s->windows = 0;
		s->limit_windows = 0;
		stats.cooling++;
		return 0;
	}
	limited = find_limit(cgrp);
	if (!limited) {
		short_of_memory(s, now);
		sample_if_due(now);
		return 0;
	}
	if (s->limit_windows >= limit_duration)
		declare_in(limited, true);
	bpf_put_mem_cgroup(limited);
	return 0;
}

/* --- triggers ------------------------------------------------------------- */

/* Returns the cgroup's own threshold; -1: it has none, the option applies. */
__noinline s64 threshold_of(struct cgroup *cgrp __arg_trusted)
{
	struct cgroup *ancestor;
	u32 *us;
	u64 id;
	int i;

	bpf_for(i, 0, MAX_LEVELS) {
		if (cgrp->level - i < 0)
			break;
		ancestor = bpf_cgroup_ancestor(cgrp, cgrp->level - i);
		if (!ancestor)
			break;
		id = ancestor->kn->id;
		bpf_cgroup_release(ancestor);
		us = bpf_map_lookup_elem(&threshold, &id);
		if (us)
			return *us;
	}
	return -1;
}

static int make_triggers(struct bpf_psi *psi, u64 id, u32 us)
{
	int ret = 0;

	if (us)
		ret = bpf_psi_create_trigger(psi, id, PSI_MEM, us, window_us);
	if (!ret && full_us)
		ret = bpf_psi_create_trigger(psi, id, PSI_MEM | BPF_PSI_FULL,
					     full_us, window_us);
	return ret;
}

/* Returns -ENOSPC if there is no trigger left for it. */
static int watch(struct bpf_psi *psi, struct cgroup *cgrp, u32 max)
{
	u32 before = psi->nr_triggers;
	s64 us = threshold_of(cgrp);
	u64 id = cgrp->kn->id;
	u8 one = 1;
	int ret;

	if (!us) {
		bpf_map_update_elem(&ignored, &id, &one, BPF_ANY);
		return 0;
	}
	if (us < 0)
		us = some_us;
	if (before + !!us + !!full_us > max ||
	    bpf_map_update_elem(&triggered, &id, &one, BPF_ANY))
		return -ENOSPC;
	ret = make_triggers(psi, id, us);
	if (psi->nr_triggers == before) {
		bpf_map_delete_elem(&triggered, &id);
		return ret;
	}
	stats.watched++;
	return 0;
}

/* --- events --------------------------------------------------------------- */

/* The trigger of the root serves only to look at cgroups that have no trigger. */
static bool root_only_tells;
static u64 next_look_ns;

static void look_at_one(struct bpf_psi *psi, struct cgroup *cgrp)
{
	struct streak *s;
	s64 us;

	/* By now there may be a trigger left for it. */
	if (!watch(psi, cgrp, max_triggers))
		return;
	us = threshold_of(cgrp);
	if (us < 0)
		us = some_us ?: full_us;
	s = count_average(cgrp, us);
	if (!s)
		return;
	stats.events++;
	pressure(cgrp, s);
}

static void look_at_the_rest(struct bpf_psi *psi, struct cgroup *root)
{
	u64 now = bpf_ktime_get_ns();
	struct cgroup *cgrp;
	int i;

	if (now < next_look_ns)
		return;
	next_look_ns = now + NSEC_PER_SEC;
	list_the_rest(root, true);
	bpf_for(i, 0, BPF_PSI_MAX_TRIGGERS) {
		if (i >= (int)nr_ids)
			break;
		cgrp = bpf_cgroup_from_id(ids[i]);
		if (!cgrp)
			continue;
		look_at_one(psi, cgrp);
		bpf_cgroup_release(cgrp);
	}
}

static void handle_event(struct bpf_psi *psi, struct cgroup *cgrp,
			 struct bpf_psi_trigger *t)
{
	bool root = cgrp->kn->id == (cgroup_id ?: ROOT_ID);
	struct streak *s;

	if (counts(cgrp) && !(root && root_only_tells && !t->full)) {
		stats.events++;
		s = count_windows(cgrp, t);
		if (s)
			pressure(cgrp, s);
	}
	if (root && !t->full)
		look_at_the_rest(psi, cgrp);
}

SEC("struct_ops.s/handle_psi_event")
void BPF_PROG(psi_guard_event, struct bpf_psi *psi, struct bpf_psi_trigger *t)
{
	struct cgroup *cgrp;

	cgrp = bpf_cgroup_from_id(t->cgroup_id ?: ROOT_ID);
	if (!cgrp)
		return;
	handle_event(psi, cgrp, t);
	bpf_cgroup_release(cgrp);
}

/* --- cgroups come and go -------------------------------------------------- */

/* Is it the root, or at most @depth levels below it? */
static bool in_reach(struct cgroup *cgrp)
{
	struct cgroup *ancestor;
	bool ours;

	if (cgrp->level < root_level || cgrp->level - root_level > (int)depth)
		return false;
	ancestor = bpf_cgroup_ancestor(cgrp, root_level);
	if (!ancestor)
		return false;
	ours = ancestor->kn->id == (cgroup_id ?: ROOT_ID);
	bpf_cgroup_release(ancestor);
	return ours;
}

static u64 next_count_ns;

/* Counts once per second at most: each cgroup that comes or goes asks for it. */
static void count_the_rest(void)
{
	u64 now = bpf_ktime_get_ns();
	struct cgroup *root;

	if (now < next_count_ns)
		return;
	next_count_ns = now + NSEC_PER_SEC;
	root = bpf_cgroup_from_id(cgroup_id ?: ROOT_ID);
	if (!root)
		return;
	list_the_rest(root, true);
	bpf_cgroup_release(root);
}

SEC("struct_ops.s/handle_cgroup_online")
void BPF_PROG(psi_guard_online, struct bpf_psi *psi, u64 id)
{
	struct past_size empty = { .ns = bpf_ktime_get_ns() };
	struct cgroup *cgrp;

	cgrp = bpf_cgroup_from_id(id);
	if (!cgrp)
		return;
	if (in_reach(cgrp)) {
		bpf_map_update_elem(&samples, &id, &empty, BPF_ANY);
		if (watch(psi, cgrp, max_triggers) == -ENOSPC)
			count_the_rest();
	}
	bpf_cgroup_release(cgrp);
}

SEC("struct_ops.s/handle_cgroup_offline")
void BPF_PROG(psi_guard_offline, struct bpf_psi *psi, u64 id)
{
	struct streak_key some = { .cgroup_id = id };
	struct streak_key full = { .cgroup_id = id, .full = 1 };

	bpf_map_delete_elem(&streaks, &some);
	bpf_map_delete_elem(&streaks, &full);
	bpf_map_delete_elem(&samples, &id);
	if (!bpf_map_delete_elem(&triggered, &id))
		stats.watched--;
}

/* --- begin ---------------------------------------------------------------- */

/* The other parameters of a trigger have been checked. */
static int bad_threshold(int err)
{
	return err == -EINVAL ? refuse("a threshold is larger than window_us") : err;
}

/*
 * The root has a "some" trigger in any case: it tells when to look at cgroups without a
 * trigger, and whether the kernel has PSI at all.
 */
static int watch_root(struct bpf_psi *psi, struct cgroup *root)
{
	s64 us = threshold_of(root);
	int ret;

	ret = watch(psi, root, BPF_PSI_MAX_TRIGGERS);
	if (ret || us > 0 || (us < 0 && some_us))
		return ret;
	root_only_tells = true;
	return bpf_psi_create_trigger(psi, root->kn->id, PSI_MEM, some_us ?: full_us,
				      window_us);
}

static int begin(struct bpf_psi *psi, struct cgroup *root)
{
	struct mem_cgroup *memcg;
	struct cgroup *cgrp;
	int ret, i;

	memcg = bpf_get_mem_cgroup(&root->self);
	if (!memcg)
		return -ENODEV;
	bpf_put_mem_cgroup(memcg);
	root_level = root->level;
	/* Growth is measured from here on until there is pressure for the first time. */
	sample_leaves(bpf_ktime_get_ns());
	ret = watch_root(psi, root);
	if (ret)
		return bad_threshold(ret);
	list_the_rest(root, false);
	bpf_for(i, 0, BPF_PSI_MAX_TRIGGERS) {
		if (i >= (int)nr_ids)
			break;
		cgrp = bpf_cgroup_from_id(ids[i]);
		if (!cgrp)
			continue;
		ret = watch(psi, cgrp, max_triggers);
		bpf_cgroup_release(cgrp);
		if (ret == -EINVAL)
			return bad_threshold(ret);
	}
	list_the_rest(root, true);
	return 0;
}

SEC("struct_ops.s/init")
int BPF_PROG(psi_guard_init, struct bpf_psi *psi)
{
	struct cgroup *root;
	int ret;

	ret = check_options();
	if (ret)
		return ret;
	root = bpf_cgroup_from_id(cgroup_id ?: ROOT_ID);
	if (!root)
		return -ENOENT;
	ret = begin(psi, root);
	bpf_cgroup_release(root);
	return ret;
}

SEC(".struct_ops.link")
struct bpf_psi_ops psi_guard = {
	.name = "psi-guard",
	.init = (void *)psi_guard_init,
	.handle_psi_event = (void *)psi_guard_event,
	.handle_cgroup_online = (void *)psi_guard_online,
	.handle_cgroup_offline = (void *)psi_guard_offline,
};
