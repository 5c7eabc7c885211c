// SPDX-License-Identifier: GPL-2.0-only
/* The shipped policy "largest", attached by the tool as a user would */
#include <signal.h>
#include <unistd.h>

#include "harness.h"
#include "hooktest.h"
#include "klog.h"
#include "seen.h"
#include "util.h"

static void attach(const char *args)
{
	need_memcg();
	CHECK(!sh("bpfoom attach largest %s", args), "bpfoom attach largest %s", args);
}

static void detach(const char *args)
{
	CHECK(!sh("bpfoom detach largest %s", args), "bpfoom detach largest %s", args);
}

/*
 * Five cgroups: the largest holds a task that must not die, the kernel would
 * take the one with oom_score_adj 1000, the largest task sits in a small
 * cgroup, and the one that allocates has much page cache.
 */
struct tree {
	pid_t protected, favourite, worker[3], single, cached;
};

static void make_tree(struct tree *t)
{
	cg_make_limited("dom", 180);
	cg_make("dom/protected");
	cg_make("dom/favourite");
	cg_make("dom/workers");
	cg_make("dom/single");
	cg_make("dom/cached");
	t->cached = cache_hog("dom/cached", 40);
	t->protected = hog("dom/protected", 60, -1000);
	t->favourite = hog("dom/favourite", 5, 1000);
	t->worker[0] = hog("dom/workers", 16, 0);
	t->worker[1] = hog("dom/workers", 20, 0);
	t->worker[2] = hog("dom/workers", 18, 0);
	t->single = hog("dom/single", 30, 0);
}

static void others_live(const struct tree *t)
{
	CHECK(alive(t->protected), "the protected task died");
	CHECK(alive(t->favourite), "the kernel's choice died");
	CHECK(alive(t->single), "the largest task died");
	CHECK(alive(t->cached), "page cache was held against a cgroup");
	CHECK_EQ(cg_key("dom/protected", "memory.events", "oom_kill"), 0);
	CHECK_EQ(cg_key("dom/favourite", "memory.events", "oom_kill"), 0);
	CHECK_EQ(cg_key("dom/single", "memory.events", "oom_kill"), 0);
	CHECK_EQ(cg_key("dom/cached", "memory.events", "oom_kill"), 0);
}

TEST(largest_kills_the_largest_killable_cgroup_and_nothing_else)
{
	struct tree t;

	attach("");
	make_tree(&t);
	/* Does not fit, until the workers have gone. */
	hog("dom/cached", 36, 0);
	for (int i = 0; i < 3; i++)
		CHECK(killed(t.worker[i]), "worker %d lives", i);
	others_live(&t);
	CHECK_EQ(cg_key("dom/workers", "memory.events", "oom_kill"), 3);
	CHECK_EQ(cg_key("dom", "memory.events", "oom_kill"), 3);
	check_report("largest", "/", "MEMCG", "/test/dom", 3);
	detach("");
}

TEST(largest_kills_one_process_when_told_to)
{
	struct tree t;

	attach("--set whole_cgroup=false");
	make_tree(&t);
	hog("dom/cached", 36, 0);
	CHECK(killed(t.worker[1]), "the largest worker lives");
	CHECK(alive(t.worker[0]) && alive(t.worker[2]), "more than one died");
	others_live(&t);
	CHECK_EQ(cg_key("dom/workers", "memory.events", "oom_kill"), 1);
	detach("");
}

TEST(the_kernel_alone_would_have_chosen_otherwise)
{
	struct tree t;
	pid_t eats;

	make_tree(&t);
	eats = eater("dom/cached", 0, 20000);
	CHECK(killed(t.favourite), "the tree does not show what it should");
	CHECK(alive(t.worker[0]), "the tree does not show what it should");
	reap(eats);
}

TEST(largest_takes_the_domain_itself_when_it_has_no_children)
{
	pid_t pid;

	attach("");
	cg_make_limited("dom", 60);
	pid = hog("dom", 20, 0);
	oom_in("dom");
	CHECK(killed(pid), "not killed with its cgroup");
	CHECK(klog_has("oom_policy=largest"), "not by the policy");
	detach("");
}

TEST(largest_counts_what_is_queued_in_sockets)
{
	pid_t sockets, anon;

	if (access("/proc/net/tcp", F_OK))
		test_skip("this kernel has no TCP");
	attach("");
	cg_make_limited("dom", 100);
	cg_make("dom/sockets");
	cg_make("dom/anon");
	sockets = socket_hog("dom/sockets", 40);
	CHECK(cg_key("dom/sockets", "memory.stat", "sock") > 40 * (long)MB,
	      "%ld bytes in sockets", cg_key("dom/sockets", "memory.stat", "sock"));
	anon = hog("dom/anon", 30, 0);
	/* One OOM and no more: sockets are freed later than what the kernel waits for. */
	one_oom("dom");
	CHECK(killed(sockets), "the largest cgroup lives");
	CHECK(alive(anon), "not the largest cgroup died");
	check_report("largest", "/", "MEMCG", "/test/dom", 1);
	detach("");
}

TEST(largest_leaves_it_to_the_kernel_when_all_is_protected)
{
	pid_t eats, plain;

	attach("");
	cg_make_limited("dom", 60);
	cg_make("dom/a");
	hog("dom/a", 10, -1000);
	plain = hog("dom/a", 5, 0);
	eats = eater("dom/a", 0, 0);
	CHECK(killed(eats), "nobody died");
	CHECK(alive(plain), "the wrong one died");
	CHECK(kernel_decided(), "not the kernel's decision");
	detach("");
}

TEST(largest_of_a_cgroup_decides_there_and_not_elsewhere)
{
	pid_t small, large, more;

	cg_make_limited("dom", 60);
	cg_make_limited("other", 60);
	cg_make("dom/a");
	cg_make("dom/b");
	cg_make("other/a");
	cg_make("other/b");
	attach("--cgroup /sys/fs/cgroup/test/dom");
	small = hog("dom/a", 5, 1000);
	large = hog("dom/b", 40, 0);
	/* Fits once the largest is gone. */
	more = hog("dom/a", 30, 0);
	CHECK(klog_has("oom_policy=largest,policy_cgroup=/test/dom"), "not asked");
	CHECK(killed(large), "the largest cgroup lives");
	CHECK(alive(small) && alive(more), "not only the largest cgroup died");
	small = hog("other/a", 5, 1000);
	large = hog("other/b", 40, 0);
	one_oom("other");
	CHECK(killed(small), "the policy decided elsewhere");
	CHECK(alive(large), "not only the kernel's choice died");
	detach("--cgroup /sys/fs/cgroup/test/dom");
}

TEST(largest_decides_a_global_oom)
{
	pid_t big, favourite;

	attach("");
	cg_make("big");
	cg_make("favourite");
	big = hog("big", 300, 0);
	favourite = hog("favourite", 10, 1000);
	CHECK(!write_file("/proc/sysrq-trigger", "f"), "no sysrq");
	CHECK(killed(big), "the largest cgroup lives");
	CHECK(alive(favourite), "the kernel's choice died");
	detach("");
}
