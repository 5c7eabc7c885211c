// SPDX-License-Identifier: GPL-2.0-only
/* A policy that replaces another */
#include <unistd.h>

#include <linux/types.h>
#include <bpf_oom/oom.h>

#include "harness.h"
#include "klog.h"
#include "seen.h"
#include "util.h"

TEST(update_replaces_a_policy)
{
	struct policy *old, *new;

	cg_make_limited("dom", 40);
	old = policy_on("old", "dom", 0);
	new = policy_loaded("new", "dom");
	CHECK_EQ(policy_replace(old, new), 0);
	oom_is_the_kernels("dom");
	CHECK(policy_control(new)->asked, "the new one was not asked");
	CHECK_EQ(policy_control(old)->asked, 0);
	/* A replaced policy can replace the other one, or be attached by itself. */
	CHECK_EQ(policy_replace(new, old), 0);
	CHECK_EQ(policy_attach(new), 0);
	policy_close(old);
	policy_close(new);
}

TEST(update_keeps_the_place_in_the_order)
{
	struct policy *old, *new, *last;

	cg_make_limited("dom", 40);
	old = policy_on("old", "dom", 0);
	last = policy_on("last", "dom", 0);
	new = policy_loaded("new", "dom");
	CHECK_EQ(policy_replace(old, new), 0);
	oom_is_the_kernels("dom");
	CHECK(policy_control(new)->asked_ns && policy_control(last)->asked_ns &&
	      policy_control(new)->asked_ns < policy_control(last)->asked_ns,
	      "wrong order");
	policy_close(new);
	policy_close(old);
	policy_close(last);
}

TEST(update_with_a_policy_for_another_cgroup_is_refused)
{
	struct policy *old, *new;

	cg_make_limited("dom", 40);
	cg_make("other");
	old = policy_on("old", "dom", 0);
	new = policy_loaded("new", "other");
	CHECK_EQ(policy_replace(old, new), -EINVAL);
	CHECK(klog_has("policy new: cannot replace one on cgroup"),
	      "the kernel log does not say why");
	oom_is_the_kernels("dom");
	CHECK(policy_control(old)->asked, "the old one is gone");
	policy_close(new);
	policy_close(old);
}

TEST(update_of_a_system_wide_policy)
{
	struct policy *old = policy_on("old", NULL, 0);
	struct policy *by_id = policy_open("id", NULL);

	/* 1 is another id for the root. */
	policy_ops(by_id)->cgroup_id = 1;
	CHECK(!policy_load(by_id), "load");
	CHECK_EQ(policy_replace(old, by_id), 0);
	policy_close(by_id);
	policy_close(old);
}

TEST(update_with_a_policy_that_is_attached_is_refused)
{
	struct policy *old, *new;

	cg_make_limited("dom", 40);
	old = policy_on("old", "dom", 0);
	new = policy_on("new", "dom", 0);
	CHECK_EQ(bpf_link__update_map(policy_link(old), policy_map(new)), -EBUSY);
	/* Replacing a policy by itself changes nothing. */
	CHECK_EQ(bpf_link__update_map(policy_link(old), policy_map(old)), 0);
	oom_is_the_kernels("dom");
	CHECK(policy_control(old)->asked, "the old one is gone");
	CHECK(policy_control(new)->asked, "the other one is gone");
	policy_close(new);
	policy_close(old);
}

TEST(update_of_an_attachment_that_has_ended_is_refused)
{
	struct policy *old, *new;

	cg_make("gone");
	old = policy_on("old", "gone", 0);
	new = policy_loaded("new", "gone");
	CHECK(!cg_remove("gone"), "rmdir");
	CHECK(WAIT_FOR(!seen_attachment("old"), 30), "still attached");
	CHECK_EQ(policy_replace(old, new), -ENOLINK);
	policy_close(new);
	policy_close(old);
}

TEST(update_waits_for_a_running_handler)
{
	struct policy_control *ctl;
	struct policy *old, *new;
	pid_t pid;

	cg_make_limited("dom", 40);
	old = policy_on("old", "dom", 0);
	new = policy_loaded("new", "dom");
	ctl = policy_control(old);
	pid = oom_in_handler(ctl, "dom");
	go_on_soon(&ctl->go_on);
	CHECK_EQ(policy_replace(old, new), 0);
	CHECK_EQ(ctl->finished, 1);
	CHECK(killed(pid), "nobody killed the eater");
	/* One of the policies was asked about that OOM. */
	CHECK_EQ(policy_control(new)->asked, 0);
	reap(pid);
	policy_close(new);
	policy_close(old);
}

/* At least so many times for each of the two, if there is enough time */
#define STORM_ASKED 20

static bool both_asked(struct policy *two[2], unsigned int times)
{
	return policy_control(two[0])->asked >= times &&
	       policy_control(two[1])->asked >= times;
}

/*
 * All of them decline, so each OOM visits all attachments. The sums differ if an OOM
 * reaches the system-wide policy without one of the two having been asked, or after both.
 */
TEST(update_under_an_oom_storm_loses_no_oom_and_tells_none_twice)
{
	struct policy *far, *two[2];
	unsigned int updates;
	unsigned long long end;
	pid_t pid;

	cg_make_limited("dom", 20);
	far = policy_on("far", NULL, 0);
	two[0] = policy_on("zero", "dom", 0);
	two[1] = policy_loaded("one", "dom");
	pid = storm("dom");
	end = now_ns() + slow_ns(3000000000ULL);
	for (updates = 0; now_ns() < end || !both_asked(two, 1); updates++) {
		CHECK(now_ns() < end + 60000000000ULL, "one was not asked");
		CHECK_EQ(policy_replace(two[updates % 2], two[!(updates % 2)]), 0);
		if (both_asked(two, STORM_ASKED) && updates >= 200)
			break;
	}
	end_storm(pid);
	/* One OOM may still be on its way. */
	CHECK(WAIT_FOR(policy_control(two[0])->asked + policy_control(two[1])->asked ==
		       policy_control(far)->asked, 30),
	      "asked %u and %u times, then %u", policy_control(two[0])->asked,
	      policy_control(two[1])->asked, policy_control(far)->asked);
	printf("    # %u updates, %u OOMs\n", updates, policy_control(far)->asked);
	policy_close(two[0]);
	policy_close(two[1]);
	policy_close(far);
}
