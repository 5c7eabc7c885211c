// SPDX-License-Identifier: GPL-2.0-only
/* The shipped policy "priorities", attached by the tool as a user would */
#include <unistd.h>

#include <bpf/bpf.h>

#include "harness.h"
#include "hooktest.h"
#include "klog.h"
#include "seen.h"
#include "util.h"

#define TEST_CG CG_ROOT "/test/"

static void attach(const char *args)
{
	need_memcg();
	CHECK(!sh("bpfoom attach priorities %s", args), "bpfoom attach priorities %s",
	      args);
}

static void detach(void)
{
	CHECK(!sh("bpfoom detach priorities"), "bpfoom detach priorities");
}

/* The least important cgroup is neither the largest nor the kernel's choice. */
struct tree {
	pid_t vital, batch[2], favourite, large;
};

static struct tree make_tree(void)
{
	struct tree t;

	cg_make_limited("dom", 150);
	cg_make("dom/vital");
	cg_make("dom/batch");
	cg_make("dom/batch/one");
	cg_make("dom/batch/two");
	cg_make("dom/plain");
	t.vital = hog("dom/vital", 20, 500);
	t.batch[0] = hog("dom/batch/one", 5, 0);
	t.batch[1] = hog("dom/batch/two", 10, 0);
	t.favourite = hog("dom/plain", 5, 1000);
	t.large = hog("dom/plain", 60, 0);
	return t;
}

static void only_dies(const struct tree *t, pid_t pid)
{
	const pid_t all[] = { t->vital, t->batch[0], t->batch[1], t->favourite, t->large };

	one_oom("dom");
	CHECK(killed(pid), "who was to die lives");
	for (int i = 0; i < 5; i++)
		CHECK(all[i] == pid || alive(all[i]), "number %d died", i);
}

TEST(priorities_the_lowest_loses_and_of_equals_the_largest)
{
	struct tree t = make_tree();

	attach("--set priority@" TEST_CG "dom/vital=200 --set priority@" TEST_CG
	       "dom/batch=10");
	only_dies(&t, t.batch[1]);
	CHECK(klog_has("Out of memory (priorities): Killed process"), "not by it");
	check_report("priorities", "/", "MEMCG", "/test/dom", 1);
	detach();
}

TEST(priorities_are_the_scores_that_the_record_shows)
{
	struct tree t = make_tree();
	int fd = records_open();
	const char *first;
	long long score;
	pid_t pid;

	attach("--set priority@" TEST_CG "dom/batch/one=10");
	only_dies(&t, t.batch[0]);
	first = record_has(record_of(fd, "priorities"), "candidate", 0);
	CHECK(sscanf(first, "%lld %d ", &score, &pid) == 2, "candidate=%s", first);
	CHECK_EQ(score, -10);
	CHECK_EQ(pid, t.batch[0]);
	close(fd);
	detach();
}

TEST(priorities_of_a_cgroup_win_over_those_above_it)
{
	struct tree t = make_tree();

	attach("--set priority@" TEST_CG "dom/batch=300 --set priority@" TEST_CG
	       "dom/batch/one=1 --set priority@" TEST_CG "dom=200");
	only_dies(&t, t.batch[0]);
	detach();
}

TEST(priorities_of_those_that_have_none_are_an_option)
{
	struct tree t = make_tree();

	/* Among equals it is the one that the kernel would choose. */
	attach("--set default_priority=5 --set priority@" TEST_CG
	       "dom/batch=10 --set priority@" TEST_CG "dom/vital=6");
	only_dies(&t, t.favourite);
	detach();
}

TEST(priorities_without_any_are_the_kernels_choice)
{
	struct tree t = make_tree();

	attach("");
	only_dies(&t, t.favourite);
	check_report("priorities", "/", "MEMCG", "/test/dom", 1);
	detach();
}

TEST(priorities_spare_who_must_not_be_killed)
{
	struct tree t = make_tree();
	pid_t safe;

	cg_make("dom/safe");
	safe = hog("dom/safe", 5, -1000);
	attach("--set priority@" TEST_CG "dom/safe=1 --set priority@" TEST_CG
	       "dom/batch/one=2");
	only_dies(&t, t.batch[0]);
	CHECK(alive(safe), "it died");
	detach();
}

TEST(priorities_decide_an_oom_of_the_system)
{
	struct tree t = make_tree();

	attach("--set priority@" TEST_CG "dom/batch/one=1");
	one_oom(NULL);
	CHECK(killed(t.batch[0]), "who was to die lives");
	CHECK(alive(t.batch[1]) && alive(t.favourite), "more than one died");
	check_report("priorities", "/", "NONE", "/", 1);
	detach();
}

TEST(priorities_take_a_whole_cgroup_where_it_says_so)
{
	struct tree t = make_tree();
	pid_t mate = hog("dom/batch/one", 1, 0);

	cg_write("dom/batch/one", "memory.oom.group", "1");
	attach("--set priority@" TEST_CG "dom/batch/one=1");
	only_dies(&t, t.batch[0]);
	CHECK(killed(mate), "its group was not killed with it");
	detach();
}

/* Each OOM is a new scan, which must not remember the previous one. */
TEST(priorities_from_low_to_high)
{
	struct tree t = make_tree();
	pid_t in_turn[3];

	attach("--set priority@" TEST_CG "dom/batch/one=1 --set priority@" TEST_CG
	       "dom/batch/two=2 --set priority@" TEST_CG "dom/plain=3");
	in_turn[0] = t.batch[0];
	in_turn[1] = t.batch[1];
	in_turn[2] = t.favourite;
	for (int i = 0; i < 3; i++) {
		one_oom("dom");
		CHECK(killed(in_turn[i]), "number %d lives", i);
	}
	CHECK(!klog_count("oom_policy=default"), "the kernel decided");
	CHECK(alive(t.vital), "the most important one died");
	detach();
}

TEST(priorities_come_first_when_attached_before)
{
	struct tree t = make_tree();

	CHECK(!sh("bpfoom attach largest"), "bpfoom attach largest");
	attach("--before --set priority@" TEST_CG "dom/batch/one=1");
	only_dies(&t, t.batch[0]);
	check_report("priorities", "/", "MEMCG", "/test/dom", 1);
	detach();
	CHECK(!sh("bpfoom detach largest"), "bpfoom detach largest");
}
