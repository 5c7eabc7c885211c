// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policies and the kernel wait for a victim that is exiting, instead of killing another
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "hooktest.h"
#include "klog.h"
#include "seen.h"
#include "util.h"

/* Is the task blocked? Ignores short sleeps. */
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
 * Starts a victim that does not die: it sleeps in the kernel. Its memory is freed when
 * the OOM reaper comes, about two seconds after the kill.
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

/* Unblock it early: the child holds the files that were open at fork(), also links. */
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

/* Time of the last kill. The reaper gives the victim two seconds. */
static unsigned long long killed_ns;

/* Kill by the kernel or by the attached policy; cg NULL: in the system. */
static void kill_by_oom(const char *cg)
{
	killed_ns = now_ns();
	oom_at_once(cg);
}

/* Do observations since the kill count? Only if the reaper cannot have come. */
static bool in_time(void)
{
	return now_ns() - killed_ns < 1800000000ULL;
}

/*
 * Repeats an attempt until one was quick enough. With KASAN, and with other VMs on the
 * same CPUs, an OOM can take a second.
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

static void check_repeats(int fd, const char *policy, pid_t victim, int repeats)
{
	const char *r = record_of(fd, policy);

	check_record_number(r, "victim_pid", victim);
	check_record_number(r, "kills", 1);
	check_record_number(r, "repeats", repeats);
	CHECK(!record_next(fd), "the same OOM is on record twice");
}

static bool comes_back(void)
{
	struct policy *near, *far;
	pid_t victim, other;
	int fd, reports;
	bool judged;

	make_domain();
	far = policy_on("far", NULL, 0);
	near = policy_on("near", "dom", 0);
	victim = stuck_victim("dom/a");
	other = hog("dom/a", 10, 0);
	fd = records_open();
	kill_by_oom("dom");
	policy_control(near)->asked = 0;
	policy_control(far)->asked = 0;
	for (int i = 0; i < 3; i++)
		oom_at_once("dom");
	judged = in_time();
	if (judged) {
		CHECK_EQ(policy_control(near)->asked, 0);
		CHECK_EQ(policy_control(far)->asked, 0);
		CHECK(alive(other), "another one died");
		check_repeats(fd, "default", victim, 3);
		reports = klog_count("oom_policy=");
		CHECK(reports <= 1, "%d lines about one kill", reports);
		/* Limit the wait. */
		for (int i = 0; i < 100 && !policy_control(near)->asked; i++) {
			usleep(100000);
			oom_at_once("dom");
		}
		CHECK(killed(other), "nobody was killed when there was nothing to wait for");
	}
	end_stuck(victim);
	close(fd);
	policy_close(near);
	policy_close(far);
	return judged;
}

TEST(wait_for_a_victim_needs_no_policy)
{
	attempts(comes_back);
}

static bool comes_back_in_the_system(void)
{
	pid_t victim, scapegoat;
	struct policy *p;
	bool judged;
	int fd;

	cg_make("a");
	/* The kernel's victim, if it is too late to wait */
	scapegoat = hog("a", 5, 999);
	victim = stuck_victim("a");
	p = policy_on("chooser", NULL, 0);
	policy_control(p)->kill_pid[0] = victim;
	fd = records_open();
	kill_by_oom(NULL);
	policy_control(p)->kill_pid[0] = scapegoat;
	policy_control(p)->asked = 0;
	oom_at_once(NULL);
	judged = in_time();
	if (judged) {
		CHECK_EQ(policy_control(p)->asked, 0);
		CHECK(alive(scapegoat), "another one died");
		check_repeats(fd, "chooser", victim, 1);
	}
	end_stuck(victim);
	close(fd);
	policy_close(p);
	reap(scapegoat);
	return judged;
}

TEST(wait_for_a_victim_in_an_oom_of_the_system_needs_no_policy)
{
	attempts(comes_back_in_the_system);
}

/*
 * By sysrq the kernel kills whether there is a victim or not, so policies are asked. A
 * worker runs the OOM killer.
 */
static void oom_by_sysrq(struct policy *last)
{
	unsigned int *finished = &policy_control(last)->finished;

	*finished = 0;
	CHECK(!write_file("/proc/sysrq-trigger", "f"), "sysrq");
	CHECK(WAIT_FOR(*finished, 30), "the policy was not asked");
}

/* A victim that does not die, and the alternative */
struct stuck_scene {
	pid_t victim, scapegoat;
	struct policy *waits, *next;
};

/* The first of two policies waits for the victim, and returns @ret. */
static bool make_stuck_scene(struct stuck_scene *s, int ret)
{
	cg_make("a");
	s->scapegoat = hog("a", 40, 1000);
	s->victim = stuck_victim("a");
	s->waits = able_on("waits", NULL, ret);
	s->next = policy_on("next", NULL, 1);
	policy_control(s->waits)->kill_pid[0] = s->victim;
	kill_by_oom(NULL);
	policy_control(s->waits)->kill_pid[0] = 0;
	policy_control(s->waits)->wait_pid = s->victim;
	policy_control(s->next)->asked = 0;
	oom_by_sysrq(s->waits);
	return in_time();
}

static void end_stuck_scene(struct stuck_scene *s)
{
	end_stuck(s->victim);
	policy_close(s->waits);
	policy_close(s->next);
	reap(s->scapegoat);
}

static bool waits_once(void)
{
	struct stuck_scene s;
	bool judged = make_stuck_scene(&s, 1);

	if (judged) {
		CHECK_EQ(policy_control(s.waits)->wait_ret, 0);
		CHECK_EQ(policy_control(s.waits)->waits, 1);
		CHECK_EQ(policy_control(s.next)->asked, 0);
		CHECK(alive(s.scapegoat), "another one died");
	}
	end_stuck_scene(&s);
	return judged;
}

TEST(wait_for_a_victim_is_progress)
{
	attempts(waits_once);
}

/* The next policy claims to have handled the OOM, which does not count. */
static bool waits_and_returns_0(void)
{
	struct stuck_scene s;
	bool judged = make_stuck_scene(&s, 0);

	if (judged) {
		CHECK_EQ(policy_control(s.waits)->wait_ret, 0);
		CHECK(killed(s.scapegoat), "the kernel did not kill");
		CHECK_EQ(policy_control(s.next)->asked, 1);
	}
	end_stuck_scene(&s);
	return judged;
}

TEST(wait_counts_only_with_return_1_and_not_for_the_next_policy)
{
	attempts(waits_and_returns_0);
}

/* A policy's wait for @pid fails with @err, and the kernel kills. */
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
	/* The task is dying, but is no victim of the OOM killer. */
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
	oom_at_once("dom");
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

static bool declares_once(void)
{
	pid_t victim, other;
	bool judged;

	make_domain();
	victim = stuck_victim("dom/a");
	other = hog("dom/a", 10, 0);
	killed_ns = now_ns();
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(hooktest("declare %llu 0 1", cg_id("dom")), 1);
		judged = in_time();
		if (!judged)
			break;
		CHECK(alive(other), "two died");
	}
	end_stuck(victim);
	reap(other);
	return judged;
}

TEST(wait_for_a_victim_when_an_oom_is_declared)
{
	attempts(declares_once);
}
