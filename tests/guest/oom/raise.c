// SPDX-License-Identifier: GPL-2.0-only
/* Policies that raise a limit instead of killing */
#include <errno.h>
#include <unistd.h>

#include "harness.h"
#include "hooktest.h"
#include "klog.h"
#include "seen.h"
#include "util.h"

static void raise_to(struct policy *p, int i, const char *cg, unsigned int mb)
{
	policy_control(p)->raise_id[i] = cg_id(cg);
	policy_control(p)->raise_to[i] = mb * MB;
}

/* Runs a task that needs more than the limit, and is not killed. */
static void fits_in_the_end(const char *cg, unsigned int mb)
{
	pid_t pid = hog(cg, mb, 0);

	CHECK(alive(pid), "it died");
	CHECK_EQ(klog_count("Killed process"), 0);
	CHECK(!klog_count("oom_policy=default"), "the kernel decided");
}

/*
 * If a CPU returns a page of its stock, the policy is asked again after it has raised the
 * limit.
 */
static void check_raised(struct policy *p, int want)
{
	int ret = policy_control(p)->raise_ret[0];

	CHECK(ret == want || (!want && ret == -EINVAL && policy_control(p)->asked > 1),
	      "asked %u times, the last said %d", policy_control(p)->asked, ret);
}

/* The raised limit does not help, and the kernel kills the eater. */
static void is_killed(struct policy *p, const char *cg, int err)
{
	pid_t pid = oom_in(cg);

	CHECK(killed(pid), "nobody killed the eater");
	check_raised(p, -err);
	CHECK(kernel_decided(), "not the kernel's decision");
	reap(pid);
}

TEST(raise_of_the_limit_is_progress)
{
	struct policy *p;

	cg_make_limited("dom", 40);
	p = able_on("generous", "dom", 1);
	raise_to(p, 0, "dom", 120);
	fits_in_the_end("dom", 60);
	CHECK_EQ(policy_control(p)->raise_ret[0], 0);
	CHECK_EQ(policy_control(p)->asked, 1);
	CHECK_EQ(cg_max_mb("dom"), 120);
	CHECK(klog_has("policy generous: memory.max of /test/dom raised from 40960kB to 122880kB"),
	      "not in the log");
	policy_close(p);
}

TEST(raise_by_a_policy_above)
{
	struct policy *p;

	cg_make("up");
	cg_make_limited("up/dom", 40);
	p = able_on("generous", "up", 1);
	raise_to(p, 0, "up/dom", 120);
	fits_in_the_end("up/dom", 60);
	policy_close(p);
}

TEST(raise_counts_only_with_return_1)
{
	struct policy *p;
	pid_t pid;

	cg_make_limited("dom", 40);
	p = able_on("undecided", "dom", 0);
	raise_to(p, 0, "dom", 50);
	pid = oom_in("dom");
	CHECK(killed(pid), "nobody killed the eater");
	CHECK(kernel_decided(), "not the kernel's decision");
	CHECK_EQ(cg_max_mb("dom"), 50);
	reap(pid);
	policy_close(p);
}

TEST(raise_is_not_followed_by_a_kill)
{
	int fd = records_open();
	struct policy *p;
	pid_t victim;

	cg_make_limited("dom", 60);
	victim = hog("dom", 20, 0);
	p = able_on("both", "dom", 0);
	raise_to(p, 0, "dom", 140);
	policy_control(p)->kill_pid[0] = victim;
	fits_in_the_end("dom", 60);
	CHECK_EQ(policy_control(p)->kill_ret[0], -EAGAIN);
	CHECK(alive(victim), "killed although there was room");
	check_record(record_of(fd, "both"), "result", "raise");
	reap(victim);
	policy_close(p);
}

/* Two limits are in the way, so both must be raised. */
TEST(raise_of_two_limits)
{
	struct policy *p;

	cg_make_limited("up", 44);
	cg_make_limited("up/dom", 40);
	cg_make("up/rest");
	hog("up/rest", 2, 0);
	p = able_on("generous", "up", 1);
	raise_to(p, 0, "up/dom", 120);
	raise_to(p, 1, "up", 140);
	fits_in_the_end("up/dom", 60);
	CHECK_EQ(policy_control(p)->raise_ret[0], 0);
	CHECK_EQ(policy_control(p)->raise_ret[1], 0);
	CHECK_EQ(cg_max_mb("up"), 140);
	policy_close(p);
}

/* The task needs 4 MB, and the cgroup above has less room. */
TEST(raise_of_one_of_two_limits_does_not_count)
{
	struct policy *p;
	pid_t victim;

	cg_make_limited("up", 44);
	cg_make_limited("up/dom", 30);
	cg_make("up/rest");
	hog("up/rest", 20, 0);
	victim = hog("up/dom", 20, 1000);
	p = able_on("generous", "up", 1);
	raise_to(p, 0, "up/dom", 100);
	CHECK_EQ(hooktest("declare %llu 10 1", cg_id("up/dom")), 1);
	CHECK_EQ(policy_control(p)->raise_ret[0], 0);
	CHECK(killed(victim), "the kernel did not kill");
	CHECK(kernel_decided(), "not the kernel's decision");
	policy_close(p);
}

TEST(raise_below_the_oom_does_not_count_by_itself)
{
	struct policy *p;

	cg_make_limited("dom", 40);
	cg_make_limited("dom/child", 80);
	p = able_on("misled", "dom", 1);
	raise_to(p, 0, "dom/child", 100);
	is_killed(p, "dom/child", 0);
	CHECK_EQ(cg_max_mb("dom/child"), 100);
	policy_close(p);
}

TEST(raise_that_is_not_enough_does_not_count)
{
	struct policy *p;
	pid_t victim;

	cg_make_limited("dom", 22);
	victim = hog("dom", 20, 1000);
	p = able_on("stingy", "dom", 1);
	raise_to(p, 0, "dom", 23);
	CHECK_EQ(hooktest("declare %llu 10 1", cg_id("dom")), 1);
	CHECK_EQ(policy_control(p)->raise_ret[0], 0);
	CHECK(killed(victim), "the kernel did not kill");
	CHECK(kernel_decided(), "not the kernel's decision");
	policy_close(p);
}

TEST(raise_to_less_or_the_same_is_refused)
{
	struct policy *p;

	cg_make_limited("dom", 40);
	p = able_on("refused", "dom", 1);
	raise_to(p, 0, "dom", 40);
	is_killed(p, "dom", EINVAL);
	raise_to(p, 0, "dom", 20);
	is_killed(p, "dom", EINVAL);
	raise_to(p, 0, "dom", 0);
	is_killed(p, "dom", EINVAL);
	/* Less than a page more is refused. */
	policy_control(p)->raise_to[0] = 40 * MB + 4095;
	is_killed(p, "dom", EINVAL);
	CHECK_EQ(cg_max_mb("dom"), 40);
	policy_close(p);
}

TEST(raise_without_a_limit_there_is_refused)
{
	struct policy *p;

	cg_make_limited("dom", 40);
	cg_make("dom/child");
	p = able_on("refused", "dom", 1);
	policy_control(p)->raise_id[0] = cg_id("dom/child");
	policy_control(p)->raise_to[0] = ~0ULL;
	is_killed(p, "dom/child", EINVAL);
	policy_close(p);
}

TEST(raise_to_everything_is_max)
{
	struct policy *p;

	cg_make_limited("dom", 40);
	p = able_on("generous", "dom", 1);
	policy_control(p)->raise_id[0] = cg_id("dom");
	policy_control(p)->raise_to[0] = ~0ULL;
	fits_in_the_end("dom", 60);
	CHECK_EQ(cg_max_mb("dom"), -1);
	policy_close(p);
}

TEST(raise_elsewhere_is_refused)
{
	struct policy *p;

	cg_make_limited("dom", 40);
	cg_make_limited("other", 40);
	p = able_on("refused", NULL, 1);
	raise_to(p, 0, "other", 80);
	is_killed(p, "dom", EXDEV);
	CHECK_EQ(cg_max_mb("other"), 40);
	policy_close(p);
}

TEST(raise_above_the_policy_is_refused)
{
	struct policy *p;

	cg_make_limited("up", 80);
	cg_make_limited("up/dom", 40);
	p = able_on("refused", "up/dom", 1);
	raise_to(p, 0, "up", 100);
	is_killed(p, "up/dom", EXDEV);
	CHECK_EQ(cg_max_mb("up"), 80);
	policy_close(p);
}

TEST(raise_beside_the_oom_is_refused)
{
	struct policy *p;

	cg_make("up");
	cg_make_limited("up/dom", 40);
	cg_make_limited("up/other", 40);
	p = able_on("refused", "up", 1);
	raise_to(p, 0, "up/other", 100);
	is_killed(p, "up/dom", EXDEV);
	CHECK_EQ(cg_max_mb("up/other"), 40);
	policy_close(p);
}

TEST(raise_in_an_oom_of_the_system_is_refused)
{
	struct policy *p;
	pid_t pid;

	cg_make_limited("dom", 40);
	pid = hog("dom", 10, 1000);
	p = able_on("refused", NULL, 1);
	raise_to(p, 0, "dom", 80);
	one_oom(NULL);
	CHECK_EQ(policy_control(p)->raise_ret[0], -EOPNOTSUPP);
	CHECK(killed(pid), "the kernel did not kill");
	CHECK_EQ(cg_max_mb("dom"), 40);
	policy_close(p);
}
