// SPDX-License-Identifier: GPL-2.0-only
/* A policy that runs wild is bypassed */
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/types.h>
#include <bpf_oom/oom.h>

#include "harness.h"
#include "hooktest.h"
#include "klog.h"
#include "seen.h"

#define TASKS 8

/* The kernel would kill the large one. */
static pid_t tasks[TASKS], large;

static void make_tasks(void)
{
	cg_make_limited("dom", 100);
	for (int i = 0; i < TASKS; i++)
		tasks[i] = hog("dom", 5, 0);
	large = hog("dom", 20, 0);
	set_param("breaker_pause", "3600");
}

static void reset_params(void)
{
	set_param("breaker_kills", "0");
	set_param("breaker_failures", "0");
	set_param("breaker_ms", "0");
	set_param("breaker_pause", "60");
}

static void end_tasks(void)
{
	for (int i = 0; i < TASKS; i++)
		reap(tasks[i]);
	reap(large);
	reset_params();
}

/* Causes an OOM in which the policy kills this task. */
static void kills_task(struct policy *p, pid_t pid)
{
	policy_control(p)->killed[0] = 0;
	policy_control(p)->kill_pid[0] = pid;
	one_oom("dom");
	CHECK(killed(pid), "task %d lives", pid);
}

static void kills(struct policy *p, int i)
{
	kills_task(p, tasks[i]);
}

/* Causes an OOM of a cgroup with one task; the policy, if asked, fails. */
static void fails_in(const char *cg)
{
	pid_t pid;

	cg_make_limited(cg, 20);
	pid = hog(cg, 1, 0);
	one_oom(cg);
	CHECK(killed(pid), "the kernel did not decide about %s", cg);
	reap(pid);
}

static bool is_armed(const char *policy)
{
	return !strcmp(seen_file(policy, "breaker"), "armed");
}

static void check_armed(const char *policy)
{
	CHECK(is_armed(policy), "the breaker is '%s', expected 'armed'",
	      seen_file(policy, "breaker"));
}

/* Checks the first line of the file; cg NULL: for OOMs of the system. */
static void check_tripped(const char *policy, const char *why, const char *cg)
{
	unsigned long long id, want = cg ? cg_id(cg) : 0;
	const char *got = seen_file(policy, "breaker");
	int seconds;
	char by[16];

	CHECK(sscanf(got, "%15s %llu %d", by, &id, &seconds) == 3,
	      "the breaker is '%s'", got);
	CHECK(!strcmp(by, why), "%s has tripped, expected %s", by, why);
	CHECK(id == want, "tripped for %llu, expected %llu", id, want);
	CHECK(seconds > 0 && seconds <= 3600, "for %d s", seconds);
}

TEST(breaker_trips_after_too_many_kills_in_a_minute)
{
	struct policy *p;
	const char *r;
	int fd;

	make_tasks();
	p = policy_on("wild", "dom", 1);
	set_param("breaker_kills", "2");
	kills(p, 0);
	kills(p, 1);
	check_armed("wild");
	kills(p, 2);
	check_tripped("wild", "kills", "dom");
	CHECK(klog_has("policy wild: BREAKER TRIPPED (kills)"), "the log does not tell");
	CHECK_EQ(klog_count("BREAKER"), 1);

	/* From now on, the kernel decides. */
	policy_control(p)->kill_pid[0] = tasks[3];
	fd = records_open();
	one_oom("dom");
	CHECK_EQ(policy_control(p)->asked, 3);
	CHECK_EQ(seen_number("wild", "bypassed"), 1);
	CHECK_EQ(seen_number("wild", "asked"), 3);
	r = record_of(fd, "default");
	check_record_number(r, "asked", 0);
	/* If no policy is asked, the kernel's choice is not computed. */
	check_record(r, "kernel", NULL);
	CHECK(strstr(record_has(r, "declined", 0), " bypassed"), "declined=%s",
	      record_value(r, "declined", 0));
	close(fd);

	/* After a reset it may kill as often again. */
	CHECK_EQ(seen_write("wild", "breaker", "on"), -EINVAL);
	check_tripped("wild", "kills", "dom");
	CHECK_EQ(seen_write("wild", "breaker", "armed\n"), 0);
	check_armed("wild");
	one_oom("dom");
	CHECK_EQ(policy_control(p)->asked, 4);
	check_armed("wild");
	end_tasks();
	policy_close(p);
}

TEST(breaker_is_passed_over_for_the_next_policy)
{
	struct policy *p, *next;
	int fd;

	make_tasks();
	p = policy_on("wild", "dom", 1);
	next = policy_on("next", "dom", 1);
	set_param("breaker_kills", "1");
	kills(p, 0);
	kills(p, 1);
	check_tripped("wild", "kills", "dom");
	CHECK_EQ(policy_control(next)->asked, 0);
	fd = records_open();
	kills(next, 2);
	check_record(record_of(fd, "next"), "kernel", "kill");
	close(fd);
	CHECK_EQ(policy_control(p)->asked, 2);
	check_armed("next");
	end_tasks();
	policy_close(p);
	policy_close(next);
}

TEST(breaker_trips_after_failures_in_a_row)
{
	struct policy *p;

	make_tasks();
	p = policy_on("failing", "dom", -12);
	set_param("breaker_failures", "2");
	one_oom("dom");
	/* After a success, the failures are not in a row. */
	policy_control(p)->ret = 0;
	one_oom("dom");
	policy_control(p)->ret = -12;
	one_oom("dom");
	check_armed("failing");
	one_oom("dom");
	check_tripped("failing", "failures", "dom");
	CHECK(klog_has("BREAKER TRIPPED (failures)"), "the log does not tell");
	one_oom("dom");
	CHECK_EQ(policy_control(p)->asked, 4);
	end_tasks();
	policy_close(p);
}

TEST(breaker_counts_a_kill_that_is_refused_as_a_failure)
{
	struct policy *p;
	pid_t out;

	make_tasks();
	cg_make("out");
	out = hog("out", 5, 0);
	p = policy_on("reaching", "dom", 1);
	policy_control(p)->kill_pid[0] = out;
	set_param("breaker_failures", "1");
	one_oom("dom");
	check_tripped("reaching", "failures", "dom");
	end_tasks();
	reap(out);
	policy_close(p);
}

TEST(breaker_trips_when_a_handler_takes_too_long)
{
	struct policy *p;

	make_tasks();
	p = policy_on("slow", "dom", 0);
	policy_control(p)->spin_ns = 2000000000;
	set_param("breaker_ms", "200");
	one_oom("dom");
	check_tripped("slow", "time", "dom");
	CHECK(klog_has("BREAKER TRIPPED (time)"), "the log does not tell");
	one_oom("dom");
	CHECK_EQ(policy_control(p)->asked, 1);
	end_tasks();
	policy_close(p);
}

TEST(breaker_limits_of_a_policy_win)
{
	struct policy *strict = policy_open("strict", NULL), *lax;

	make_tasks();
	policy_ops(strict)->breaker_failures = 1;
	policy_control(strict)->ret = -12;
	policy_start(strict);
	lax = policy_open("lax", NULL);
	policy_ops(lax)->breaker_failures = BPF_OOM_BREAKER_OFF;
	policy_control(lax)->ret = -12;
	policy_start(lax);
	set_param("breaker_failures", "2");
	one_oom("dom");
	check_tripped("strict", "failures", "dom");
	one_oom("dom");
	one_oom("dom");
	check_armed("lax");
	CHECK_EQ(policy_control(lax)->asked, 3);
	end_tasks();
	policy_close(strict);
	policy_close(lax);
}

TEST(breaker_is_not_tripped_by_a_dry_run_that_would_kill)
{
	struct policy *p = policy_open("dry", NULL);
	pid_t small;

	make_tasks();
	/* The kernel, which does kill, takes another task. */
	small = hog("dom", 1, 0);
	policy_ops(p)->flags = BPF_OOM_F_DRY_RUN;
	policy_control(p)->kill_pid[0] = small;
	policy_control(p)->ret = 1;
	policy_start(p);
	set_param("breaker_kills", "1");
	for (int i = 0; i < 3; i++) {
		policy_control(p)->kill_ret[0] = 1;
		policy_control(p)->killed[0] = 0;
		one_oom("dom");
		CHECK_EQ(policy_control(p)->kill_ret[0], 0);
	}
	CHECK(alive(small), "the dry run killed");
	check_armed("dry");
	end_tasks();
	reap(small);
	policy_close(p);
}

TEST(breaker_is_armed_for_a_policy_that_takes_the_place)
{
	struct policy *p, *by;

	make_tasks();
	p = policy_on("failing", "dom", -12);
	set_param("breaker_failures", "1");
	one_oom("dom");
	check_tripped("failing", "failures", "dom");
	by = policy_loaded("better", "dom");
	CHECK_EQ(policy_replace(p, by), 0);
	check_armed("better");
	one_oom("dom");
	CHECK_EQ(policy_control(by)->asked, 1);
	end_tasks();
	policy_close(p);
	policy_close(by);
}

TEST(breaker_is_not_tripped_by_rehearsals)
{
	struct policy *p;

	make_tasks();
	p = policy_on("failing", "dom", -12);
	set_param("breaker_failures", "1");
	CHECK_EQ(rehearse("failing"), 0);
	check_armed("failing");
	one_oom("dom");
	check_tripped("failing", "failures", "dom");
	/* A rehearsal still asks it. */
	CHECK_EQ(rehearse("failing"), 0);
	CHECK_EQ(policy_control(p)->asked, 3);
	end_tasks();
	policy_close(p);
}

TEST(breaker_of_a_cgroup_is_not_that_of_others)
{
	struct policy *p;
	pid_t pid[2];

	need_memcg();
	set_param("breaker_pause", "3600");
	set_param("breaker_failures", "2");
	p = policy_on("failing", NULL, -12);
	fails_in("tenant");
	fails_in("db");
	/* There were two failures, but not in one cgroup. */
	check_armed("failing");
	fails_in("tenant");
	check_tripped("failing", "failures", "tenant");
	CHECK(klog_has("not asked about OOMs of /test/tenant for 3600 s"), "the log does not tell where");

	policy_control(p)->ret = 1;
	pid[0] = hog("db", 10, 0);
	pid[1] = hog("db", 1, 0);
	policy_control(p)->kill_pid[0] = pid[1];
	one_oom("db");
	CHECK(killed(pid[1]), "the policy was not asked about another cgroup");
	CHECK(alive(pid[0]), "the kernel has decided");
	fails_in("tenant");
	CHECK_EQ(seen_number("failing", "bypassed"), 1);
	reap(pid[0]);
	reset_params();
	policy_close(p);
}

TEST(breaker_of_the_system_is_not_that_of_a_cgroup)
{
	struct policy *p;
	pid_t pid;

	need_memcg();
	set_param("breaker_pause", "3600");
	set_param("breaker_failures", "1");
	p = policy_on("failing", NULL, -12);
	cg_make("dom");
	pid = hog("dom", 5, 1000);
	one_oom(NULL);
	CHECK(killed(pid), "the kernel did not decide");
	reap(pid);
	check_tripped("failing", "failures", NULL);
	CHECK(klog_has("not asked about OOMs of the system for"), "the log does not tell where");
	CHECK_EQ(policy_control(p)->asked, 1);
	fails_in("tenant");
	CHECK_EQ(policy_control(p)->asked, 2);
	reset_params();
	policy_close(p);
}

/* Like the workers of a leaking server: whoever decides, each OOM kills one of them. */
TEST(breaker_does_not_count_the_kills_that_the_kernel_would_make)
{
	pid_t worker, small;
	struct policy *p;

	cg_make_limited("dom", 100);
	small = hog("dom", 1, 0);
	p = policy_on("right", "dom", 1);
	set_param("breaker_pause", "3600");
	set_param("breaker_kills", "1");
	for (int i = 0; i < 4; i++) {
		worker = hog("dom", 10, 0);
		kills_task(p, worker);
		reap(worker);
	}
	check_armed("right");
	CHECK_EQ(policy_control(p)->asked, 4);
	/* Without the kernel's choice, kills cannot be compared with it. */
	set_param("explain", "0");
	for (int i = 0; i < 2; i++) {
		worker = hog("dom", 10, 0);
		kills_task(p, worker);
		reap(worker);
	}
	set_param("explain", "1");
	check_tripped("right", "kills", "dom");
	reap(small);
	reset_params();
	policy_close(p);
}

TEST(breaker_arms_itself_again_and_trips_for_longer_each_time)
{
	struct policy *p;

	set_param("breaker_pause", "2");
	set_param("breaker_failures", "1");
	p = policy_on("failing", NULL, -12);
	fails_in("dom");
	CHECK(klog_has("OOMs of /test/dom for 2 s"), "not for 2 s at first");
	CHECK(WAIT_FOR(is_armed("failing"), 60), "not armed again");
	fails_in("dom");
	CHECK_EQ(policy_control(p)->asked, 2);
	CHECK(klog_has("policy failing: asked again about OOMs of /test/dom"), "the log does not tell");
	CHECK(klog_has("OOMs of /test/dom for 4 s"), "not for longer the second time");
	CHECK(WAIT_FOR(is_armed("failing"), 60), "not armed again");
	fails_in("dom");
	CHECK(klog_has("OOMs of /test/dom for 8 s"), "not for longer the third time");
	/* A reset forgets the failures. */
	CHECK_EQ(seen_write("failing", "breaker", "armed"), 0);
	fails_in("dom");
	CHECK_EQ(policy_control(p)->asked, 4);
	CHECK_EQ(klog_count("OOMs of /test/dom for 2 s"), 2);
	reset_params();
	policy_close(p);
}

TEST(breaker_forgets_that_it_has_tripped)
{
	struct policy *p;

	set_param("breaker_pause", "1");
	set_param("breaker_failures", "1");
	p = policy_on("failing", NULL, -12);
	fails_in("dom");
	CHECK(klog_has("OOMs of /test/dom for 1 s"), "not tripped");
	CHECK(WAIT_FOR(is_armed("failing"), 60), "not armed again");
	/* 20 times the pause, plus rounding to seconds */
	sleep(21);
	fails_in("dom");
	CHECK_EQ(policy_control(p)->asked, 2);
	CHECK_EQ(klog_count("OOMs of /test/dom for 1 s"), 2);
	reset_params();
	policy_close(p);
}

/* The table has room for 63 cgroups. */
TEST(breaker_that_has_tripped_stands_a_flood_of_others)
{
	unsigned long long began;
	struct policy *p;
	char cg[16];

	need_memcg();
	set_param("breaker_pause", "3600");
	set_param("breaker_failures", "3");
	p = policy_on("failing", NULL, -12);
	for (int i = 0; i < 3; i++)
		fails_in("dom");
	check_tripped("failing", "failures", "dom");
	fails_in("near");
	fails_in("near");
	began = now_ns();
	for (int i = 0; i < 70; i++) {
		snprintf(cg, sizeof(cg), "flood%d", i);
		fails_in(cg);
		cg_remove(cg);
	}
	check_tripped("failing", "failures", "dom");
	CHECK_EQ(policy_control(p)->asked, 75);
	/* A cgroup with two failures is evicted after those with one, for a minute. */
	if (now_ns() - began < 50000000000ULL) {
		fails_in("near");
		CHECK_EQ(policy_control(p)->asked, 76);
		fails_in("near");
		CHECK_EQ(policy_control(p)->asked, 76);
	}
	reset_params();
	policy_close(p);
}

/* To run another task while one is in the kernel, the kernel must be preemptible. */
#define PREEMPT "/sys/kernel/debug/sched/preempt"

static void make_preemptible(char *before)
{
	char modes[128] = "", *mode;

	if (access(PREEMPT, W_OK))
		test_skip("whether the kernel is preemptible cannot be set");
	read_file(PREEMPT, modes, sizeof(modes));
	mode = strchr(modes, '(');
	CHECK(mode && sscanf(mode, "(%15[a-z])", before) == 1, "%s", modes);
	CHECK(!write_file(PREEMPT, "full"), "it does not become preemptible");
}

static pid_t busy_loop(int cpu)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	run_on(cpu);
	for (;;)
		;
}

/* Causes an OOM in a task that all others on its CPU preempt. */
static pid_t idle_oom(int cpu)
{
	struct sched_param param = {};
	pid_t pid = fork();

	if (pid)
		return pid;
	run_on(cpu);
	if (sched_setscheduler(0, SCHED_IDLE, &param))
		_exit(1);
	one_oom("dom");
	_exit(0);
}

TEST(breaker_does_not_count_the_time_of_others)
{
	char preempt[16];
	struct policy *p;
	pid_t pid, busy;

	need_cpus(2);
	make_tasks();
	make_preemptible(preempt);
	hooktest_load();
	p = policy_on("patient", "dom", 0);
	policy_control(p)->spin_ns = 6000000000;
	set_param("breaker_ms", "2000");
	busy = busy_loop(1);
	pid = idle_oom(1);
	WAIT_FOR(policy_control(p)->finished, 240);
	reap(busy);
	write_file(PREEMPT, "%s", preempt);
	CHECK(policy_control(p)->finished, "the policy was not asked, or does not return");
	CHECK(waitpid(pid, NULL, 0) == pid, "wait");
	CHECK(seen_number("patient", "time_max_ns") >= 6000000000LL, "it took no time");
	check_armed("patient");
	end_tasks();
	policy_close(p);
}

/* Like a slow console. */
TEST(breaker_does_not_count_the_time_of_the_kernels_report)
{
	struct policy *p;

	make_tasks();
	p = policy_on("brief", "dom", 1);
	policy_control(p)->kill_pid[0] = tasks[0];
	set_param("breaker_ms", "500");
	CHECK(!write_file("/proc/sys/kernel/printk_delay", "40"), "printk_delay");
	hooktest("oom %llu", cg_id("dom"));
	write_file("/proc/sys/kernel/printk_delay", "0");
	CHECK(killed(tasks[0]), "the policy's choice lives");
	check_armed("brief");
	end_tasks();
	policy_close(p);
}
