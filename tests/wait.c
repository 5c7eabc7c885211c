// SPDX-License-Identifier: GPL-2.0-only
/* Policies that wait for a victim instead of killing another task */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "hooktest.h"
#include "seen.h"
#include "util.h"

/* There may be short sleeps before. */
static bool blocks(pid_t pid)
{
	for (int i = 0; i < 10; i++) {
		if (!in_state(pid, "D"))
			return false;
		usleep(10000);
	}
	return true;
}

/*
 * A victim that does not die: it sleeps in the kernel. Its memory comes when the
 * OOM reaper does, about two seconds after the kill.
 */
static pid_t stuck_victim(const char *cg)
{
	int ready[2];
	pid_t pid;
	char c;

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
		hooktest("block");
		for (;;)
			pause();
	}
	close(ready[1]);
	CHECK(read(ready[0], &c, 1) == 1, "it is not there");
	close(ready[0]);
	CHECK(WAIT_FOR(blocks(pid), 30), "it does not sleep");
	return pid;
}

/* It has what was open when it was forked: attachments, too. */
static void end_stuck(pid_t victim)
{
	hooktest("unblock");
	reap(victim);
}

static void make_domain(void)
{
	cg_make_limited("dom", 60);
	cg_make("dom/a");
}

/* When the last victim was killed. The reaper gives it two seconds. */
static unsigned long long killed_ns;

/* By the kernel or by the policy that is there; cg NULL: in the system. */
static void kill_by_oom(const char *cg)
{
	killed_ns = now_ns();
	one_oom(cg);
}

/* What has been seen since the kill says something: the reaper was not there yet. */
static bool in_time(void)
{
	return now_ns() - killed_ns < 1800000000ULL;
}

/*
 * Until one of them was quick enough. With KASAN, and other machines on the same
 * CPUs, an OOM can take a second.
 */
static void attempts(bool (*attempt)(void))
{
	for (int i = 0; i < 6; i++) {
		if (attempt())
			return;
		cg_remove_all();
	}
	test_skip("the OOM reaper was faster than all attempts");
}

static bool waits_once(void)
{
	struct policy *p, *far;
	struct policy_control *ctl, *next;
	pid_t victim, other;
	bool judged;

	make_domain();
	far = policy_on("far", NULL, 0);
	p = able_on("patient", "dom", 1);
	ctl = policy_control(p);
	next = policy_control(far);
	victim = stuck_victim("dom/a");
	other = hog("dom/a", 10, 0);
	kill_by_oom("dom");
	ctl->wait_pid = victim;
	next->asked = 0;
	for (int i = 1; i <= 3; i++) {
		one_oom("dom");
		judged = in_time();
		if (!judged)
			break;
		CHECK_EQ(ctl->wait_ret, 0);
		CHECK_EQ(ctl->waits, i);
	}
	if (judged) {
		CHECK_EQ(next->asked, 0);
		CHECK(alive(other), "another one died");
		CHECK(!sh("bpfoom why %d | grep -q 'The kernel decided'", victim),
		      "who asks about the victim hears of a wait, not of the kill");
		/* Not for ever. */
		for (int i = 0; i < 100 && !ctl->wait_ret; i++) {
			usleep(100000);
			one_oom("dom");
		}
		CHECK_EQ(ctl->wait_ret, -ESRCH);
		CHECK(next->asked, "the next policy was not asked");
		CHECK(killed(other), "nobody was killed when there was nothing to wait for");
	}
	end_stuck(victim);
	policy_close(p);
	policy_close(far);
	return judged;
}

TEST(wait_for_a_victim_is_progress)
{
	attempts(waits_once);
}

/* Two policies, of which the first waits for a victim and returns 0. */
static bool waits_undecided(bool claims)
{
	struct policy *p, *next = NULL, *far;
	struct policy_control *ctl;
	pid_t victim;
	bool judged;

	make_domain();
	far = policy_on("far", NULL, 0);
	p = able_on("undecided", "dom", 0);
	if (claims)
		next = policy_on("claims", "dom", 1);
	ctl = policy_control(p);
	victim = stuck_victim("dom/a");
	kill_by_oom("dom");
	ctl->wait_pid = victim;
	policy_control(far)->asked = 0;
	one_oom("dom");
	judged = in_time();
	if (judged) {
		CHECK_EQ(ctl->wait_ret, 0);
		CHECK_EQ(policy_control(far)->asked, 1);
	}
	end_stuck(victim);
	if (next)
		policy_close(next);
	policy_close(p);
	policy_close(far);
	return judged;
}

static bool waits_and_returns_0(void)
{
	return waits_undecided(false);
}

TEST(wait_counts_only_with_return_1)
{
	attempts(waits_and_returns_0);
}

static bool waits_before_one_that_claims(void)
{
	return waits_undecided(true);
}

TEST(wait_of_one_policy_does_not_count_for_the_next)
{
	attempts(waits_before_one_that_claims);
}

/* A policy that waits for pid gets this answer, and the kernel kills. */
static void refused(pid_t pid, int err)
{
	struct policy *p = able_on("refused", "dom", 1);
	pid_t scapegoat = hog("dom/a", 5, 1000);

	policy_control(p)->wait_pid = pid;
	one_oom("dom");
	CHECK_EQ(policy_control(p)->wait_ret, -err);
	CHECK(killed(scapegoat), "the kernel did not kill");
	CHECK(kernel_decided(), "not the kernel's decision");
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
	CHECK(killed(pid), "it lives");
	refused(pid, ESRCH);
	refused(1, ESRCH);
	refused(2, ESRCH);
}

static bool waits_for_one_elsewhere(void)
{
	struct policy *p;
	pid_t victim, scapegoat;
	bool judged;

	make_domain();
	cg_make_limited("other", 60);
	p = able_on("refused", "dom", 1);
	scapegoat = hog("dom/a", 5, 1000);
	victim = stuck_victim("other");
	kill_by_oom("other");
	policy_control(p)->wait_pid = victim;
	one_oom("dom");
	judged = in_time();
	if (judged) {
		CHECK_EQ(policy_control(p)->wait_ret, -EXDEV);
		CHECK(killed(scapegoat), "the kernel did not kill");
	}
	end_stuck(victim);
	policy_close(p);
	return judged;
}

TEST(wait_for_a_victim_elsewhere_is_refused)
{
	attempts(waits_for_one_elsewhere);
}

TEST(wait_for_a_victim_that_is_gone_is_refused)
{
	pid_t victim;

	make_domain();
	victim = hog("dom/a", 5, 1000);
	one_oom("dom");
	CHECK(killed(victim), "it lives");
	refused(victim, ESRCH);
}

static bool waits_in_an_oom_of_the_system(void)
{
	struct policy *p;
	pid_t victim, scapegoat;
	bool judged;

	cg_make("a");
	/* Of the kernel, if it is too late to wait. */
	scapegoat = hog("a", 5, 999);
	victim = stuck_victim("a");
	p = able_on("patient", NULL, 1);
	policy_control(p)->kill_pid[0] = victim;
	kill_by_oom(NULL);
	policy_control(p)->kill_pid[0] = 0;
	policy_control(p)->wait_pid = victim;
	one_oom(NULL);
	judged = in_time();
	if (judged) {
		CHECK_EQ(policy_control(p)->wait_ret, 0);
		CHECK(alive(scapegoat), "another one died");
	}
	end_stuck(victim);
	policy_close(p);
	reap(scapegoat);
	return judged;
}

TEST(wait_in_an_oom_of_the_system)
{
	attempts(waits_in_an_oom_of_the_system);
}
