// SPDX-License-Identifier: GPL-2.0-only
/* A policy that runs wild is not asked any more */
#include <unistd.h>

#include <linux/types.h>
#include <bpf_oom/oom.h>

#include "harness.h"
#include "hooktest.h"
#include "klog.h"
#include "seen.h"

#define TASKS 8

static pid_t tasks[TASKS];

static void make_tasks(void)
{
	cg_make_limited("dom", 100);
	for (int i = 0; i < TASKS; i++)
		tasks[i] = hog("dom", 5, 0);
}

static void end_tasks(void)
{
	for (int i = 0; i < TASKS; i++)
		reap(tasks[i]);
	set_param("breaker_kills", "0");
	set_param("breaker_failures", "0");
	set_param("breaker_ms", "0");
}

/* An OOM that the policy answers with the kill of this task. */
static void kills(struct policy *p, int i)
{
	policy_control(p)->kill_pid[0] = tasks[i];
	one_oom("dom");
	CHECK(killed(tasks[i]), "task %d lives", i);
}

static void check_state(const char *policy, const char *want)
{
	const char *got = seen_file(policy, "breaker");

	CHECK(!strcmp(got, want), "the breaker is '%s', expected '%s'", got, want);
}

TEST(breaker_trips_after_too_many_kills_in_a_minute)
{
	struct policy *p;
	const char *r;
	int fd;

	make_tasks();
	p = policy_on("wild", "dom", 1);
	set_param("breaker_kills", "2");
	kills(p, 0);
	kills(p, 1);
	check_state("wild", "armed");
	kills(p, 2);
	check_state("wild", "kills");
	CHECK(klog_has("policy wild: BREAKER TRIPPED (kills)"), "the log does not tell");
	CHECK_EQ(klog_count("BREAKER"), 1);

	/* The kernel decides from now on. */
	policy_control(p)->kill_pid[0] = tasks[3];
	fd = records_open();
	one_oom("dom");
	CHECK_EQ(policy_control(p)->asked, 3);
	CHECK_EQ(seen_number("wild", "bypassed"), 1);
	CHECK_EQ(seen_number("wild", "asked"), 3);
	r = record_of(fd, "default");
	check_record_number(r, "asked", 0);
	CHECK(strstr(record_has(r, "declined", 0), " bypassed"), "declined=%s",
	      record_value(r, "declined", 0));
	close(fd);

	/* Re-armed, it may do as much again. */
	CHECK_EQ(seen_write("wild", "breaker", "on"), -EINVAL);
	check_state("wild", "kills");
	CHECK_EQ(seen_write("wild", "breaker", "armed\n"), 0);
	check_state("wild", "armed");
	one_oom("dom");
	CHECK_EQ(policy_control(p)->asked, 4);
	check_state("wild", "armed");
	end_tasks();
	policy_close(p);
}

TEST(breaker_is_passed_over_for_the_next_policy)
{
	struct policy *p, *next;

	make_tasks();
	p = policy_on("wild", "dom", 1);
	next = policy_on("next", "dom", 1);
	set_param("breaker_kills", "1");
	kills(p, 0);
	kills(p, 1);
	check_state("wild", "kills");
	CHECK_EQ(policy_control(next)->asked, 0);
	kills(next, 2);
	CHECK_EQ(policy_control(p)->asked, 2);
	check_state("next", "armed");
	end_tasks();
	policy_close(p);
	policy_close(next);
}

TEST(breaker_trips_after_failures_in_a_row)
{
	struct policy *p;

	make_tasks();
	p = policy_on("failing", "dom", -12);
	set_param("breaker_failures", "2");
	one_oom("dom");
	/* A success in between: it is not in a row. */
	policy_control(p)->ret = 0;
	one_oom("dom");
	policy_control(p)->ret = -12;
	one_oom("dom");
	check_state("failing", "armed");
	one_oom("dom");
	check_state("failing", "failures");
	CHECK(klog_has("BREAKER TRIPPED (failures)"), "the log does not tell");
	one_oom("dom");
	CHECK_EQ(policy_control(p)->asked, 4);
	end_tasks();
	policy_close(p);
}

TEST(breaker_counts_a_kill_that_is_refused_as_a_failure)
{
	struct policy *p;
	pid_t out;

	make_tasks();
	cg_make("out");
	out = hog("out", 5, 0);
	p = policy_on("reaching", "dom", 1);
	policy_control(p)->kill_pid[0] = out;
	set_param("breaker_failures", "1");
	one_oom("dom");
	check_state("reaching", "failures");
	end_tasks();
	reap(out);
	policy_close(p);
}

TEST(breaker_trips_when_a_handler_takes_too_long)
{
	struct policy *p;

	make_tasks();
	p = policy_on("slow", "dom", 0);
	policy_control(p)->spin_ns = 300000000;
	set_param("breaker_ms", "200");
	one_oom("dom");
	check_state("slow", "time");
	CHECK(klog_has("BREAKER TRIPPED (time)"), "the log does not tell");
	one_oom("dom");
	CHECK_EQ(policy_control(p)->asked, 1);
	end_tasks();
	policy_close(p);
}

TEST(breaker_limits_of_a_policy_win)
{
	struct policy *strict = policy_open("strict", NULL), *lax;

	make_tasks();
	policy_ops(strict)->breaker_failures = 1;
	policy_control(strict)->ret = -12;
	policy_start(strict);
	lax = policy_open("lax", NULL);
	policy_ops(lax)->breaker_failures = BPF_OOM_BREAKER_OFF;
	policy_control(lax)->ret = -12;
	policy_start(lax);
	set_param("breaker_failures", "2");
	one_oom("dom");
	check_state("strict", "failures");
	one_oom("dom");
	one_oom("dom");
	check_state("lax", "armed");
	CHECK_EQ(policy_control(lax)->asked, 3);
	end_tasks();
	policy_close(strict);
	policy_close(lax);
}

TEST(breaker_is_not_tripped_by_a_dry_run_that_would_kill)
{
	struct policy *p = policy_open("dry", NULL);
	pid_t small;

	make_tasks();
	/* The kernel, which does kill, takes one of the others. */
	small = hog("dom", 1, 0);
	policy_ops(p)->flags = BPF_OOM_F_DRY_RUN;
	policy_control(p)->kill_pid[0] = small;
	policy_control(p)->ret = 1;
	policy_start(p);
	set_param("breaker_kills", "1");
	for (int i = 0; i < 3; i++) {
		policy_control(p)->kill_ret[0] = 1;
		policy_control(p)->killed[0] = 0;
		one_oom("dom");
		CHECK_EQ(policy_control(p)->kill_ret[0], 0);
	}
	CHECK(alive(small), "the dry run killed");
	check_state("dry", "armed");
	end_tasks();
	reap(small);
	policy_close(p);
}

TEST(breaker_is_armed_for_a_policy_that_takes_the_place)
{
	struct policy *p, *by;

	make_tasks();
	p = policy_on("failing", "dom", -12);
	set_param("breaker_failures", "1");
	one_oom("dom");
	check_state("failing", "failures");
	by = policy_loaded("better", "dom");
	CHECK_EQ(policy_replace(p, by), 0);
	check_state("better", "armed");
	one_oom("dom");
	CHECK_EQ(policy_control(by)->asked, 1);
	end_tasks();
	policy_close(p);
	policy_close(by);
}

TEST(breaker_is_not_tripped_by_rehearsals)
{
	struct policy *p;

	make_tasks();
	p = policy_on("failing", "dom", -12);
	set_param("breaker_failures", "1");
	CHECK_EQ(rehearse("failing"), 0);
	check_state("failing", "armed");
	one_oom("dom");
	check_state("failing", "failures");
	/* It may still be asked what it would do. */
	CHECK_EQ(rehearse("failing"), 0);
	CHECK_EQ(policy_control(p)->asked, 3);
	end_tasks();
	policy_close(p);
}
