// SPDX-License-Identifier: GPL-2.0-only
/* The contract of <linux/oom_hook.h>, with another user than bpf_oom.ko */
#include <signal.h>
#include <unistd.h>

#include "harness.h"
#include "hooktest.h"
#include "klog.h"
#include "psi_util.h"
#include "util.h"

TEST(the_hook_has_one_user_at_a_time)
{
	struct policy *p = policy_loaded("second", NULL);

	CHECK_EQ(hooktest("user 1"), 0);
	CHECK_EQ(policy_attach(p), -EBUSY);
	CHECK_EQ(hooktest("user 0"), 0);
	CHECK_EQ(policy_attach(p), 0);
	CHECK_EQ(hooktest("user 1"), -EBUSY);
	policy_close(p);
}

TEST(a_scan_sees_the_domain_and_nothing_else)
{
	struct hooktest_counts before, after;
	pid_t in[3], out, eats;

	cg_make_limited("dom", 60);
	cg_make("dom/a");
	cg_make("other");
	for (int i = 0; i < 3; i++)
		in[i] = hog("dom/a", 1, 0);
	out = hog("other", 1, 0);
	CHECK_EQ(hooktest("user 1"), 0);
	before = hooktest_counts();
	eats = oom_in("dom/a");
	CHECK(killed(eats), "nobody killed the eater");
	after = hooktest_counts();
	CHECK_EQ(hooktest("user 0"), 0);
	CHECK_EQ(after.asked - before.asked, 1);
	CHECK_EQ(after.scanned - before.scanned, 4);
	CHECK_EQ(after.in_domain - before.in_domain, 4);
	for (int i = 0; i < 3; i++)
		reap(in[i]);
	reap(out);
}

TEST(a_scan_of_the_system_sees_a_task_of_every_cgroup)
{
	struct hooktest_counts before, after;
	pid_t a, b;

	cg_make("a");
	cg_make("b");
	a = hog("a", 1, 0);
	b = hog("b", 30, 1000);
	CHECK_EQ(hooktest("user 1"), 0);
	before = hooktest_counts();
	one_oom(NULL);
	after = hooktest_counts();
	CHECK_EQ(hooktest("user 0"), 0);
	CHECK(killed(b), "the kernel chose somebody else");
	CHECK(after.scanned - before.scanned >= 2, "scanned %d",
	      after.scanned - before.scanned);
	CHECK_EQ(after.in_domain - before.in_domain, after.scanned - before.scanned);
	reap(a);
	reap(b);
}

TEST(a_declared_oom_asks_the_policies)
{
	struct policy *p;
	pid_t victim, other;

	cg_make_limited("dom", 60);
	cg_make("dom/a");
	victim = hog("dom/a", 5, 0);
	other = hog("dom/a", 20, 0);
	p = policy_on("declared", "dom", 1);
	policy_control(p)->kill_pid[0] = victim;
	CHECK_EQ(hooktest("declare %llu 2 1", cg_id("dom")), 1);
	CHECK(killed(victim), "the policy's choice lives");
	CHECK(alive(other), "the kernel killed as well");
	CHECK_EQ(policy_control(p)->order, 2);
	reap(other);
	policy_close(p);
}

TEST(a_declared_oom_without_a_policy_is_the_kernels)
{
	pid_t a, b;

	cg_make_limited("dom", 60);
	cg_make("dom/a");
	a = hog("dom/a", 5, 0);
	b = hog("dom/a", 20, 0);
	CHECK_EQ(hooktest("declare %llu 0 1", cg_id("dom")), 1);
	CHECK(killed(b), "the kernel chose somebody else");
	CHECK(alive(a), "two died");
	reap(a);
	reap(b);
}

TEST(a_declared_oom_of_the_system_kills)
{
	pid_t pid;

	cg_make("a");
	pid = hog("a", 30, 1000);
	CHECK_EQ(hooktest("declare 0 0 1"), 1);
	CHECK(killed(pid), "nobody died");
	reap(pid);
}

TEST(a_bad_order_is_refused)
{
	CHECK_EQ(hooktest("declare 0 -1 1"), -EINVAL);
	CHECK_EQ(hooktest("declare 0 99 1"), -EINVAL);
}

TEST(a_declared_oom_does_not_wait_unless_told_to)
{
	struct policy_control *ctl;
	struct policy *p;
	pid_t eats;

	cg_make_limited("dom", 40);
	p = policy_on("slow", "dom", 0);
	ctl = policy_control(p);
	hooktest_load();
	eats = oom_in_handler(ctl, "dom");
	CHECK_EQ(hooktest("declare %llu 0 0", cg_id("dom")), -EBUSY);
	ctl->go_on = 1;
	CHECK(killed(eats), "nobody killed the eater");
	reap(eats);
	policy_close(p);
}

TEST(the_root_memcg_declares_an_oom_of_the_system)
{
	struct policy *p;
	pid_t pid;

	need_memcg();
	p = policy_on("declared", NULL, 1);
	cg_make("a");
	pid = hog("a", 5, 0);
	policy_control(p)->kill_pid[0] = pid;
	CHECK_EQ(hooktest("declare 1 0 1"), 1);
	CHECK(killed(pid), "the policy's choice lives");
	CHECK_EQ(policy_control(p)->memcg_id, 0);
	policy_close(p);
}

TEST(declaring_an_oom_within_an_oom_is_refused)
{
	struct policy *p = policy_on("unasked", NULL, 0);

	/* In a notifier oom_lock is held, but no policy is being asked. */
	CHECK_EQ(hooktest("notifier 2"), 0);
	one_oom(NULL);
	CHECK_EQ(hooktest("notifier 0"), 0);
	CHECK(klog_has("hooktest: declared by a notifier: -35"), "said: %s",
	      klog_line("declared by a notifier") ?: "nothing");
	policy_close(p);
}

/* Declares OOMs in the domain, with victims in the cgroup, until one is logged. */
static void declare_until_reported(unsigned long long domain, const char *cg,
				   const char *text)
{
	pid_t pid;

	do {
		pid = hog(cg, 30, 1000);
		CHECK_EQ(hooktest("declare %llu 0 1 %s", domain, text), 1);
		CHECK(killed(pid), "nobody died");
		reap(pid);
	} while (klog_try_again_for("oom-kill:") || klog_try_again_for("oom_policy="));
}

TEST(the_text_of_a_declared_oom_is_its_constraint)
{
	struct policy *p = policy_on("asked", NULL, 0);

	cg_make("a");
	declare_until_reported(0, "a", "PRESSURE");
	CHECK(klog_has("oom_policy=default,policy_cgroup=/,constraint=PRESSURE,"),
	      "said: %s", klog_line("oom_policy=") ?: "nothing");
	if (hook_built_in())
		CHECK(klog_has("oom-kill:constraint=PRESSURE,"), "said: %s",
		      klog_line("oom-kill:") ?: "nothing");
	policy_close(p);
}

TEST(a_declared_oom_without_a_text_has_the_constraint_of_its_domain)
{
	struct policy *p;

	cg_make_limited("dom", 60);
	p = policy_on("asked", "dom", 0);
	declare_until_reported(cg_id("dom"), "dom", "");
	CHECK(klog_has("oom-kill:constraint=CONSTRAINT_MEMCG,"), "said: %s",
	      klog_line("oom-kill:") ?: "nothing");
	CHECK(klog_has(",constraint=CONSTRAINT_MEMCG,oom_cgroup=/test/dom,"),
	      "said: %s", klog_line("oom_policy=") ?: "nothing");
	policy_close(p);
}

TEST(cgroups_that_come_and_go_are_told)
{
	struct hooktest_counts before, after;

	CHECK_EQ(hooktest("user 1"), 0);
	before = hooktest_counts();
	cg_make("one");
	cg_make("two");
	CHECK(!cg_remove("one"), "rmdir");
	after = hooktest_counts();
	CHECK_EQ(hooktest("user 0"), 0);
	CHECK_EQ(after.online - before.online, 2);
	CHECK_EQ(after.offline - before.offline, 1);
	cg_make("three");
	CHECK_EQ(hooktest_counts().online, after.online);
}

static void press_for(const char *cg, unsigned int seconds)
{
	struct press press = press_begin(cg);

	sleep(seconds);
	press_end(press);
}

TEST(a_pressure_trigger_fires_once_per_window_and_for_ever)
{
	int before, during, seconds;
	unsigned long long began;
	struct press press;

	cg_make("busy");
	before = hooktest_counts().pressed;
	CHECK_EQ(hooktest("psi %llu %d 0 100000 1000000", cg_id("busy"), CPU), 0);
	sleep(2);
	CHECK_EQ(hooktest_counts().pressed, before);
	began = now_ns();
	press = press_begin("busy");
	CHECK(WAIT_FOR(hooktest_counts().pressed >= before + 4, 60), "fired %d times",
	      hooktest_counts().pressed - before);
	press_end(press);
	during = hooktest_counts().pressed - before;
	seconds = (int)((now_ns() - began) / 1000000000ULL);
	CHECK(during <= seconds + 2, "fired %d times in %d s", during, seconds);
	CHECK_EQ(hooktest("psi 0"), 0);
	before = hooktest_counts().pressed;
	press_for("busy", 2);
	CHECK_EQ(hooktest_counts().pressed, before);
}

TEST(a_pressure_trigger_of_the_system_fires)
{
	int before = hooktest_counts().pressed;
	struct press press;

	cg_make("busy");
	CHECK_EQ(hooktest("psi 0 %d 0 50000 500000", CPU), 0);
	press = press_begin("busy");
	CHECK(WAIT_FOR(hooktest_counts().pressed > before, 30), "did not fire");
	press_end(press);
	CHECK_EQ(hooktest("psi 0"), 0);
}

TEST(a_pressure_trigger_outlives_its_cgroup_in_silence)
{
	int before = hooktest_counts().pressed;

	cg_make("gone");
	CHECK_EQ(hooktest("psi %llu %d 0 100000 1000000", cg_id("gone"), CPU), 0);
	CHECK(!cg_remove("gone"), "rmdir: a trigger must not hold the cgroup");
	cg_make("busy");
	press_for("busy", 2);
	CHECK_EQ(hooktest_counts().pressed, before);
	CHECK_EQ(hooktest("psi 0"), 0);
}

TEST(a_bad_pressure_trigger_is_refused)
{
	CHECK_EQ(hooktest("psi 0 %d 0 100000 1000000", 99), -EINVAL);
	CHECK_EQ(hooktest("psi 0 %d 0 0 1000000", MEM), -EINVAL);
	CHECK_EQ(hooktest("psi 0 %d 0 2000000 1000000", MEM), -EINVAL);
	CHECK_EQ(hooktest("psi 0 %d 0 100000 11000000", MEM), -EINVAL);
	CHECK_EQ(hooktest("psi 0 %d 0 100000 0", MEM), -EINVAL);
}
