// SPDX-License-Identifier: GPL-2.0-only
/*
 * OOMs that the kernel settles before it selects a victim never reach a policy
 *
 * The sixth rule, panic_on_oom, ends the kernel, so it is tested in boot/panic-on-oom.sh.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "hooktest.h"
#include "klog.h"
#include "util.h"

TEST(an_oom_notifier_that_frees_memory_wins)
{
	struct policy *p = policy_on("unasked", NULL, 0);
	int before;

	CHECK_EQ(hooktest("notifier 1"), 0);
	before = hooktest_counts().notified;
	one_oom(NULL);
	CHECK_EQ(hooktest("notifier 0"), 0);
	CHECK_EQ(hooktest_counts().notified, before + 1);
	CHECK_EQ(policy_control(p)->asked, 0);
	policy_close(p);
}

TEST(a_dying_current_wins)
{
	struct policy *p;
	pid_t pid;

	cg_make_limited("dom", 60);
	p = policy_on("unasked", "dom", 0);
	/* Load the module here: the child cannot, once it is about to die. */
	hooktest_load();
	pid = fork();
	if (!pid) {
		cg_write("dom", "cgroup.procs", "0");
		write_file("/proc/self/oom_score_adj", "0");
		hooktest("dying %llu", cg_id("dom"));
		_exit(0);
	}
	CHECK(WAIT_FOR(klog_count("dying, waits to be killed"), 30), "it does not wait");
	kill(pid, SIGKILL);
	CHECK(killed(pid), "the process lives");
	CHECK(klog_has("hooktest: dying, out of memory"), "no OOM was reached");
	CHECK(klog_has("hooktest: dying: 1"), "the OOM said: %s",
	      klog_line("hooktest: dying: ") ?: "nothing");
	CHECK_EQ(policy_control(p)->asked, 0);
	CHECK(!klog_count("Killed process"), "somebody was killed");
	reap(pid);
	policy_close(p);
}

TEST(no_gfp_fs_wins)
{
	struct policy *p = policy_on("unasked", NULL, 0);

	CHECK_EQ(hooktest("nofs 0"), 1);
	CHECK_EQ(policy_control(p)->asked, 0);
	CHECK(!klog_count("Killed process"), "somebody was killed");
	policy_close(p);
}

TEST(a_memcg_oom_without_gfp_fs_is_asked)
{
	struct policy *p;
	pid_t pid;

	cg_make_limited("dom", 60);
	cg_make("dom/a");
	p = policy_on("asked", "dom", 1);
	pid = hog("dom/a", 10, 0);
	policy_control(p)->kill_pid[0] = pid;
	CHECK_EQ(hooktest("nofs %llu", cg_id("dom")), 1);
	CHECK(killed(pid), "the policy's choice lives");
	policy_close(p);
}

TEST(oom_kill_allocating_task_wins)
{
	struct policy *p = policy_on("unasked", NULL, 0);
	pid_t pid;

	hooktest_load();
	CHECK(!write_file("/proc/sys/vm/oom_kill_allocating_task", "1"), "sysctl");
	cg_make("a");
	pid = fork();
	if (!pid) {
		write_file("/proc/self/oom_score_adj", "0");
		hooktest("oom 0");
		for (;;)
			pause();
	}
	CHECK(killed(pid), "the allocating task lives");
	write_file("/proc/sys/vm/oom_kill_allocating_task", "0");
	CHECK_EQ(policy_control(p)->asked, 0);
	CHECK(klog_has("oom_kill_allocating_task"), "not by this rule");
	policy_close(p);
}

/*
 * The freezer test of suspend keeps all tasks frozen, and the OOM killer disabled, for
 * five seconds. A kernel worker is not frozen, but would run too late on the CPU that
 * suspend keeps busy for that time.
 */
static bool oom_while_frozen(struct policy **p, pid_t *scapegoat, int delay_ms)
{
	int before = klog_count("hooktest: frozen: "), i;

	*p = policy_on("unasked", NULL, 0);
	*scapegoat = hog("a", 10, 1000);
	CHECK(!write_file("/sys/power/pm_test", "freezer"), "pm_test");
	CHECK_EQ(hooktest("frozen %d", delay_ms), 1);
	CHECK(!write_file("/sys/power/state", "freeze"), "suspend: see the log");
	write_file("/sys/power/pm_test", "none");
	CHECK(klog_has("OOM killer disabled"), "it was not disabled");
	for (i = 0; klog_count("hooktest: frozen: ") == before; i++) {
		CHECK(i < 600, "no OOM");
		usleep(50000);
	}
	if (klog_has_soon("hooktest: frozen: 0"))
		return true;
	reap(*scapegoat);
	policy_close(*p);
	return false;
}

TEST(a_disabled_oom_killer_wins)
{
	int delay_ms = 3000;
	struct policy *p;
	pid_t scapegoat;

	if (access("/sys/power/pm_test", W_OK))
		test_skip("this kernel has no /sys/power/pm_test");
	need_cpus(2);
	run_on(0);
	cg_make("a");
	/*
	 * Freezing all tasks takes some time. An OOM before the last one is frozen is an
	 * ordinary one: then try again with a longer delay.
	 */
	while (!oom_while_frozen(&p, &scapegoat, delay_ms)) {
		delay_ms += 2000;
		CHECK(delay_ms < 10000, "no OOM while the killer is disabled");
	}
	CHECK_EQ(policy_control(p)->asked, 0);
	CHECK(alive(scapegoat), "somebody was killed");
	reap(scapegoat);
	policy_close(p);
}
