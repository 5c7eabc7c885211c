// SPDX-License-Identifier: GPL-2.0-only
/*
 * psi-guard: declare an OOM before the machine stalls
 *
 * The kernel calls it out of memory when it can reclaim nothing more. Long before,
 * it takes pages that are needed again a moment later, and everybody waits. This
 * policy looks at that waiting (memory pressure, PSI) in each cgroup below its root
 * and declares an OOM when it lasts. Who is killed is then decided as always: by
 * the bpf_oom_ops policies that are attached there, or by the kernel.
 *
 * Whose pressure counts
 *	That of leaves, cgroups without children: they are where tasks are, so an
 *	inner cgroup only repeats what is known, and mixes the pressure of one that
 *	is at its limit with that of its neighbours. Not that of the system, which
 *	has in it how long kswapd works while nobody waits for it.
 *	The pressure must be above the threshold in some windows one after the other;
 *	a short burst is nothing.
 *
 * Where the OOM is declared
 *	If the leaf, or a cgroup above it up to the root of the policy, is at its
 *	limit (memory.high or memory.max): there, as the kernel would. It harms
 *	nobody else, so it is given more time, and must stall for longer.
 *	If not, the machine must be short of memory: little is free or page cache
 *	that nobody uses, and swap is full or does not help. The OOM is then
 *	declared in the leaf that causes it, which is rarely the one that stalls: a
 *	server that reads its files again and again suffers from a neighbour that
 *	leaks. The cause is the leaf that will be the largest soon, if it goes on to
 *	grow as it did since the pressure began. Page cache and what memory.low and
 *	memory.min protect do not count; nor does a leaf in which nobody may be
 *	killed.
 *
 * When nothing is done
 *	Whenever there is doubt: there is memory left, nobody is to blame, another
 *	OOM is being handled, one was declared a moment ago, too many in the last
 *	minute, something cannot be read. The kernel's own OOM killer remains.
 */
#include <bpf_oom/memcg.bpf.h>

/* --- options -------------------------------------------------------------- */

/**
 * DOC: options
 *
 * cgroup_id: the root of the policy, set by bpfoom --cgroup; 0: the whole system.
 *
 * some_us, full_us, window_us: stall of some tasks, and of all tasks at a time, in
 *	a window, that counts as pressure. 0: not looked at. A tenth of the time is
 *	where a service becomes slow; a trigger of 100 ms in 1 s on the system
 *	fired 7 s after a leak began that the kernel ended after 30 s. full says
 *	the same for a leaf of one task and less for others, so it is off.
 *	Half a second, since a leak may need less than two for what is left when
 *	others begin to wait.
 * duration: so many windows one after the other, when the machine is short of
 *	memory. With 4 a burst of a second and a half is never enough.
 * swap_duration: the same while there is swap left. Some seconds of swapping are
 *	what swap is for; when it goes on, it does not help.
 * limit_us, limit_duration: for a cgroup at its own limit. It was put there on
 *	purpose, and others do not notice: so half of the time, and for longer.
 * depth: levels of cgroups below the root that are looked at; those on the last
 *	one count as leaves. 0: the root only. Each costs a kernel thread that
 *	sleeps. By default all.
 * low_percent: the machine is short of memory when free memory, page cache that
 *	is not in use and reclaimable slab together are less than this part of it.
 * urgent_percent: when they and the rest of the page cache are less than this, and
 *	swap is full, one window is enough: what is left may be gone in the next.
 *	This is where earlyoom kills without any pressure.
 * swap_percent: swap is full when less than this part of it is free; a tenth, as
 *	in earlyoom.
 * lookahead_s: how far the growth of a leaf is carried on to find the cause. 0:
 *	only the size counts. With 10 s a leak is found while it is still smaller
 *	than a server that does not grow.
 * cooldown_ms: nothing is declared for so long after an OOM. A victim is gone in
 *	less, but pressure lasts until caches have been read again.
 * kills_per_minute: at most 64. Who needs more has a problem that kills do not
 *	solve.
 * observe_only: only count, and tell the trace pipe.
 */
const volatile __u64 cgroup_id;
const volatile __u32 some_us = 50000;
const volatile __u32 full_us;
const volatile __u32 window_us = 500000;
const volatile __u32 duration = 4;
const volatile __u32 swap_duration = 10;
const volatile __u32 limit_us = 250000;
const volatile __u32 limit_duration = 10;
const volatile __u32 depth = 64;
const volatile __u32 low_percent = 20;
const volatile __u32 urgent_percent = 10;
const volatile __u32 swap_percent = 10;
const volatile __u32 lookahead_s = 10;
const volatile __u32 cooldown_ms = 5000;
const volatile __u32 kills_per_minute = 6;
const volatile bool observe_only;

/*
 * some_us for a cgroup and those below it, by id; 0: its pressure does not count.
 * The next one above decides. bpfoom attach --set threshold@PATH=US.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u32);
} threshold SEC(".maps");

/* Why init has refused the options. bpfoom shows it. */
char refusal[96] SEC(".data.refusal");

/* --- what it has seen: bpftool map dump name .data.psi_guard -------------- */

struct psi_guard_stats {
	__u64 watched;		/* cgroups, now */
	__u64 not_watched;	/* for lack of triggers or memory */
	__u64 events;		/* of leaves */
	__u64 plenty;		/* it lasted, but the machine has memory */
	__u64 swapping;		/* it lasted, but there is swap left */
	__u64 percent;		/* of memory to be had, at the last look */
	__u64 active_percent;	/* of memory that is page cache in use */
	__u64 nobody;		/* nobody to blame */
	__u64 cooling;		/* an OOM was declared a moment ago */
	__u64 too_many;		/* kills in the last minute */
	__u64 observed;		/* OOMs not declared because of observe_only */
	__u64 declared;		/* OOMs */
	__u64 at_limit;		/* of these and of the observed, at a limit */
	__u64 killed;		/* OOMs that made memory come free */
	__u64 last_cgroup_id;	/* where the last one was, declared or observed */
	__s64 last_ret;		/* of bpf_out_of_memory() */
} stats SEC(".data.psi_guard");

/* -------------------------------------------------------------------------- */

char LICENSE[] SEC("license") = "GPL";

#define ENOENT 2
#define ENODEV 19
#define EINVAL 22

#define NSEC_PER_USEC 1000ULL
#define NSEC_PER_MSEC 1000000ULL
#define NSEC_PER_SEC 1000000000ULL
#define PAGE_SIZE 4096ULL
#define ROOT_ID 1
#define MAX_LEVELS 64
#define MAX_KILLS 64
#define MAX_LEAVES 4096

/* A growth that was measured over less is not carried on. */
#define SAMPLE_MIN_NS (NSEC_PER_SEC / 4)
#define SAMPLE_MAX_NS (10 * NSEC_PER_SEC)

extern struct cgroup *bpf_cgroup_ancestor(struct cgroup *cgrp, int level) __ksym __weak;

/* Counters of the kernel, without types in BTF. */
extern const void vm_zone_stat __ksym __weak;
extern const void vm_node_stat __ksym __weak;
extern const void _totalram_pages __ksym __weak;
extern const void nr_swap_pages __ksym __weak;
extern const void total_swap_pages __ksym __weak;

/*
 * Callbacks of a policy do not overlap, so nothing here needs a lock.
 */

static int root_level;
static u64 last_event_ns, next_sample_ns, quiet_until_ns;
static u64 kills[MAX_KILLS];
static u64 nr_kills;
/* A number that the verifier does not know: it would try all of them. */
static u32 nr_ids;
static u64 ids[BPF_PSI_MAX_TRIGGERS];

struct streak_key {
	u64 cgroup_id;
	u64 full;
};

/**
 * struct streak - pressure of a cgroup in windows one after the other
 * @last_ns: when the last of them ended
 * @stalled_ns: all that the cgroup has stalled until then
 * @events: how often the trigger has fired until then
 * @windows: how many, with a stall above the threshold
 * @limit_windows: the last so many of them with one above limit_us
 */
struct streak {
	u64 last_ns;
	u64 stalled_ns;
	u64 events;
	u32 windows;
	u32 limit_windows;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BPF_PSI_MAX_TRIGGERS);
	__type(key, struct streak_key);
	__type(value, struct streak);
} streaks SEC(".maps");

/**
 * struct past_size - how large a leaf was when the pressure began, or we
 * @ns: when that was
 * @bytes: how large
 */
struct past_size {
	u64 ns;
	u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_LEAVES);
	__type(key, u64);
	__type(value, struct past_size);
} samples SEC(".maps");

/* --- is the machine short of memory? -------------------------------------- */

/* Arrays of long, or a long. */
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

/*
 * Page cache is memory that can be had at once, unless it is in use: what has been
 * used again lately is active, and taking it makes somebody wait. With swap a
 * machine stalls with much of that, for then other memory is taken, too. Free
 * memory alone says nothing: all but a little becomes cache in time.
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

/* --- who causes it? ------------------------------------------------------- */

static u64 without(u64 bytes, u64 less)
{
	return bytes > less ? bytes - less : 0;
}

static u64 protection(struct mem_cgroup *memcg)
{
	u64 min = memcg->memory.min, low = memcg->memory.low;

	return (min > low ? min : low) * PAGE_SIZE;
}

static u64 id_of(struct mem_cgroup *memcg)
{
	return memcg->css.cgroup->kn->id;
}

static void sample(struct mem_cgroup *memcg, u64 now)
{
	u64 id = id_of(memcg);
	struct past_size *old = bpf_map_lookup_elem(&samples, &id);
	struct past_size new = { .ns = now };

	if (old && now - old->ns < SAMPLE_MAX_NS)
		return;
	new.bytes = memcg_held(memcg);
	bpf_map_update_elem(&samples, &id, &new, BPF_ANY);
}

static u64 size_soon(struct mem_cgroup *memcg, u64 now)
{
	u64 bytes = memcg_held(memcg), id = id_of(memcg), grown, ns;
	struct past_size *old = bpf_map_lookup_elem(&samples, &id);
	u64 size = without(bytes, protection(memcg));

	if (!size || !old || old->bytes >= bytes)
		return size;
	grown = bytes - old->bytes;
	ns = now - old->ns;
	if (ns < SAMPLE_MIN_NS)
		return size;
	/* In ms, so that it does not overflow. */
	return size + grown * lookahead_s * 1000 / (ns / NSEC_PER_MSEC);
}

static bool has_victim(struct mem_cgroup *memcg)
{
	struct bpf_iter_css_task it;
	struct task_struct *task;
	bool found = false;

	if (!bpf_iter_css_task_new(&it, &memcg->css, CSS_TASK_ITER_PROCS)) {
		while ((task = bpf_iter_css_task_next(&it))) {
			if (!task_is_unkillable(task)) {
				found = true;
				break;
			}
		}
	}
	bpf_iter_css_task_destroy(&it);
	return found;
}

/*
 * Looks at all leaves in the memory controller below @root. With @find: returns
 * a reference to the one that is to blame, or NULL. Without: samples them.
 */
static struct mem_cgroup *look_at_leaves(struct mem_cgroup *root, u64 now, bool find)
{
	struct mem_cgroup *memcg, *smaller, *worst = NULL;
	struct cgroup_subsys_state *css;
	u64 size, worst_size = 0;
	int parent, has_children = 0;
	bool leaf;

	bpf_rcu_read_lock();
	bpf_for_each(css, css, &root->css, BPF_CGROUP_ITER_DESCENDANTS_POST) {
		/* Removed cgroups linger here, but without tasks. */
		if (!(css->flags & CSS_ONLINE))
			continue;
		/* Children come right before their parent. */
		parent = BPF_CORE_READ(css, parent, id); /* of the root: 0 */
		leaf = css->id != has_children && parent;
		has_children = parent;
		if (!leaf)
			continue;
		memcg = bpf_get_mem_cgroup(css);
		if (!memcg)
			continue;
		if (find) {
			size = size_soon(memcg, now);
			if (size > worst_size && has_victim(memcg)) {
				smaller = worst;
				worst = memcg;
				memcg = smaller;
				worst_size = size;
			}
		} else {
			sample(memcg, now);
		}
		if (memcg)
			bpf_put_mem_cgroup(memcg);
	}
	bpf_rcu_read_unlock();
	return worst;
}

/* A reference, or NULL. */
static struct mem_cgroup *memcg_of(u64 id)
{
	struct mem_cgroup *memcg;
	struct cgroup *cgrp;

	cgrp = bpf_cgroup_from_id(id);
	if (!cgrp)
		return NULL;
	memcg = bpf_get_mem_cgroup(&cgrp->self);
	bpf_cgroup_release(cgrp);
	return memcg;
}

static struct mem_cgroup *look_below_root(u64 now, bool find)
{
	struct mem_cgroup *root, *worst;

	root = memcg_of(cgroup_id ?: ROOT_ID);
	if (!root)
		return NULL;
	bpf_mem_cgroup_flush_stats(root);
	worst = look_at_leaves(root, now, find);
	bpf_put_mem_cgroup(root);
	return worst;
}

static bool at_limit(struct mem_cgroup *memcg)
{
	u64 max = memcg->memory.max, high = memcg->memory.high;
	u64 limit = high < max ? high : max;

	/* What one reclaim frees and what is charged in advance make it sway. */
	return (u64)memcg->memory.usage.counter >= limit - limit / 16;
}

/* The lowest cgroup at its limit, from here up to the root: a reference, or NULL. */
static struct mem_cgroup *find_limit(struct cgroup *cgrp)
{
	struct mem_cgroup *memcg;
	struct cgroup *ancestor;
	int i, level;

	bpf_for(i, 0, MAX_LEVELS) {
		level = cgrp->level - i;
		if (level < root_level || level < 1)
			break;
		ancestor = bpf_cgroup_ancestor(cgrp, level);
		if (!ancestor)
			break;
		memcg = bpf_get_mem_cgroup(&ancestor->self);
		bpf_cgroup_release(ancestor);
		if (!memcg)
			continue;
		if (at_limit(memcg))
			return memcg;
		bpf_put_mem_cgroup(memcg);
	}
	return NULL;
}

/* --- declare it ----------------------------------------------------------- */

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
	stats.at_limit += limit;
	stats.last_cgroup_id = id;
	stats.last_ret = ret;
	/* Also when another OOM is being handled: it does the same good. */
	quiet_until_ns = now + cooldown_ms * NSEC_PER_MSEC;
	if (ret != 1)
		return;
	kills[nr_kills++ % kills_per_minute % MAX_KILLS] = now;
	stats.killed += !observe_only;
}

static void short_of_memory(struct streak *s)
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
	memcg = look_below_root(bpf_ktime_get_ns(), true);
	if (!memcg) {
		stats.nobody++;
		return;
	}
	declare_in(memcg, false);
	bpf_put_mem_cgroup(memcg);
}

/* --- pressure ------------------------------------------------------------- */

/* By the clock of the triggers, which is brought up to date before one fires. */
static u64 stalled_ns(struct cgroup *cgrp, u32 full)
{
	u32 state = bpf_core_enum_value(enum psi_states, PSI_MEM_SOME) + full;
	u32 states = bpf_core_enum_value(enum psi_states, NR_PSI_STATES) - 1;
	u32 clock = bpf_core_enum_value(enum psi_aggregators, PSI_POLL);
	struct psi_group *group = cgrp->psi;
	/* total[clock][state]; in BTF such an array has one dimension. */
	u64 *total = (void *)&group->total;
	u64 ns = 0;

	bpf_probe_read_kernel(&ns, sizeof(ns), total + clock * states + state);
	return ns;
}

/*
 * Triggers fire once per window while there is pressure, give or take a tenth. We
 * are told of several at once if we were busy.
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

/* When it begins, and again when it does not end. */
static void sample_if_due(u64 now)
{
	bool begins = now - last_event_ns > 2 * NSEC_PER_USEC * window_us;

	last_event_ns = now;
	if (!lookahead_s || (!begins && now < next_sample_ns))
		return;
	next_sample_ns = now + SAMPLE_MAX_NS;
	look_below_root(now, false);
}

static void pressure(struct cgroup *cgrp, struct bpf_psi_trigger *t)
{
	u64 now = bpf_ktime_get_ns();
	struct mem_cgroup *limited;
	struct streak *s;

	stats.events++;
	s = count_windows(cgrp, t);
	if (!s)
		return;
	if (now < quiet_until_ns) {
		s->windows = 0;
		s->limit_windows = 0;
		stats.cooling++;
		return;
	}
	limited = find_limit(cgrp);
	if (!limited) {
		short_of_memory(s);
		sample_if_due(now);
		return;
	}
	if (s->limit_windows >= limit_duration)
		declare_in(limited, true);
	bpf_put_mem_cgroup(limited);
}

static bool counts(struct cgroup *cgrp)
{
	return !cgrp->nr_descendants || cgrp->level - root_level >= (int)depth;
}

SEC("struct_ops.s/handle_psi_event")
void BPF_PROG(psi_guard_event, struct bpf_psi *psi, struct bpf_psi_trigger *t)
{
	struct cgroup *cgrp;

	cgrp = bpf_cgroup_from_id(t->cgroup_id ?: ROOT_ID);
	if (!cgrp)
		return;
	if (counts(cgrp))
		pressure(cgrp, t);
	bpf_cgroup_release(cgrp);
}

/* --- cgroups come and go -------------------------------------------------- */

/* -1: no other than the others'. */
static s64 threshold_of(struct cgroup *cgrp)
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

static int watch(struct bpf_psi *psi, struct cgroup *cgrp)
{
	u32 before = psi->nr_triggers;
	s64 us = threshold_of(cgrp);
	u64 id = cgrp->kn->id;
	int ret = 0;

	if (!us)
		return 0;
	if (us < 0)
		us = some_us;
	if (us)
		ret = bpf_psi_create_trigger(psi, id, PSI_MEM, us, window_us);
	if (!ret && full_us)
		ret = bpf_psi_create_trigger(psi, id, PSI_MEM | BPF_PSI_FULL,
					     full_us, window_us);
	if (psi->nr_triggers > before)
		stats.watched++;
	else if (ret && ret != -ENOENT)
		stats.not_watched++;
	return ret;
}

/* Is it the root, or at most so many levels below it? */
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
		watch(psi, cgrp);
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
	stats.watched--;
}

/* --- begin ---------------------------------------------------------------- */

#define refuse(text)							\
	({								\
		__builtin_memcpy(refusal, text, sizeof(text));		\
		-EINVAL;						\
	})

static int check_options(void)
{
	if (!window_us || window_us > 10000000)
		return refuse("window_us must be from 1 to 10000000 (10 s)");
	if (!some_us && !full_us)
		return refuse("some_us and full_us are both 0, so nothing is looked at");
	if (some_us > window_us || full_us > window_us)
		return refuse("some_us and full_us must not be larger than window_us");
	if (limit_us > window_us)
		return refuse("limit_us must not be larger than window_us");
	if (!duration || !swap_duration || !limit_duration)
		return refuse("duration, swap_duration and limit_duration must be at least 1");
	if (low_percent > 100 || urgent_percent > 100 || swap_percent > 100)
		return refuse("low_percent, urgent_percent and swap_percent must be from 0 to 100");
	if (!kills_per_minute || kills_per_minute > MAX_KILLS)
		return refuse("kills_per_minute must be from 1 to 64; observe_only is for none");
	if (depth > MAX_LEVELS)
		return refuse("depth must be from 0 to 64");
	if (lookahead_s > 3600)
		return refuse("lookahead_s must be from 0 to 3600 (an hour)");
	return 0;
}

/* All else that a trigger is made of has been checked. */
static int bad_threshold(int err)
{
	return err == -EINVAL ? refuse("a threshold is larger than window_us") : err;
}

/* Triggers cannot be made under RCU. */
static void list_cgroups_below(struct cgroup *root)
{
	struct cgroup_subsys_state *css;
	struct cgroup *cgrp;
	u32 nr;

	bpf_rcu_read_lock();
	bpf_for_each(css, css, &root->self, BPF_CGROUP_ITER_DESCENDANTS_PRE) {
		cgrp = css->cgroup;
		if (cgrp->level == root_level || cgrp->level - root_level > (int)depth)
			continue;
		nr = nr_ids;
		if (nr >= BPF_PSI_MAX_TRIGGERS) {
			stats.not_watched++;
			continue;
		}
		ids[nr] = cgrp->kn->id;
		nr_ids++;
	}
	bpf_rcu_read_unlock();
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
	/* Growth is measured from here until there is pressure for the first time. */
	look_below_root(bpf_ktime_get_ns(), false);
	/* The root, also to know whether there is pressure to be had at all. */
	ret = watch(psi, root);
	if (ret)
		return bad_threshold(ret);
	nr_ids = 0;
	list_cgroups_below(root);
	bpf_for(i, 0, BPF_PSI_MAX_TRIGGERS) {
		if (i >= (int)nr_ids)
			break;
		cgrp = bpf_cgroup_from_id(ids[i]);
		if (!cgrp)
			continue;
		ret = watch(psi, cgrp);
		bpf_cgroup_release(cgrp);
		if (ret == -EINVAL)
			return bad_threshold(ret);
	}
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
