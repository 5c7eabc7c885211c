// SPDX-License-Identifier: GPL-2.0-only
/* A declared OOM does not panic, and is not reported if no process died */
#include <ctype.h>
#include <dirent.h>
#include <unistd.h>

#include "harness.h"
#include "hooktest.h"
#include "klog.h"
#include "util.h"

#define PANIC_ON_OOM "/proc/sys/vm/panic_on_oom"
#define KILL_ALLOCATING "/proc/sys/vm/oom_kill_allocating_task"

#define MAX_TASKS 1000

static struct {
	int pid, adj;
} before[MAX_TASKS];
static int nr_before;

static bool remembered(int pid)
{
	for (int i = 0; i < nr_before; i++)
		if (before[i].pid == pid)
			return true;
	return false;
}

static void remember(int pid)
{
	char path[64], adj[16];

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	read_file(path, adj, sizeof(adj));
	if (!*adj || remembered(pid))
		return;
	CHECK(nr_before < MAX_TASKS, "too many processes");
	before[nr_before].pid = pid;
	before[nr_before++].adj = atoi(adj);
}

static void remember_all(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;

	while ((d = readdir(proc)))
		if (isdigit((unsigned char)*d->d_name))
			remember(atoi(d->d_name));
	closedir(proc);
}

static void set_adj(int pid, int adj)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	write_file(path, "%d", adj);
}

/* Twice: a process that was not protected yet may have forked. */
static void protect_everybody(void)
{
	for (int round = 0; round < 2; round++) {
		remember_all();
		for (int i = 0; i < nr_before; i++)
			set_adj(before[i].pid, -1000);
	}
}

static void as_before(void)
{
	for (int i = 0; i < nr_before; i++)
		set_adj(before[i].pid, before[i].adj);
	nr_before = 0;
	write_file(PANIC_ON_OOM, "0");
	write_file(KILL_ALLOCATING, "0");
}

static void check_silence(void)
{
	CHECK_EQ(klog_count("invoked oom-killer"), 0);
	CHECK_EQ(klog_count("ut of memory"), 0);
	CHECK_EQ(klog_count("Killed process"), 0);
}

TEST(declared_oom_of_an_empty_cgroup_leaves_no_report)
{
	cg_make_limited("empty", 60);
	CHECK_EQ(hooktest("declare %llu 0 1", cg_id("empty")), 0);
	CHECK_EQ(hooktest("user 1"), 0);
	CHECK_EQ(hooktest("declare %llu 0 1", cg_id("empty")), 0);
	CHECK_EQ(hooktest("user 0"), 0);
	check_silence();
}

TEST(declared_oom_of_a_cgroup_where_nobody_may_be_killed_leaves_no_report)
{
	int asked = hooktest_counts().asked;
	pid_t safe;

	cg_make_limited("dom", 60);
	safe = hog("dom", 5, -1000);
	CHECK_EQ(hooktest("user 1"), 0);
	CHECK_EQ(hooktest("declare %llu 0 1", cg_id("dom")), 0);
	CHECK_EQ(hooktest("user 0"), 0);
	CHECK_EQ(hooktest_counts().asked, asked);
	CHECK(alive(safe), "it was killed");
	check_silence();
	reap(safe);
}

TEST(declared_oom_is_reported_with_its_order)
{
	pid_t pid;

	cg_make_limited("dom", 60);
	do {
		pid = hog("dom", 5, 0);
		CHECK_EQ(hooktest("declare %llu 3 1", cg_id("dom")), 1);
		CHECK(killed(pid), "it lives");
		reap(pid);
	} while (klog_try_again_for("invoked oom-killer"));
	CHECK(klog_has("order=3,"), "said: %s", klog_line("invoked oom-killer"));
	CHECK(klog_has("Memory cgroup out of memory: Killed process"), "said: %s",
	      klog_line("Killed process") ?: "nothing");
}

TEST(declared_oom_does_not_kill_who_declares_it)
{
	pid_t pid, declares;

	cg_make("dom");
	pid = hog("dom", 20, 1000);
	hooktest_load();
	write_file(KILL_ALLOCATING, "1");
	declares = fork();
	if (!declares) {
		write_file("/proc/self/oom_score_adj", "0");
		hooktest("declare 0 0 1");
		for (;;)
			pause();
	}
	CHECK(killed(pid), "the largest lives");
	as_before();
	CHECK(alive(declares), "who declared it was killed");
	reap(declares);
	reap(pid);
}

/* With another user of the hook, which declines, and without. */
static void declare_twice(const char *cg, long want)
{
	unsigned long long id = cg ? cg_id(cg) : 0;
	long alone, with_user;

	alone = hooktest("declare %llu 0 1", id);
	hooktest("user 1");
	with_user = hooktest("declare %llu 0 1", id);
	hooktest("user 0");
	as_before();
	CHECK_EQ(alone, want);
	CHECK_EQ(with_user, want);
}

TEST(declared_oom_of_the_system_with_nobody_to_kill_does_not_panic)
{
	hooktest_load();
	protect_everybody();
	declare_twice(NULL, 0);
	check_silence();
}

TEST(declared_oom_of_the_system_under_panic_on_oom_1_does_nothing)
{
	pid_t pid;

	cg_make("dom");
	pid = hog("dom", 20, 1000);
	hooktest_load();
	write_file(PANIC_ON_OOM, "1");
	declare_twice(NULL, 0);
	CHECK(alive(pid), "somebody was killed");
	check_silence();
	reap(pid);
}

TEST(declared_oom_of_a_cgroup_under_panic_on_oom_1_kills)
{
	pid_t pid;
	long ret;

	cg_make_limited("dom", 60);
	pid = hog("dom", 20, 0);
	hooktest_load();
	write_file(PANIC_ON_OOM, "1");
	ret = hooktest("declare %llu 0 1", cg_id("dom"));
	as_before();
	CHECK_EQ(ret, 1);
	CHECK(killed(pid), "it lives");
	reap(pid);
}

TEST(declared_oom_of_a_cgroup_under_panic_on_oom_2_does_nothing)
{
	pid_t pid;

	cg_make_limited("dom", 60);
	pid = hog("dom", 20, 0);
	hooktest_load();
	write_file(PANIC_ON_OOM, "2");
	declare_twice("dom", 0);
	CHECK(alive(pid), "somebody was killed");
	check_silence();
	reap(pid);
}

/*
 * The notifiers run after the check that there is a process to kill, before the choice.
 */
TEST(declared_oom_whose_last_victim_is_protected_meanwhile_does_not_panic)
{
	hooktest_load();
	remember_all();
	CHECK_EQ(hooktest("notifier 5"), 0);
	declare_twice(NULL, 0);
	CHECK_EQ(hooktest("notifier 0"), 0);
	check_silence();
}

TEST(declared_oom_does_not_panic_when_panic_on_oom_is_set_meanwhile)
{
	pid_t pid;
	long ret;

	cg_make("dom");
	pid = hog("dom", 20, 1000);
	CHECK_EQ(hooktest("notifier 4"), 0);
	ret = hooktest("declare 0 0 1");
	as_before();
	CHECK_EQ(hooktest("notifier 0"), 0);
	CHECK_EQ(ret, 1);
	CHECK(killed(pid), "it lives");
	reap(pid);
}
