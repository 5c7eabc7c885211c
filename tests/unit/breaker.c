// SPDX-License-Identifier: GPL-2.0-only
/*
 * The breaker: when it trips, for whom, and for how long
 */
#include "kernel.h"

#include "policy/breaker.h"
#include "unit.h"

/* The defaults that SECURITY.md and modinfo document */
#define KILLS 120
#define FAILURES 10
#define MS 10000
#define PAUSE 60
#define PAUSE_MAX 3600

static struct breaker b;
static struct bpf_oom_ops ops = { .name = "wild" };

static const struct breaker_event nothing, failed = { .failed = true },
				  killed = { .killed = true };

/* Returns the cgroup with this id, below the root. */
static struct cgroup *tenant(u64 id)
{
	static struct cgroup cgrp;
	static char path[32];

	snprintf(path, sizeof(path), "/tenant%llu", id);
	cgrp = (struct cgroup) { .id = id, .path = path };
	return &cgrp;
}

/* Returns the result of the last call. */
static const char *watch(struct cgroup *cgrp, const struct breaker_event *event,
			 unsigned int times)
{
	const char *why = NULL;

	while (times--)
		why = bpf_oom_breaker_watch(&b, &ops, cgrp, event);
	return why;
}

static bool bypasses(struct cgroup *cgrp)
{
	return bpf_oom_breaker_bypasses(&b, &ops, cgrp);
}

static void trip(struct cgroup *cgrp)
{
	CHECK_STR(watch(cgrp, &failed, FAILURES), "failures");
}

static const char *took_ms(u64 ms)
{
	struct breaker_event event = { .cpu_ns = ms * NSEC_PER_MSEC };

	return watch(NULL, &event, 1);
}

static const char *show(void)
{
	static char page[PAGE_SIZE];
	ssize_t len = bpf_oom_breaker_show(&b, page);

	CHECK_EQ(strlen(page), len);
	return page;
}

TEST(breaker_is_armed_at_first)
{
	bpf_oom_breaker_init(&b);
	CHECK(!bypasses(NULL), "bypassed");
	CHECK_STR(show(), "armed\n");
}

TEST(breaker_kills_up_to_the_limit_are_allowed)
{
	CHECK(!watch(NULL, &killed, KILLS), "tripped at the limit");
	CHECK(!bypasses(NULL), "bypassed");
}

TEST(breaker_a_kill_more_than_the_limit_trips)
{
	CHECK_STR(watch(NULL, &killed, KILLS + 1), "kills");
	CHECK(bypasses(NULL), "still asked");
	CHECK_STR(show(), "kills 0 60\n");
}

TEST(breaker_an_oom_that_changes_nothing_counts_for_nothing)
{
	CHECK(!watch(NULL, &nothing, 10 * KILLS), "tripped");
	CHECK_STR(show(), "armed\n");
}

TEST(breaker_kills_of_a_minute_ago_do_not_count)
{
	CHECK(!watch(NULL, &killed, KILLS), "tripped at the limit");
	kernel_seconds += 60;
	CHECK(!watch(NULL, &killed, KILLS), "old kills were counted");
}

TEST(breaker_kills_of_the_last_minute_count)
{
	CHECK(!watch(NULL, &killed, KILLS), "tripped at the limit");
	kernel_seconds += 59;
	CHECK_STR(watch(NULL, &killed, 1), "kills");
}

/* Two kills per second are allowed for any time. */
TEST(breaker_kills_leave_the_minute_one_slot_after_the_other)
{
	unsigned int i;

	for (i = 0; i < 600; i++, kernel_seconds++)
		CHECK(!watch(NULL, &killed, 2), "tripped in second %u", i);
	CHECK_STR(watch(NULL, &killed, 21), "kills");
}

TEST(breaker_failures_below_the_limit_are_allowed)
{
	CHECK(!watch(NULL, &failed, FAILURES - 1), "tripped");
}

TEST(breaker_failures_at_the_limit_trip)
{
	CHECK_STR(watch(NULL, &failed, FAILURES), "failures");
	CHECK_STR(show(), "failures 0 60\n");
}

TEST(breaker_failures_count_in_a_row)
{
	watch(NULL, &failed, FAILURES - 1);
	watch(NULL, &nothing, 1);
	CHECK(!watch(NULL, &failed, FAILURES - 1), "what was not in a row was counted");
	CHECK_STR(watch(NULL, &failed, 1), "failures");
}

TEST(breaker_failures_count_however_far_apart)
{
	unsigned int i;

	for (i = 1; i < FAILURES; i++, kernel_seconds += 86400)
		CHECK(!watch(NULL, &failed, 1), "tripped by number %u", i);
	CHECK_STR(watch(NULL, &failed, 1), "failures");
}

TEST(breaker_time_at_the_limit_is_allowed)
{
	struct breaker_event event = { .cpu_ns = (MS + 1) * NSEC_PER_MSEC - 1 };

	CHECK(!took_ms(MS), "tripped");
	CHECK(!watch(NULL, &event, 1), "tripped by less than a millisecond");
}

TEST(breaker_a_millisecond_more_than_the_limit_trips)
{
	CHECK_STR(took_ms(MS + 1), "time");
	CHECK_STR(show(), "time 0 60\n");
}

TEST(breaker_limits_of_the_policy_come_before_those_of_the_module)
{
	ops.breaker_kills = 2;
	ops.breaker_failures = 3;
	ops.breaker_ms = 5;
	CHECK(!watch(NULL, &killed, 2), "tripped at its limit of kills");
	CHECK_STR(watch(NULL, &killed, 1), "kills");
	CHECK(!watch(NULL, &failed, 2), "tripped below its limit of failures");
	CHECK_STR(watch(NULL, &failed, 1), "failures");
	CHECK(!took_ms(5), "tripped at its limit of time");
	CHECK_STR(took_ms(6), "time");
}

TEST(breaker_a_policy_can_switch_it_off)
{
	ops.breaker_kills = BPF_OOM_BREAKER_OFF;
	ops.breaker_failures = BPF_OOM_BREAKER_OFF;
	ops.breaker_ms = BPF_OOM_BREAKER_OFF;
	CHECK(!watch(NULL, &killed, 10 * KILLS), "tripped by kills");
	CHECK(!watch(NULL, &failed, 10 * FAILURES), "tripped by failures");
	CHECK(!took_ms(1000 * MS), "tripped by time");
}

TEST(breaker_a_parameter_of_0_switches_it_off)
{
	CHECK_EQ(kernel_set_param("breaker_kills", "0"), 0);
	CHECK_EQ(kernel_set_param("breaker_failures", "0"), 0);
	CHECK_EQ(kernel_set_param("breaker_ms", "0"), 0);
	CHECK(!watch(NULL, &killed, 10 * KILLS), "tripped by kills");
	CHECK(!watch(NULL, &failed, 10 * FAILURES), "tripped by failures");
	CHECK(!took_ms(1000 * MS), "tripped by time");
}

TEST(breaker_parameters_are_the_limits_of_policies_without_their_own)
{
	CHECK_EQ(kernel_set_param("breaker_failures", "2"), 0);
	CHECK(!watch(NULL, &failed, 1), "tripped");
	CHECK_STR(watch(NULL, &failed, 1), "failures");
}

TEST(breaker_parameters_are_set_with_the_capability_only)
{
	kernel_capable = false;
	CHECK_EQ(kernel_set_param("breaker_kills", "0"), -EPERM);
	CHECK_EQ(kernel_set_param("breaker_failures", "0"), -EPERM);
	CHECK_EQ(kernel_set_param("breaker_ms", "0"), -EPERM);
	CHECK_EQ(kernel_set_param("breaker_pause", "0"), -EPERM);
	CHECK_STR(watch(NULL, &failed, FAILURES), "failures");
}

TEST(breaker_bypasses_until_the_pause_is_over)
{
	trip(NULL);
	kernel_seconds += PAUSE - 1;
	CHECK(bypasses(NULL), "asked a second before its time");
	CHECK_STR(show(), "failures 0 1\n");
	CHECK_EQ(kernel_log_lines("asked again"), 0);
	kernel_seconds++;
	CHECK_STR(show(), "armed\n");
	CHECK(!bypasses(NULL), "bypassed when its time had come");
	CHECK_EQ(kernel_log_lines("policy wild: asked again about OOMs of the system"), 1);
}

TEST(breaker_tells_once_that_it_is_armed_again)
{
	trip(NULL);
	kernel_seconds += PAUSE;
	bypasses(NULL);
	bypasses(NULL);
	CHECK_EQ(kernel_log_lines("asked again"), 1);
}

TEST(breaker_armed_again_allows_as_much_as_at_first)
{
	watch(NULL, &failed, FAILURES - 1);
	CHECK_STR(watch(NULL, &killed, KILLS + 1), "kills");
	kernel_seconds += PAUSE;
	CHECK(!bypasses(NULL), "bypassed");
	CHECK(!watch(NULL, &killed, KILLS), "kills from before were counted");
	CHECK(!watch(NULL, &failed, FAILURES - 1), "failures from before were counted");
}

TEST(breaker_pause_doubles_up_to_an_hour)
{
	static const unsigned int pauses[] = { 60, 120, 240, 480, 960, 1920, 3600, 3600 };
	char line[40];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pauses); i++) {
		trip(NULL);
		snprintf(line, sizeof(line), "failures 0 %u\n", pauses[i]);
		CHECK_STR(show(), line);
		kernel_seconds += pauses[i];
	}
}

TEST(breaker_pause_is_remembered_for_twenty_times_its_length)
{
	trip(NULL);
	kernel_seconds += PAUSE + 20 * PAUSE - 1;
	trip(NULL);
	CHECK_STR(show(), "failures 0 120\n");
}

TEST(breaker_pause_is_forgotten_after_twenty_times_its_length)
{
	trip(NULL);
	kernel_seconds += PAUSE + 20 * PAUSE;
	trip(NULL);
	CHECK_STR(show(), "failures 0 60\n");
}

TEST(breaker_pause_is_at_least_a_second)
{
	CHECK_EQ(kernel_set_param("breaker_pause", "0"), 0);
	trip(NULL);
	CHECK_STR(show(), "failures 0 1\n");
}

TEST(breaker_pause_is_at_most_an_hour)
{
	CHECK_EQ(kernel_set_param("breaker_pause", "4294967295"), 0);
	trip(NULL);
	CHECK_STR(show(), "failures 0 3600\n");
}

TEST(breaker_trips_for_the_domain_only_in_which_it_was)
{
	trip(tenant(7));
	CHECK(bypasses(tenant(7)), "asked about the cgroup");
	CHECK(!bypasses(tenant(8)), "not asked about another");
	CHECK(!bypasses(NULL), "not asked about the system");
	CHECK_STR(show(), "failures 7 60\n");
	CHECK_HAS(kernel_log,
		  "policy wild: BREAKER TRIPPED (failures): not asked about OOMs of /tenant7 for 60 s;");
}

TEST(breaker_counts_each_domain_for_itself)
{
	watch(tenant(7), &failed, FAILURES - 1);
	CHECK(!watch(tenant(8), &failed, FAILURES - 1), "tripped for another");
	CHECK(!watch(NULL, &failed, FAILURES - 1), "tripped for the system");
	CHECK_STR(watch(tenant(7), &failed, 1), "failures");
}

TEST(breaker_has_no_entry_for_what_did_nothing_bad)
{
	watch(tenant(7), &nothing, 1);
	CHECK_EQ(b.domains[1].id, 0);
	watch(tenant(7), &killed, 1);
	CHECK_EQ(b.domains[1].id, 7);
}

/* Fills all entries but the system's: ids from 1000, one failure each, oldest first. */
static void fill(void)
{
	u64 i;

	for (i = 1; i < BREAKER_DOMAINS; i++, kernel_seconds++)
		watch(tenant(999 + i), &failed, 1);
}

TEST(breaker_a_full_table_has_forgotten_nobody)
{
	fill();
	CHECK_STR(watch(tenant(1000), &failed, FAILURES - 1), "failures");
}

/* By then the first one has been quiet for a minute. */
TEST(breaker_a_full_table_forgets_who_was_quiet_for_longest)
{
	fill();
	watch(tenant(5), &failed, 1);
	CHECK_STR(watch(tenant(1001), &failed, FAILURES - 1), "failures");
	CHECK(!watch(tenant(1000), &failed, FAILURES - 1), "the oldest was kept");
	CHECK_STR(watch(tenant(5), &failed, FAILURES - 1), "failures");
}

static void flood(void)
{
	u64 id;

	for (id = 5000; id < 6000; id++)
		watch(tenant(id), &killed, 1);
}

TEST(breaker_a_flood_of_domains_spares_who_is_about_to_trip)
{
	watch(tenant(7), &failed, FAILURES - 1);
	flood();
	CHECK_STR(watch(tenant(7), &failed, 1), "failures");
}

TEST(breaker_a_flood_of_domains_spares_who_has_tripped)
{
	trip(tenant(7));
	kernel_seconds += PAUSE - 1;
	flood();
	CHECK(bypasses(tenant(7)), "asked again");
}

TEST(breaker_a_flood_of_domains_spares_the_system)
{
	watch(NULL, &failed, FAILURES - 1);
	kernel_seconds += 3600;
	flood();
	CHECK_STR(watch(NULL, &failed, 1), "failures");
}

/* Number 7 trips first, but for the second time, so its pause is longer. */
TEST(breaker_when_all_have_tripped_the_one_to_be_armed_first_goes)
{
	u64 id;

	trip(tenant(7));
	kernel_seconds += PAUSE;
	trip(tenant(7));
	for (id = 8; id < 7 + BREAKER_DOMAINS - 1; id++, kernel_seconds++)
		trip(tenant(id));
	kernel_seconds -= 30;
	CHECK(bypasses(tenant(8)), "asked before there was no room");
	watch(tenant(5000), &failed, 1);
	CHECK(!bypasses(tenant(8)), "still bypassed");
	CHECK(bypasses(tenant(7)), "the wrong one went");
	CHECK(bypasses(tenant(9)), "the wrong one went");
}

TEST(breaker_shows_a_full_table_in_a_page)
{
	static const char line[] = "failures 18446744073709551615 3600\n";
	const char *at;
	u64 i;

	CHECK_EQ(kernel_set_param("breaker_pause", "3600"), 0);
	for (i = 0; i < BREAKER_DOMAINS - 1; i++)
		trip(tenant(-1ULL - i));
	trip(NULL);
	at = show();
	for (i = 0; (at = strchr(at, '\n')); i++)
		at++;
	CHECK_EQ(i, BREAKER_DOMAINS);
	CHECK_HAS(show(), line);
}

TEST(breaker_reset_arms_it_for_all_domains)
{
	trip(NULL);
	trip(tenant(7));
	watch(tenant(8), &failed, FAILURES - 1);
	bpf_oom_breaker_reset(&b);
	CHECK_STR(show(), "armed\n");
	CHECK(!bypasses(NULL), "not asked about the system");
	CHECK(!bypasses(tenant(7)), "not asked about the cgroup");
	CHECK(!watch(tenant(8), &failed, 1), "failures were not forgotten");
	CHECK_EQ(kernel_log_lines("asked again"), 0);
}

TEST(breaker_reset_forgets_past_pauses)
{
	trip(NULL);
	bpf_oom_breaker_reset(&b);
	trip(NULL);
	CHECK_STR(show(), "failures 0 60\n");
}

TEST(breaker_tenants_cannot_flood_the_log)
{
	u64 id;

	for (id = 100; id < 200; id++)
		trip(tenant(id));
	CHECK_EQ(kernel_log_lines("BREAKER TRIPPED"), 10);
	trip(NULL);
	CHECK_EQ(kernel_log_lines("OOMs of the system"), 1);
}
