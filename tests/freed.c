// SPDX-License-Identifier: GPL-2.0-only
/* Memory that comes back by itself while a policy is asked */
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/types.h>
#include <bpf_oom/oom.h>

#include "harness.h"
#include "hooktest.h"
#include "klog.h"
#include "seen.h"

/* Nearly fills its domain, beside one that is in it, too. */
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

/* An OOM during which the filler goes away. It ends without a kill. */
static void oom_that_passes(struct policy *p, const struct scene *s)
{
	struct policy_control *ctl = policy_control(p);
	pid_t eats = oom_in_handler(ctl, "dom/a");

	reap(s->filler);
	CHECK(!ctl->finished, "the policy did not wait to be told");
	ctl->go_on = 1;
	CHECK(WAIT_FOR(ctl->finished, 20), "the policy does not return");
	CHECK(alive(eats), "the one that waited for memory died");
	reap(eats);
	CHECK(alive(s->other), "killed all the same");
	/* Which waits for it: a kill would come after the policy. */
	CHECK(!klog_has("Killed process"), "said: %s", klog_line("Killed process"));
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

/* As much as CPUs charge in advance comes and goes at a limit. */
TEST(memory_that_came_back_counts_also_where_a_little_was_left)
{
	struct scene s = make_scene();
	struct policy *p = policy_on("slow", "dom", 0);
	struct policy_control *ctl = policy_control(p);
	char used[32];
	pid_t pid;

	read_file(CG_ROOT "/test/dom/memory.current", used, sizeof(used));
	cg_write("dom", "memory.max", "%ld", atol(used) + 100 * 4096);
	hooktest_load();
	ctl->kill_pid[0] = s.other;
	ctl->spin_ns = UNTIL_TOLD_NS;
	/* See oom_in_handler(). */
	need_cpus(2);
	run_on(0);
	pid = fork();
	if (!pid) {
		run_on(1);
		hooktest("oom %llu", cg_id("dom"));
		_exit(0);
	}
	CHECK(WAIT_FOR(ctl->asked, 20), "the policy is not asked");
	reap(s.filler);
	CHECK(!ctl->finished, "the policy did not wait to be told");
	ctl->go_on = 1;
	CHECK(WAIT_FOR(ctl->finished, 20), "the policy does not return");
	CHECK_EQ(ctl->kill_ret[0], -EAGAIN);
	CHECK(alive(s.other), "killed all the same");
	waitpid(pid, NULL, 0);
	reap(s.other);
	policy_close(p);
}

/* The kernel counts a victim as done before its pages are free. */
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
	/* Fits in when the largest has gone. */
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
