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
 * The largest cgroup has none of the largest processes, and one that must not be killed;
 * the kernel would kill "single"; the task that allocates has much page cache.
 */
struct tree {
	pid_t protected, worker[3], single, cached;
};

static void make_tree(struct tree *t)
{
	cg_make_limited("dom", 125);
	cg_make("dom/workers");
	cg_make("dom/single");
	cg_make("dom/cached");
	t->cached = cache_hog("dom/cached", 40);
	t->protected = hog("dom/workers", 4, -1000);
	t->worker[0] = hog("dom/workers", 16, 0);
	t->worker[1] = hog("dom/workers", 20, 0);
	t->worker[2] = hog("dom/workers", 18, 0);
	t->single = hog("dom/single", 40, 0);
}

/* Fits when the largest worker is gone, and uses the room of the page cache. */
static void fill_tree(void)
{
	hog("dom/cached", 36, 0);
}

static void others_live(const struct tree *t)
{
	CHECK(alive(t->protected), "the protected process died");
	CHECK(alive(t->single), "the largest process died");
	CHECK(alive(t->cached), "page cache was held against a cgroup");
	CHECK_EQ(cg_key("dom/single", "memory.events", "oom_kill"), 0);
	CHECK_EQ(cg_key("dom/cached", "memory.events", "oom_kill"), 0);
}

static void only_the_largest_worker_dies(const struct tree *t)
{
	CHECK(killed(t->worker[1]), "the largest worker lives");
	CHECK(alive(t->worker[0]) && alive(t->worker[2]), "more than one died");
	CHECK_EQ(cg_key("dom/workers", "memory.events", "oom_kill"), 1);
	others_live(t);
}

static void all_workers_die(const struct tree *t)
{
	for (int i = 0; i < 3; i++)
		CHECK(killed(t->worker[i]), "worker %d lives", i);
	/* With memory.oom.group the kernel may visit the first process twice. */
	CHECK(cg_key("dom/workers", "memory.events", "oom_kill") >= 3, "not all by an OOM");
	others_live(t);
}

TEST(largest_kills_the_largest_process_of_the_largest_cgroup)
{
	struct tree t;

	attach("");
	make_tree(&t);
	fill_tree();
	only_the_largest_worker_dies(&t);
	CHECK(klog_has("Out of memory (largest process of the largest cgroup): Killed"),
	      "not for that reason");
	check_report("largest", "/", "MEMCG", "/test/dom", 1);
	detach("");
}

TEST(largest_kills_the_whole_cgroup_when_told_to_its_largest_process_first)
{
	struct tree t;
	char first[64];

	attach("--set whole_cgroup=true");
	make_tree(&t);
	fill_tree();
	all_workers_die(&t);
	CHECK(klog_has("Out of memory (largest cgroup): Killed process"), "not so");
	snprintf(first, sizeof(first), "Killed process %d ", t.worker[1]);
	CHECK(strstr(klog_line("Killed process"), first), "another one was first: %s",
	      klog_line("Killed process"));
	check_report("largest", "/", "MEMCG", "/test/dom", 3);
	detach("");
}

TEST(largest_kills_the_whole_cgroup_where_memory_oom_group_says_so)
{
	struct tree t;

	attach("");
	make_tree(&t);
	cg_write("dom/workers", "memory.oom.group", "1");
	fill_tree();
	all_workers_die(&t);
	detach("");
}

TEST(largest_kills_the_whole_cgroup_where_that_is_set_for_it_or_above_it)
{
	struct tree t;

	cg_make("dom");
	attach("--set whole@/test/dom=1");
	make_tree(&t);
	fill_tree();
	all_workers_die(&t);
	detach("");
}

TEST(largest_weighs_each_process_for_itself_where_that_is_set)
{
	struct tree t;

	cg_make("dom");
	cg_make("dom/workers");
	attach("--set whole_cgroup=true --set whole@/test/dom/workers=0 --set whole@/test/dom=1");
	make_tree(&t);
	fill_tree();
	CHECK(killed(t.single), "the largest cgroup lives");
	for (int i = 0; i < 3; i++)
		CHECK(alive(t.worker[i]), "worker %d died", i);
	detach("");
}

TEST(the_kernel_alone_would_have_chosen_otherwise)
{
	struct tree t;

	make_tree(&t);
	fill_tree();
	CHECK(killed(t.single), "the tree does not show what it should");
	CHECK(alive(t.worker[1]), "the tree does not show what it should");
}

TEST(largest_takes_the_domain_itself_when_it_has_no_children)
{
	pid_t small, eats;

	attach("");
	cg_make_limited("dom", 60);
	small = hog("dom", 20, 0);
	eats = oom_in("dom");
	CHECK(killed(eats), "the largest process lives");
	CHECK(alive(small), "not only the largest process died");
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
	/* Only one OOM: sockets are freed later than the kernel waits. */
	one_oom("dom");
	CHECK(killed(sockets), "the largest cgroup lives");
	CHECK(alive(anon), "not the largest cgroup died");
	check_report("largest", "/", "MEMCG", "/test/dom", 1);
	detach("");
}

TEST(largest_kills_around_a_process_that_must_not_die)
{
	pid_t parent, worker, eats;

	attach("--set whole_cgroup=true");
	cg_make_limited("dom", 60);
	cg_make("dom/a");
	parent = hog("dom/a", 10, -1000);
	worker = hog("dom/a", 5, 0);
	eats = oom_in("dom/a");
	CHECK(killed(eats) && killed(worker), "they live");
	CHECK(alive(parent), "it died");
	check_report("largest", "/", "MEMCG", "/test/dom", 2);
	detach("");
}

TEST(largest_leaves_it_to_the_kernel_when_the_largest_must_not_be_killed)
{
	int fd = records_open();
	pid_t safe, worker, single;
	const char *r;

	attach("");
	cg_make_limited("dom", 200);
	cg_make("dom/safe");
	cg_make("dom/workers");
	cg_make("dom/single");
	safe = hog("dom/safe", 60, -1000);
	worker = hog("dom/workers", 20, 0);
	hog("dom/workers", 20, 0);
	single = hog("dom/single", 30, 0);
	one_oom("dom");
	CHECK(killed(single), "the kernel has not decided");
	CHECK(alive(safe) && alive(worker), "a smaller cgroup had to pay");
	r = record_of(fd, "default");
	check_record(r, "declined_why", "the largest is protected by oom_score_adj");
	close(fd);
	detach("");
}

TEST(largest_says_which_cgroup_it_passed_over_and_why)
{
	int fd = records_open();
	char safe[64];
	const char *r;
	pid_t pid;

	attach("");
	cg_make_limited("dom", 200);
	cg_make("dom/safe");
	cg_make("dom/app");
	hog("dom/safe", 20, -1000);
	pid = hog("dom/app", 40, 0);
	one_oom("dom");
	CHECK(killed(pid), "it lives");
	r = record_of(fd, "largest");
	check_record_number(r, "candidates", 2);
	CHECK(strstr(record_has(r, "candidate", 0), " /test/dom/app"), "not the largest first");
	snprintf(safe, sizeof(safe), " 0 %llu /test/dom/safe", cg_id("dom/safe"));
	CHECK(strstr(record_has(r, "candidate", 1), safe), "candidate=%s",
	      record_value(r, "candidate", 1));
	check_record(r, "candidate_why", "all its processes are protected by oom_score_adj");
	close(fd);
	detach("");
}

TEST(largest_has_regard_to_oom_score_adj_by_what_it_is_about)
{
	pid_t db, small, batch;

	attach("");
	cg_make_limited("dom", 200);
	cg_make("dom/db");
	cg_make("dom/batch");
	db = hog("dom/db", 60, -500);
	/*
	 * It adds little to the size of the cgroup, but is the first one to be killed in
	 * it.
	 */
	small = hog("dom/db", 1, 1000);
	batch = hog("dom/batch", 20, 0);
	one_oom("dom");
	CHECK(killed(batch), "it lives");
	CHECK(alive(db) && alive(small), "another one died");
	one_oom("dom");
	CHECK(killed(small), "it lives");
	CHECK(alive(db), "it died before one that is to die first");
	detach("");
}

/* The kernel finds the memory by another thread. */
TEST(largest_has_regard_to_processes_whose_first_thread_has_exited)
{
	int fd = records_open();
	pid_t batch, safe, single, small;
	const char *r;

	attach("");
	cg_make_limited("dom", 200);
	cg_make("dom/batch");
	cg_make("dom/safe");
	cg_make("dom/single");
	batch = hog_by_its_other_thread("dom/batch", 20, 500);
	safe = hog_by_its_other_thread("dom/safe", 60, -1000);
	small = hog("dom/safe", 2, 0);
	single = hog("dom/single", 40, 0);
	one_oom("dom");
	CHECK(killed(batch), "its oom_score_adj has been overlooked");
	one_oom("dom");
	CHECK(killed(single), "the kernel has not decided");
	CHECK(alive(safe) && alive(small), "who is beside what stays had to pay");
	r = record_of(fd, "default");
	check_record(r, "declined_why", "the largest is protected by oom_score_adj");
	close(fd);
	detach("");
}

/* Reclaim within the tenant computes protection so; reclaim of the system does not. */
TEST(largest_lets_nobody_protect_more_than_it_has_itself)
{
	pid_t tenant, neighbour;

	attach("");
	cg_make_limited("dom", 200);
	cg_make("dom/tenant");
	cg_make("dom/tenant/own");
	cg_make("dom/neighbour");
	cg_write("dom/tenant/own", "memory.low", "max");
	tenant = hog("dom/tenant/own", 40, 0);
	neighbour = hog("dom/neighbour", 20, 0);
	/* Reclaim that has nothing to free */
	write_file(CG_ROOT "/test/dom/tenant/memory.reclaim", "1M");
	one_oom("dom");
	CHECK(killed(tenant), "it protects itself");
	CHECK(alive(neighbour), "its neighbour had to pay");
	detach("");
}

TEST(largest_of_a_cgroup_decides_there_and_not_elsewhere)
{
	pid_t small, large, more, single, worker;

	cg_make_limited("dom", 60);
	cg_make_limited("other", 100);
	cg_make("dom/a");
	cg_make("dom/b");
	cg_make("other/a");
	cg_make("other/b");
	attach("--cgroup /sys/fs/cgroup/test/dom");
	small = hog("dom/a", 5, 0);
	large = hog("dom/b", 40, 0);
	/* This fits once the largest process is gone. */
	more = hog("dom/a", 30, 0);
	CHECK(klog_has("oom_policy=largest,policy_cgroup=/test/dom"), "not asked");
	CHECK(killed(large), "the largest cgroup lives");
	CHECK(alive(small) && alive(more), "not only the largest cgroup died");
	single = hog("other/a", 25, 0);
	worker = hog("other/b", 20, 0);
	hog("other/b", 20, 0);
	one_oom("other");
	CHECK(killed(single), "the policy decided elsewhere");
	CHECK(alive(worker), "not only the kernel's choice died");
	detach("--cgroup /sys/fs/cgroup/test/dom");
}

TEST(largest_decides_a_global_oom)
{
	pid_t worker, single;

	attach("");
	cg_make("workers");
	cg_make("single");
	hog("workers", 90, 0);
	worker = hog("workers", 100, 0);
	hog("workers", 90, 0);
	single = hog("single", 150, 0);
	CHECK(!write_file("/proc/sysrq-trigger", "f"), "no sysrq");
	CHECK(killed(worker), "the largest cgroup lives");
	CHECK(alive(single), "the kernel's choice died");
	detach("");
}
