/* SPDX-License-Identifier: GPL-2.0-only */
/* psi-guard: options, to be set before load */
#ifndef _PSI_GUARD_OPTIONS_BPF_H
#define _PSI_GUARD_OPTIONS_BPF_H

#include <bpf_oom/common.bpf.h>

#define EINVAL 22

#define MAX_LEVELS 64
#define MAX_KILLS 64

/**
 * DOC: options
 *
 * cgroup_id: the root of the policy, set by bpfoom --cgroup; 0: the whole system.
 *
 * some_us, full_us, window_us: pressure is a stall of some tasks for some_us, or of all
 *	tasks at a time for full_us, in a window of window_us. 0: ignore this kind. A
 *	service becomes slow when it stalls for a tenth of the time; a trigger of 100 ms
 *	in 1 s on the system fired 7 s after the beginning of a leak that the kernel
 *	ended after 30 s. "full" says the same for a leaf of one task and less for
 *	others, so it is off. The window is half a second, since when others begin to
 *	wait a leak may need less than two seconds to take the rest of memory.
 * duration: number of consecutive windows, when the machine is short of
 *	memory. With 4 a burst of a second and a half is never enough.
 * swap_duration: the same while there is swap left. Swap is meant for some seconds of
 *	swapping; when it goes on, it does not help.
 * limit_us, limit_duration: for a cgroup at its own limit. The limit was set on
 *	purpose, and others do not suffer: so half of the time, and for longer.
 * depth: levels of cgroups below the root that are looked at; those on the last
 *	one count as leaves. 0: the root only. By default all.
 * max_triggers: each costs a sleeping kernel thread, some 30 kB. Cgroups without one
 *	are looked at every two seconds, which is too late only if memory runs out in
 *	less.
 * low_percent: the machine is short of memory when free memory, page cache that
 *	is not in use and reclaimable slab together are less than this part of it.
 * urgent_percent: when they and the rest of the page cache are less than this, and
 *	swap is full, one window is enough: what is left may be gone in the next.
 *	At this point earlyoom kills without any pressure.
 * swap_percent: swap is full when less than this part of it is free; a tenth, as
 *	in earlyoom.
 * lookahead_s: how far the growth of a leaf is extrapolated to find the cause. 0:
 *	only the size counts. With 10 s a leak is found while it is still smaller
 *	than a server that does not grow.
 * cooldown_ms: nothing is declared for this time after an OOM. A victim exits in
 *	less, but pressure lasts until caches have been read again.
 * kills_per_minute: at most 64. A system that needs more has a problem that kills do
 *	not solve.
 * observe_only: only count, and write to the trace pipe.
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
const volatile __u32 max_triggers = BPF_PSI_MAX_TRIGGERS;
const volatile __u32 low_percent = 20;
const volatile __u32 urgent_percent = 10;
const volatile __u32 swap_percent = 10;
const volatile __u32 lookahead_s = 10;
const volatile __u32 cooldown_ms = 5000;
const volatile __u32 kills_per_minute = 6;
const volatile bool observe_only;

/*
 * some_us for a cgroup and those below it, by id; 0: its pressure does not count.
 * The nearest ancestor with an entry counts. bpfoom attach --set threshold@PATH=US.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u32);
} threshold SEC(".maps");

/* Tells why init has refused the options; bpfoom prints it. */
char refusal[96] SEC(".data.refusal");

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
	if (!max_triggers || max_triggers > BPF_PSI_MAX_TRIGGERS)
		return refuse("max_triggers must be from 1 to 1024");
	if (lookahead_s > 3600)
		return refuse("lookahead_s must be from 0 to 3600 (an hour)");
	return 0;
}

#endif /* _PSI_GUARD_OPTIONS_BPF_H */
