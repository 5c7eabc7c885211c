// SPDX-License-Identifier: GPL-2.0-only
/* Policies that rank the tasks that the kernel scans */
#include <unistd.h>

#include <linux/types.h>
#include <bpf_oom/oom.h>

#include "harness.h"
#include "hooktest.h"
#include "klog.h"
#include "seen.h"
#include "util.h"

/* Three tasks to choose from; the kernel would take the largest. */
struct domain {
	pid_t small, middle, large;
};

static struct domain domain(void)
{
	struct domain d;

	cg_make_limited("dom", 100);
	cg_make("dom/a");
	d.small = hog("dom/a", 5, 0);
	d.middle = hog("dom/a", 20, 0);
	d.large = hog("dom/a", 40, 0);
	return d;
}

static struct policy *ranker_on(const char *cg)
{
	struct policy *p = ranker_open("ranker", cg, false);

	policy_start(p);
	return p;
}

/* Sets the verdict on a task; others are left to the kernel's rule. */
static void say(struct policy *p, int i, pid_t pid, int verdict)
{
	policy_control(p)->rank_pid[i] = pid;
	policy_control(p)->rank[i] = verdict;
}

static void only_dies(const struct domain *d, pid_t pid)
{
	const pid_t all[] = { d->small, d->middle, d->large };

	CHECK(killed(pid), "who was to die lives");
	for (int i = 0; i < 3; i++)
		CHECK(all[i] == pid || alive(all[i]), "number %d died", i);
	CHECK_EQ(klog_count("Killed process"), 1);
}

static void by_the_kernel(const struct domain *d)
{
	only_dies(d, d->large);
	CHECK(kernel_decided(), "not the kernel's decision");
	CHECK(!klog_count("oom_policy=ranker"), "a policy that did not act is named");
}

static void by_the_policy(const struct domain *d, pid_t pid)
{
	only_dies(d, pid);
	CHECK(klog_has("Out of memory (ranker): Killed process"), "not by the policy");
	check_report("ranker", "/test/dom", "MEMCG", "/test/dom", 1);
}

TEST(evaluate_selects_whom_the_policy_wants)
{
	struct domain d = domain();
	struct policy *p = ranker_on("dom");

	say(p, 0, d.small, BPF_EVAL_SELECT);
	one_oom("dom");
	by_the_policy(&d, d.small);
	CHECK_EQ(policy_control(p)->evaluated, 3);
	CHECK_EQ(cg_key("dom", "memory.events", "oom_kill"), 1);
	policy_close(p);
}

TEST(evaluate_shows_what_has_been_selected_and_takes_the_last)
{
	struct domain d = domain();
	struct policy *p = ranker_on("dom");
	struct policy_control *ctl = policy_control(p);

	/*
	 * The scan visits tasks in the order in which they joined the cgroup, or in the
	 * reverse.
	 */
	say(p, 0, d.small, BPF_EVAL_SELECT);
	say(p, 1, d.large, BPF_EVAL_SELECT);
	one_oom("dom");
	CHECK(ctl->chosen_pid == d.small || ctl->chosen_pid == d.large,
	      "the program saw %d", ctl->chosen_pid);
	by_the_policy(&d, ctl->chosen_pid == d.small ? d.large : d.small);
	CHECK_EQ(ctl->scans, 1);
	policy_close(p);
}

TEST(evaluate_leaves_it_to_the_kernels_rule)
{
	struct domain d = domain();
	struct policy *p = ranker_on("dom");

	one_oom("dom");
	by_the_policy(&d, d.large);
	policy_close(p);
}

TEST(evaluate_takes_unknown_verdicts_for_none)
{
	struct domain d = domain();
	struct policy *p = ranker_on("dom");

	policy_control(p)->rank_other = 4;
	say(p, 0, d.small, -1);
	say(p, 1, d.middle, 0x10000003);
	one_oom("dom");
	by_the_policy(&d, d.large);
	policy_close(p);
}

TEST(evaluate_spares_a_task)
{
	struct domain d = domain();
	struct policy *p = ranker_on("dom");

	say(p, 0, d.large, BPF_EVAL_NEXT);
	one_oom("dom");
	by_the_policy(&d, d.middle);
	policy_close(p);
}

TEST(evaluate_that_spares_everybody_falls_back)
{
	struct domain d = domain();
	struct policy *p = ranker_on("dom");

	policy_control(p)->rank_other = BPF_EVAL_NEXT;
	one_oom("dom");
	by_the_kernel(&d);
	CHECK(klog_has("policy ranker: a scan ended without a victim: nobody was selected"),
	      "the log does not say so");
	policy_close(p);
}

TEST(evaluate_that_aborts_falls_back)
{
	struct domain d = domain();
	struct policy *p = ranker_on("dom");

	policy_control(p)->rank_other = BPF_EVAL_ABORT;
	one_oom("dom");
	by_the_kernel(&d);
	CHECK_EQ(policy_control(p)->evaluated, 1);
	CHECK(klog_has("policy ranker: a scan ended without a victim: it said so"),
	      "the log does not say so");
	policy_close(p);
}

TEST(evaluate_that_aborts_is_followed_by_the_next_policy)
{
	struct domain d = domain();
	struct policy *near = ranker_on("dom"), *far = ranker_open("far", NULL, false);

	policy_start(far);
	policy_control(near)->rank_other = BPF_EVAL_ABORT;
	say(far, 0, d.middle, BPF_EVAL_SELECT);
	one_oom("dom");
	only_dies(&d, d.middle);
	check_report("far", "/", "MEMCG", "/test/dom", 1);
	policy_close(far);
	policy_close(near);
}

TEST(evaluate_is_not_asked_when_the_handler_has_killed)
{
	struct domain d = domain();
	struct policy *p = ranker_open("ranker", "dom", true);

	policy_start(p);
	policy_control(p)->kill_pid[0] = d.middle;
	one_oom("dom");
	only_dies(&d, d.middle);
	CHECK_EQ(policy_control(p)->asked, 1);
	CHECK_EQ(policy_control(p)->evaluated, 0);
	policy_close(p);
}

TEST(evaluate_is_asked_when_the_handler_only_says_so)
{
	struct domain d = domain();
	struct policy *p = ranker_open("ranker", "dom", true);

	policy_start(p);
	policy_control(p)->ret = 1;
	say(p, 0, d.small, BPF_EVAL_SELECT);
	one_oom("dom");
	by_the_policy(&d, d.small);
	CHECK_EQ(policy_control(p)->asked, 1);
	CHECK_EQ(policy_control(p)->evaluated, 3);
	policy_close(p);
}

TEST(evaluate_in_an_oom_of_the_system)
{
	struct policy *p;
	struct domain d;

	d = domain();
	p = ranker_on(NULL);
	say(p, 0, d.small, BPF_EVAL_SELECT);
	one_oom(NULL);
	only_dies(&d, d.small);
	check_report("ranker", "/", "NONE", "/", 1);
	policy_close(p);
}

TEST(evaluate_that_spares_the_system_does_not_panic)
{
	struct policy *p = ranker_on(NULL);
	pid_t pid;

	cg_make("a");
	pid = hog("a", 30, 1000);
	policy_control(p)->rank_other = BPF_EVAL_NEXT;
	one_oom(NULL);
	CHECK(killed(pid), "the kernel chose somebody else");
	CHECK(klog_has("Out of memory: Killed process"), "not the kernel's decision");
	policy_close(p);
}

static pid_t hog_on_node(const char *cg, const char *node, unsigned int mb)
{
	cg_make(cg);
	cg_write(cg, "cpuset.mems", "%s", node);
	return hog(cg, mb, 0);
}

TEST(evaluate_in_an_oom_of_a_cpuset)
{
	struct policy *p;
	pid_t here, there, me;

	if (access("/sys/devices/system/node/node1", F_OK))
		test_skip("one NUMA node: boot with numa=fake=2");
	cg_write("", "cgroup.subtree_control", "+cpuset");
	here = hog_on_node("node0", "0", 5);
	there = hog_on_node("node1", "1", 30);
	p = ranker_on(NULL);
	policy_control(p)->rank_other = BPF_EVAL_NEXT;
	say(p, 0, there, BPF_EVAL_SELECT);
	say(p, 1, here, BPF_EVAL_SELECT);
	hooktest_load();
	me = fork();
	if (!me) {
		cg_write("node0", "cgroup.procs", "0");
		hooktest("oom 0");
		_exit(0);
	}
	CHECK(killed(here), "the task of this cpuset lives");
	CHECK(alive(there), "the task of another cpuset died");
	check_report("ranker", "/", "NONE", "/", 1);
	reap(me);
	policy_close(p);
}

TEST(evaluate_does_not_ask_about_what_cannot_be_killed)
{
	struct domain d = domain();
	pid_t safe = hog("dom/a", 5, -1000);
	struct policy *p = ranker_on("dom");

	say(p, 0, safe, BPF_EVAL_SELECT);
	one_oom("dom");
	by_the_policy(&d, d.large);
	CHECK(alive(safe), "it died");
	CHECK_EQ(policy_control(p)->evaluated, 3);
	policy_close(p);
}

/* A task that allocates for real: the policy settles one OOM after the other. */
TEST(evaluate_under_an_eater)
{
	struct domain d = domain();
	struct policy *p = ranker_on("dom");
	pid_t eats;

	/* The eater is killed last. */
	say(p, 0, d.small, BPF_EVAL_SELECT);
	say(p, 1, d.middle, BPF_EVAL_NEXT);
	say(p, 2, d.large, BPF_EVAL_NEXT);
	eats = oom_in("dom/a");
	CHECK(killed(eats), "the eater lives");
	CHECK(killed(d.small), "the selected one lives");
	CHECK(alive(d.middle) && alive(d.large), "one that was spared died");
	CHECK(!klog_count("oom_policy=default"), "the kernel decided");
	policy_close(p);
}

TEST(evaluate_while_policies_come_and_go_under_an_oom_storm)
{
	unsigned int evaluated = 0;
	pid_t pid, keep;

	cg_make_limited("dom", 20);
	keep = hog("dom", 1, 0);
	pid = storm("dom");
	for (int i = 0; i < 8 || (!evaluated && i < 300); i++) {
		struct policy *p = ranker_open("ranker", "dom", i & 1);

		/* The eater is the task that is not named. */
		say(p, 0, keep, BPF_EVAL_NEXT);
		policy_control(p)->rank_other = BPF_EVAL_SELECT;
		policy_start(p);
		usleep((unsigned int)(i % 10) * 20000);
		policy_detach(p);
		evaluated += policy_control(p)->evaluated;
		policy_close(p);
	}
	end_storm(pid);
	printf("    # %u tasks\n", evaluated);
	CHECK(evaluated, "not asked once");
	CHECK(alive(keep), "one that was spared died");
}
