// SPDX-License-Identifier: GPL-2.0-only
/* Memory that becomes free before a process is killed */
#include <errno.h>
#include <stdlib.h>

#include <linux/types.h>
#include <bpf_oom/oom.h>

#include "harness.h"
#include "hooktest.h"
#include "klog.h"
#include "seen.h"

/* One task nearly fills the domain, another one is in it, too. */
struct scene {
	pid_t filler, other;
};

static struct scene make_scene(void)
{
	struct scene s;

	cg_make_limited("dom", 100);
	cg_make("dom/a");
	s.filler = hog("dom/a", 70, 0);
	s.other = hog("dom/a", 5, 0);
	return s;
}

/* Causes an OOM during which the filler exits. It ends without a kill. */
static void oom_that_passes(struct policy *p, const struct scene *s)
{
	struct policy_control *ctl = policy_control(p);
	pid_t eats = oom_in_handler(ctl, "dom/a");

	reap(s->filler);
	CHECK(!ctl->finished, "the policy did not wait to be told");
	ctl->go_on = 1;
	CHECK(WAIT_FOR(ctl->finished, 30), "the policy does not return");
	CHECK(alive(eats), "the one that waited for memory died");
	reap(eats);
	CHECK(alive(s->other), "killed all the same");
	/* This waits for a message: the kernel would kill after the policy. */
	CHECK(!klog_has_soon("Killed process"), "said: %s", klog_line("Killed process"));
}

TEST(memory_that_came_back_while_a_policy_was_asked_needs_no_kill)
{
	struct scene s = make_scene();
	struct policy *p = policy_on("slow", "dom", 0);
	int fd = records_open();
	const char *r;

	policy_control(p)->kill_pid[0] = s.other;
	oom_that_passes(p, &s);
	CHECK_EQ(policy_control(p)->kill_ret[0], -EAGAIN);
	r = record_of(fd, "slow");
	check_record(r, "result", "freed");
	check_record_number(r, "kills", 0);
	CHECK_EQ(seen_number("slow", "handled"), 1);
	CHECK_EQ(seen_number("slow", "waits"), 0);
	CHECK_EQ(seen_number("slow", "errors"), 0);
	reap(s.other);
	policy_close(p);
}

TEST(memory_that_came_back_before_a_policy_was_asked_needs_no_kill)
{
	struct scene s = make_scene();
	struct policy *p = policy_on("late", "dom", 0);

	policy_control(p)->kill_pid[0] = s.other;
	CHECK_EQ(hooktest("late %llu", cg_id("dom")), 1);
	CHECK_EQ(policy_control(p)->kill_ret[0], -EAGAIN);
	CHECK(alive(s.filler) && alive(s.other), "killed all the same");
	/* If the policy declines, the kernel does not kill either. */
	policy_control(p)->kill_pid[0] = 0;
	CHECK_EQ(hooktest("late %llu", cg_id("dom")), 1);
	CHECK(!klog_has_soon("Killed process"), "said: %s", klog_line("Killed process"));
	reap(s.filler);
	reap(s.other);
	policy_close(p);
}

/* Memcg stock that CPUs give back is too little for the task to go on. */
TEST(a_little_room_is_no_memory_that_came_back)
{
	struct scene s = make_scene();
	struct policy *p = policy_on("late", "dom", 0);
	char charged[24];

	read_file(CG_ROOT "/test/dom/memory.current", charged, sizeof(charged));
	cg_write("dom", "memory.max", "%ld", atol(charged) + 40 * 4096);
	policy_control(p)->kill_pid[0] = s.other;
	CHECK_EQ(hooktest("late %llu", cg_id("dom")), 1);
	CHECK_EQ(policy_control(p)->kill_ret[0], 0);
	CHECK(killed(s.other), "not killed");
	reap(s.filler);
	reap(s.other);
	policy_close(p);
}

/* For the kernel, a victim is done before its pages are free. */
TEST(memory_that_a_victim_is_about_to_free_needs_no_second_kill)
{
	pid_t small, large, more;

	need_memcg();
	cg_make_limited("dom", 60);
	cg_make("dom/a");
	cg_make("dom/b");
	CHECK(!sh("bpfoom attach largest --cgroup /sys/fs/cgroup/test/dom"), "attach");
	small = hog("dom/a", 5, 0);
	large = hog("dom/b", 40, 0);
	CHECK_EQ(hooktest("slowfree 400"), 0);
	/* This fits as soon as the largest task is gone. */
	more = hog("dom/a", 30, 0);
	CHECK_EQ(hooktest("slowfree 0"), 0);
	CHECK(killed(large), "the largest lives");
	CHECK(alive(small), "killed although memory was coming");
	CHECK_EQ(cg_key("dom", "memory.events", "oom_kill"), 1);
	reap(more);
	reap(small);
	CHECK(!sh("bpfoom detach largest --cgroup /sys/fs/cgroup/test/dom"), "detach");
}

TEST(memory_that_came_back_while_a_policy_ranked_needs_no_kill)
{
	struct scene s = make_scene();
	struct policy *p = ranker_open("slow", "dom", true);
	int fd = records_open();

	policy_start(p);
	policy_control(p)->rank_pid[0] = s.other;
	policy_control(p)->rank[0] = BPF_EVAL_SELECT;
	oom_that_passes(p, &s);
	check_record(record_of(fd, "slow"), "result", "freed");
	reap(s.other);
	policy_close(p);
}

TEST(memory_that_came_back_while_a_policy_declined_needs_no_kill_by_the_kernel)
{
	struct scene s = make_scene();
	struct policy *p = policy_on("slow", "dom", 0);
	int fd = records_open();

	oom_that_passes(p, &s);
	check_record(record_of(fd, "default"), "result", "freed");
	reap(s.other);
	policy_close(p);
}
