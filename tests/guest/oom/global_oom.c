// SPDX-License-Identifier: GPL-2.0-only
/* OOMs of the whole system, and which policies may decide them */
#include <signal.h>
#include <unistd.h>

#include "harness.h"
#include "hooktest.h"
#include "util.h"

TEST(global_oom_is_settled_by_a_system_wide_policy)
{
	struct policy *p = policy_on("global", NULL, 1);
	struct policy_control *ctl = policy_control(p);
	pid_t chosen, pid;

	cg_make("a");
	cg_make("b");
	chosen = hog("a", 100, 0);
	ctl->kill_pid[0] = chosen;
	/* Memory runs out for real. */
	pid = eater("b", 0, 0);
	CHECK(killed(chosen), "the policy's choice lives");
	CHECK_EQ(ctl->memcg_id, 0);
	CHECK_EQ(ctl->constraint, 0); /* CONSTRAINT_NONE */
	check_report("global", "/", "NONE", "/", 1);
	reap(pid);
	policy_close(p);
}

TEST(global_oom_asks_no_policy_of_a_cgroup)
{
	struct policy *p;
	pid_t pid;

	cg_make("a");
	p = policy_on("local", "a", 0);
	pid = hog("a", 50, 1000);
	one_oom(NULL);
	CHECK(killed(pid), "the kernel chose somebody else");
	CHECK_EQ(policy_control(p)->asked, 0);
	policy_close(p);
}

TEST(sysrq_f_asks_with_order_minus_1)
{
	struct policy *p = policy_on("sysrq", NULL, 1);
	struct policy_control *ctl = policy_control(p);
	pid_t chosen, other;

	cg_make("a");
	chosen = hog("a", 10, 0);
	other = hog("a", 50, 1000);
	ctl->kill_pid[0] = chosen;
	CHECK(!write_file("/proc/sysrq-trigger", "f"), "no sysrq");
	CHECK(killed(chosen), "the policy's choice lives");
	CHECK_EQ(ctl->order, -1);
	CHECK_EQ(ctl->memcg_id, 0);
	CHECK(alive(other), "the kernel killed as well");
	reap(other);
	policy_close(p);
}

TEST(sysrq_f_falls_back_to_the_kernel)
{
	struct policy *p = policy_on("sysrq", NULL, 0);
	pid_t worst;

	cg_make("a");
	worst = hog("a", 50, 1000);
	CHECK(!write_file("/proc/sysrq-trigger", "f"), "no sysrq");
	CHECK(killed(worst), "the kernel did not kill");
	CHECK_EQ(policy_control(p)->order, -1);
	policy_close(p);
}

