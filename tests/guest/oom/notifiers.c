// SPDX-License-Identifier: GPL-2.0-only
/* OOM notifiers, which free memory where they can: how often they run, and the effect */
#include <linux/types.h>
#include <bpf_oom/oom.h>

#include "harness.h"
#include "hooktest.h"
#include "klog.h"
#include "util.h"

/* enum oom_hook_verdict */
enum { DEFAULT, ABORT, SKIP };

TEST(notifiers_run_at_most_twice_in_an_oom_with_a_selection)
{
	int before;
	pid_t pid;

	cg_make("dom");
	pid = hog("dom", 20, 1000);
	CHECK_EQ(hooktest("user 1"), 0);
	CHECK_EQ(hooktest("select 0 %d %d", SKIP, SKIP), 0);
	CHECK_EQ(hooktest("notifier 6"), 0);
	before = hooktest_counts().notified;
	one_oom(NULL);
	CHECK_EQ(hooktest("notifier 0"), 0);
	CHECK(killed(pid), "the kernel chose somebody else");
	CHECK(hooktest_counts().notified - before <= 2, "called %d times",
	      hooktest_counts().notified - before);
	CHECK_EQ(hooktest("select 0 0 0"), 0);
	CHECK_EQ(hooktest("user 0"), 0);
	reap(pid);
}

/* Once for a policy that ranks, and once for the kernel's choice in the record */
TEST(notifiers_run_at_most_twice_in_an_oom_with_a_policy)
{
	struct policy *p = ranker_open("ranks", NULL, true);
	int before;
	pid_t pid;

	cg_make("dom");
	pid = hog("dom", 20, 1000);
	policy_control(p)->rank_other = BPF_EVAL_NEXT;
	policy_start(p);
	CHECK_EQ(hooktest("notifier 6"), 0);
	before = hooktest_counts().notified;
	one_oom(NULL);
	CHECK_EQ(hooktest("notifier 0"), 0);
	CHECK(killed(pid), "the kernel chose somebody else");
	CHECK(hooktest_counts().notified - before <= 2, "called %d times",
	      hooktest_counts().notified - before);
	reap(pid);
	policy_close(p);
}

TEST(notifiers_that_free_memory_later_in_an_oom_save_a_life)
{
	int before;
	pid_t pid;

	cg_make("dom");
	pid = hog("dom", 20, 1000);
	CHECK_EQ(hooktest("user 1"), 0);
	CHECK_EQ(hooktest("select 0 %d %d", SKIP, SKIP), 0);
	CHECK_EQ(hooktest("notifier 3"), 0);
	before = hooktest_counts().notified;
	one_oom(NULL);
	CHECK_EQ(hooktest("notifier 0"), 0);
	CHECK_EQ(hooktest("select 0 0 0"), 0);
	CHECK_EQ(hooktest("user 0"), 0);
	if (hooktest_counts().notified - before < 2)
		test_skip("they are called once here");
	CHECK(alive(pid), "it was killed all the same");
	CHECK_EQ(klog_count("Killed process"), 0);
	reap(pid);
}
