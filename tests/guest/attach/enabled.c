// SPDX-License-Identifier: GPL-2.0-only
/* The parameter "enabled", which switches policies off */
#include <signal.h>
#include <unistd.h>

#include "harness.h"
#include "hooktest.h"
#include "klog.h"
#include "util.h"

#define ENABLED "/sys/module/bpf_oom/parameters/enabled"

static void enable(bool on)
{
	CHECK(!write_file(ENABLED, "%d", on), "cannot write " ENABLED);
}

/* Each side has a victim; the kernel takes the larger one. */
static void oom(pid_t wanted, pid_t other)
{
	CHECK_EQ(hooktest("oom %llu", cg_id("dom")), 1);
	CHECK(killed(wanted), "who was to die lives");
	CHECK(alive(other), "the other one died");
}

TEST(enabled_off_asks_no_policy_and_on_asks_again)
{
	struct policy *p, *ranker;
	pid_t small, large;

	cg_make_limited("dom", 60);
	p = policy_on("waits", "dom", 1);
	ranker = ranker_open("ranker", "dom", false);
	policy_start(ranker);
	small = hog("dom", 5, 0);
	large = hog("dom", 20, 0);
	policy_control(p)->kill_pid[0] = small;
	enable(false);
	oom(large, small);
	CHECK_EQ(policy_control(p)->asked, 0);
	CHECK_EQ(policy_control(ranker)->evaluated, 0);
	CHECK(!klog_count("oom_policy="), "a policy line although none was asked");
	CHECK(klog_has("policies are not asked any more"), "the log does not say so");

	large = hog("dom", 20, 0);
	enable(true);
	oom(small, large);
	CHECK(klog_has("policies are asked again"), "the log does not say so");
	check_report("waits", "/test/dom", "MEMCG", "/test/dom", 1);
	policy_close(ranker);
	policy_close(p);
}

TEST(enabled_off_leaves_declared_ooms_to_the_kernel)
{
	struct policy *p;
	pid_t small, large;

	cg_make_limited("dom", 60);
	p = policy_on("waits", "dom", 1);
	small = hog("dom", 5, 0);
	large = hog("dom", 20, 0);
	policy_control(p)->kill_pid[0] = small;
	enable(false);
	CHECK_EQ(hooktest("declare %llu 0 1 SAYS_WHY", cg_id("dom")), 1);
	enable(true);
	CHECK(killed(large), "the kernel chose somebody else");
	CHECK(alive(small), "the policy's choice died");
	CHECK_EQ(policy_control(p)->asked, 0);
	/* The log has the declarer's text, whoever decides. */
	CHECK(klog_has("oom_policy=default,policy_cgroup=/,constraint=SAYS_WHY"),
	      "no reason in the log");
	policy_close(p);
}

TEST(enabled_off_keeps_attaching_and_detaching)
{
	struct policy *p;

	cg_make_limited("dom", 40);
	enable(false);
	p = policy_on("quiet", "dom", 0);
	enable(true);
	CHECK_EQ(hooktest("oom %llu", cg_id("dom")), 0);
	hog("dom", 5, 1000);
	CHECK_EQ(hooktest("oom %llu", cg_id("dom")), 1);
	CHECK_EQ(policy_control(p)->asked, 1);
	policy_close(p);
	enable(false);
	enable(true);
}

TEST(enabled_off_waits_for_a_running_handler)
{
	struct policy_control *ctl;
	struct policy *p;
	pid_t pid;

	cg_make_limited("dom", 40);
	p = policy_on("slow", "dom", 0);
	ctl = policy_control(p);
	pid = oom_in_handler(ctl, "dom");
	go_on_soon(&ctl->go_on);
	enable(false);
	CHECK_EQ(ctl->finished, 1);
	enable(true);
	CHECK(killed(pid), "nobody killed the eater");
	reap(pid);
	policy_close(p);
}

TEST(enabled_is_shown_and_takes_yes_and_no_only)
{
	CHECK(write_file(ENABLED, "maybe"), "it takes anything");
	CHECK(!sh("bpfoom status | grep -q '^policies asked     yes$'"), "not shown");
	enable(false);
	CHECK(!sh("bpfoom status | grep -q '^policies asked     no'"), "not shown");
	CHECK(!sh("bpfoom status --json | grep -q '\"enabled\":false'"), "not shown");
	enable(true);
}

/* modprobe passes bpf_oom.enabled=0 of the kernel's command line in the same way. */
TEST(enabled_can_be_given_to_the_module)
{
	pid_t large;
	struct policy *p;

	need_memcg();
	CHECK(!unload(), "not unloaded");
	CHECK(!sh("modprobe bpf_oom enabled=0"), "not loaded");
	cg_make_limited("dom", 60);
	p = policy_on("unasked", "dom", 0);
	large = hog("dom", 20, 0);
	CHECK_EQ(hooktest("oom %llu", cg_id("dom")), 1);
	CHECK(killed(large), "the kernel did not kill");
	CHECK_EQ(policy_control(p)->asked, 0);
	enable(true);
	policy_close(p);
}
