// SPDX-License-Identifier: GPL-2.0-only
/* Policies that wait for a victim instead of killing another task */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "hooktest.h"
#include "klog.h"
#include "util.h"

/*
 * A victim that does not die: it sleeps in the kernel. Its memory comes when the
 * OOM reaper does, about two seconds after the kill.
 */
static pid_t stuck_victim(const char *cg)
{
	char state[256] = "", path[64], c;
	int ready[2];
	pid_t pid;

	hooktest_load();
	CHECK(!pipe(ready), "pipe");
	pid = fork();
	if (!pid) {
		char procs[256];

		snprintf(procs, sizeof(procs), CG_ROOT "/test/%s/cgroup.procs", cg);
		if (write_file(procs, "0") ||
		    write_file("/proc/self/oom_score_adj", "1000") ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		hooktest("block 9000");
		for (;;)
			pause();
	}
	close(ready[1]);
	CHECK(read(ready[0], &c, 1) == 1, "it is not there");
	close(ready[0]);
	/* There may have been short sleeps before. */
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	for (int i = 0, asleep = 0; i < 500 && asleep < 10; i++) {
		usleep(10000);
		read_file(path, state, sizeof(state));
		asleep = strstr(state, ") D ") ? asleep + 1 : 0;
	}
	CHECK(strstr(state, ") D "), "it does not sleep: %s", state);
	return pid;
}

static void make_domain(void)
{
	cg_make_limited("dom", 60);
	cg_make("dom/a");
}

static void oom(void)
{
	CHECK_EQ(hooktest("oom %llu", cg_id("dom")), 1);
}

TEST(wait_for_a_victim_is_progress)
{
	struct policy_control *ctl;
	struct policy *p, *far;
	pid_t victim, other;

	make_domain();
	victim = stuck_victim("dom/a");
	other = hog("dom/a", 10, 0);
	/* By the kernel. */
	oom();
	far = policy_on("far", NULL, 0);
	p = policy_on("patient", "dom", 1);
	ctl = policy_control(p);
	ctl->wait_pid = victim;
	for (int i = 1; i <= 5; i++) {
		oom();
		CHECK_EQ(ctl->wait_ret, 0);
		CHECK_EQ(ctl->waits, i);
	}
	CHECK_EQ(policy_control(far)->asked, 0);
	CHECK_EQ(klog_count("Killed process"), 1);
	CHECK(!klog_count("oom_policy=default"), "the kernel decided");
	CHECK(alive(other), "another one died");

	/* Not for ever. */
	for (int i = 0; i < 100 && !ctl->wait_ret; i++) {
		usleep(100000);
		oom();
	}
	CHECK_EQ(ctl->wait_ret, -ESRCH);
	CHECK(policy_control(far)->asked, "the next policy was not asked");
	CHECK(killed(other), "nobody was killed when there was nothing to wait for");
	policy_close(p);
	policy_close(far);
}

TEST(wait_counts_only_with_return_1)
{
	struct policy *p, *far;
	pid_t victim;

	make_domain();
	victim = stuck_victim("dom/a");
	oom();
	far = policy_on("far", NULL, 0);
	p = policy_on("undecided", "dom", 0);
	policy_control(p)->wait_pid = victim;
	oom();
	CHECK_EQ(policy_control(p)->wait_ret, 0);
	CHECK_EQ(policy_control(far)->asked, 1);
	policy_close(p);
	policy_close(far);
}

TEST(wait_of_one_policy_does_not_count_for_the_next)
{
	struct policy *p, *next, *far;
	pid_t victim;

	make_domain();
	victim = stuck_victim("dom/a");
	oom();
	far = policy_on("far", NULL, 0);
	p = policy_on("undecided", "dom", 0);
	next = policy_on("claims", "dom", 1);
	policy_control(p)->wait_pid = victim;
	oom();
	CHECK_EQ(policy_control(p)->wait_ret, 0);
	CHECK_EQ(policy_control(next)->asked, 1);
	CHECK_EQ(policy_control(far)->asked, 1);
	policy_close(p);
	policy_close(next);
	policy_close(far);
}

/* A policy that waits for pid gets this answer, and the kernel kills. */
static void refused(pid_t pid, int err)
{
	struct policy *p = policy_on("refused", "dom", 1);
	pid_t scapegoat = hog("dom/a", 5, 1000);

	policy_control(p)->wait_pid = pid;
	oom();
	CHECK_EQ(policy_control(p)->wait_ret, -err);
	CHECK(killed(scapegoat), "the kernel did not kill");
	CHECK(klog_has("oom_policy=default"), "not the kernel's decision");
	policy_close(p);
}

TEST(wait_for_who_is_no_victim_is_refused)
{
	pid_t pid;

	make_domain();
	pid = hog("dom/a", 5, 0);
	refused(pid, ESRCH);
	/* Dying, but the OOM killer has not chosen it. */
	kill(pid, SIGKILL);
	refused(pid, ESRCH);
	refused(1, ESRCH);
	refused(2, ESRCH);
}

TEST(wait_for_a_victim_elsewhere_is_refused)
{
	pid_t victim;

	make_domain();
	cg_make_limited("other", 60);
	victim = stuck_victim("other");
	CHECK_EQ(hooktest("oom %llu", cg_id("other")), 1);
	refused(victim, EXDEV);
}

TEST(wait_for_a_victim_that_is_gone_is_refused)
{
	pid_t victim;

	make_domain();
	victim = hog("dom/a", 5, 1000);
	oom();
	CHECK(killed(victim), "it lives");
	refused(victim, ESRCH);
}

TEST(wait_in_an_oom_of_the_system)
{
	struct policy *p;
	pid_t victim;

	cg_make("a");
	victim = stuck_victim("a");
	p = policy_on("patient", NULL, 1);
	policy_control(p)->kill_pid[0] = victim;
	CHECK_EQ(hooktest("oom 0"), 1);
	policy_control(p)->kill_pid[0] = 0;
	policy_control(p)->wait_pid = victim;
	CHECK_EQ(hooktest("oom 0"), 1);
	CHECK_EQ(policy_control(p)->wait_ret, 0);
	CHECK_EQ(klog_count("Killed process"), 1);
	policy_close(p);
}
