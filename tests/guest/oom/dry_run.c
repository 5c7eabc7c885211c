// SPDX-License-Identifier: GPL-2.0-only
/* A policy in a dry run, which only says what it would do */
#include <unistd.h>

#include <linux/types.h>
#include <bpf_oom/oom.h>

#include "harness.h"
#include "hooktest.h"
#include "klog.h"
#include "seen.h"

static struct policy *dry(const char *name, pid_t kill)
{
	struct policy *p = able_open(name, "dom");

	policy_ops(p)->flags = BPF_OOM_F_DRY_RUN;
	policy_control(p)->kill_pid[0] = kill;
	policy_control(p)->ret = 1;
	policy_start(p);
	return p;
}

TEST(a_dry_run_kills_nobody_and_the_kernel_decides)
{
	pid_t small, large;
	struct policy *p;
	const char *r;
	int fd;

	cg_make_limited("dom", 80);
	small = hog("dom", 5, 0);
	large = hog("dom", 30, 0);
	p = dry("dry", small);
	fd = records_open();
	one_oom("dom");
	CHECK(killed(large), "the kernel did not kill");
	CHECK(alive(small), "the dry run killed");
	CHECK_EQ(policy_control(p)->kill_ret[0], 0);
	CHECK(kernel_decided(), "not the kernel's decision");
	CHECK(!klog_count("oom_policy=dry"), "the log says that it killed");

	r = record_of(fd, "dry");
	check_record_number(r, "dry_run", 1);
	check_record(r, "result", "kill");
	check_record_number(r, "victim_pid", small);
	check_record(r, "reason", "Test policy");
	check_record_number(r, "kernel_pid", large);
	r = record_of(fd, "default");
	check_record_number(r, "dry_run", 0);
	check_record_number(r, "victim_pid", large);
	check_record(r, "reason", "");
	CHECK(strstr(record_has(r, "declined", 0), " dry-run"), "declined=%s",
	      record_value(r, "declined", 0));

	CHECK_EQ(seen_number("dry", "dry_run"), 1);
	CHECK_EQ(seen_number("dry", "asked"), 1);
	CHECK_EQ(seen_number("dry", "handled"), 0);
	CHECK_EQ(seen_number("dry", "kills"), 0);
	CHECK_EQ(seen_number("dry", "declined"), 1);
	close(fd);
	reap(small);
	reap(large);
	policy_close(p);
}

TEST(a_dry_run_is_followed_by_the_next_policy)
{
	pid_t small, other, large;
	struct policy *p, *next;
	const char *r;
	int fd;

	cg_make_limited("dom", 80);
	small = hog("dom", 5, 0);
	other = hog("dom", 10, 0);
	large = hog("dom", 30, 0);
	p = dry("dry", small);
	next = policy_on("next", "dom", 1);
	policy_control(next)->kill_pid[0] = other;
	fd = records_open();
	one_oom("dom");
	CHECK(killed(other), "the next one's choice lives");
	CHECK(alive(small) && alive(large), "more than one died");
	check_record_number(record_of(fd, "dry"), "victim_pid", small);
	r = record_of(fd, "next");
	check_record_number(r, "dry_run", 0);
	check_record_number(r, "victim_pid", other);
	check_record_number(r, "asked", 2);
	CHECK(!record_next(fd), "a third record");
	close(fd);
	reap(small);
	reap(other);
	reap(large);
	policy_close(p);
	policy_close(next);
}

TEST(a_dry_run_is_refused_what_would_be_refused)
{
	struct policy *p;
	const char *r;
	pid_t out, in;
	int fd;

	cg_make_limited("dom", 80);
	cg_make("out");
	in = hog("dom", 5, 0);
	out = hog("out", 5, 0);
	p = dry("dry", out);
	fd = records_open();
	one_oom("dom");
	CHECK(killed(in), "the kernel did not kill");
	CHECK(alive(out), "it was killed");
	CHECK_EQ(policy_control(p)->kill_ret[0], -EXDEV);
	r = record_of(fd, "dry");
	check_record(r, "result", "default");
	check_record(r, "victim_pid", NULL);
	CHECK_EQ(seen_number("dry", "errors"), 1);
	close(fd);
	reap(in);
	reap(out);
	policy_close(p);
}

TEST(a_dry_run_that_ranks_kills_nobody)
{
	pid_t small, large;
	struct policy *p;
	const char *r;
	int fd;

	cg_make_limited("dom", 80);
	small = hog("dom", 5, 0);
	large = hog("dom", 30, 0);
	p = ranker_open("dry", "dom", false);
	policy_ops(p)->flags = BPF_OOM_F_DRY_RUN;
	policy_control(p)->rank_pid[0] = small;
	policy_control(p)->rank[0] = BPF_EVAL_SELECT;
	policy_start(p);
	fd = records_open();
	one_oom("dom");
	CHECK(killed(large), "the kernel did not kill");
	CHECK(alive(small), "the dry run killed");
	r = record_of(fd, "dry");
	check_record_number(r, "victim_pid", small);
	check_record(r, "result", "kill");
	close(fd);
	reap(small);
	reap(large);
	policy_close(p);
}

TEST(a_dry_run_raises_no_limit)
{
	struct policy *p;
	pid_t pid;
	int fd;

	cg_make_limited("dom", 40);
	pid = hog("dom", 5, 0);
	p = dry("dry", 0);
	policy_control(p)->raise_id[0] = cg_id("dom");
	policy_control(p)->raise_to[0] = 80 * MB;
	fd = records_open();
	one_oom("dom");
	CHECK(killed(pid), "the kernel did not kill");
	CHECK_EQ(policy_control(p)->raise_ret[0], 0);
	check_record(record_of(fd, "dry"), "result", "raise");
	CHECK_EQ(cg_max_mb("dom"), 40);
	close(fd);
	reap(pid);
	policy_close(p);
}
