// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's own score, as policies see it */
#include <limits.h>
#include <signal.h>

#include "harness.h"
#include "hooktest.h"
#include "util.h"

static long badness(pid_t pid)
{
	struct policy *p = able_on("scorer", "dom", 0);
	long points;

	policy_control(p)->badness_pid = pid;
	hooktest("oom %llu", cg_id("dom"));
	CHECK_EQ(policy_control(p)->asked, 1);
	points = policy_control(p)->badness;
	policy_close(p);
	return points;
}

/* With a process that the kernel prefers as the victim. */
static void make_domain(void)
{
	cg_make_limited("dom", 100);
	cg_make("dom/a");
	hog("dom/a", 1, 1000);
}

TEST(badness_is_the_size_in_pages)
{
	long points;
	pid_t pid;

	make_domain();
	pid = hog("dom/a", 20, 0);
	points = badness(pid);
	/* The score includes text, stack and page tables. */
	CHECK(points >= 20 * (long)MB / 4096 && points < 24 * (long)MB / 4096,
	      "%ld pages", points);
}

TEST(badness_is_shifted_by_oom_score_adj)
{
	long points;
	pid_t pid;

	make_domain();
	pid = hog("dom/a", 20, -500);
	points = badness(pid) + 500 * (100 * (long)MB / 4096 / 1000);
	CHECK(points >= 20 * (long)MB / 4096 && points < 24 * (long)MB / 4096,
	      "%ld pages", points);
}

TEST(badness_of_who_is_not_considered_is_long_min)
{
	pid_t pid;

	make_domain();
	CHECK_EQ(badness(1), LONG_MIN);
	hog("dom/a", 1, 1000);
	CHECK_EQ(badness(2), LONG_MIN); /* kthreadd */
	hog("dom/a", 1, 1000);
	pid = hog("dom/a", 10, -1000);
	CHECK_EQ(badness(pid), LONG_MIN);
	hog("dom/a", 1, 1000);
	pid = hog("dom/a", 10, 0);
	kill(pid, SIGKILL);
	CHECK(killed(pid), "no zombie");
	CHECK_EQ(badness(pid), LONG_MIN);
}
