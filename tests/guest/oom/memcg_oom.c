// SPDX-License-Identifier: GPL-2.0-only
/* Which policies are asked about the OOM of a memcg, and the effect of their answers */
#include <signal.h>
#include <unistd.h>

#include <linux/types.h>
#include <bpf_oom/oom.h>

#include "harness.h"
#include "hooktest.h"
#include "klog.h"
#include "seen.h"
#include "util.h"

/* A domain with a bystander of 20 MB; the kernel would kill the eater. */
struct scene {
	pid_t bystander, eater;
};

static struct scene make_scene(void)
{
	struct scene s;

	cg_make_limited("dom", 80);
	cg_make("dom/by");
	cg_make("dom/eat");
	s.bystander = hog("dom/by", 20, 0);
	return s;
}

static void run_oom(struct scene *s)
{
	s->eater = oom_in("dom/eat");
}

TEST(memcg_oom_kills_whom_the_policy_chose)
{
	struct scene s = make_scene();
	struct policy *p = policy_on("chooser", "dom", 1);
	struct policy_control *ctl = policy_control(p);

	ctl->kill_pid[0] = s.bystander;
	run_oom(&s);
	CHECK(killed(s.bystander), "the policy's choice lives");
	CHECK_EQ(ctl->kill_ret[0], 0);
	CHECK_EQ(ctl->was_victim, 0);
	CHECK_EQ(cg_key("dom/by", "memory.events", "oom_kill"), 1);
	CHECK(klog_has("Test policy: Killed process"), "no kill in the log");
	check_report("chooser", "/test/dom", "MEMCG", "/test/dom", 1);
	reap(s.eater);
	policy_close(p);
}

TEST(memcg_oom_gives_the_policy_the_facts)
{
	struct scene s = make_scene();
	struct policy *p = policy_on("facts", NULL, 0);
	struct policy_control *ctl = policy_control(p);

	run_oom(&s);
	CHECK(killed(s.eater), "the kernel did not kill");
	CHECK_EQ(ctl->memcg_id, cg_id("dom"));
	CHECK_EQ(ctl->cgrp_id, 1);
	CHECK_EQ(ctl->order, 0);
	CHECK_EQ(ctl->constraint, 3); /* CONSTRAINT_MEMCG */
	CHECK_EQ(ctl->totalpages, 80 * MB / 4096);
	policy_close(p);
}

static void falls_back(int ret)
{
	struct scene s = make_scene();
	struct policy *p = policy_on("decliner", "dom", ret);

	run_oom(&s);
	CHECK(killed(s.eater), "nobody killed the eater");
	CHECK(alive(s.bystander), "the bystander died");
	CHECK(policy_control(p)->asked, "the policy was not asked");
	CHECK(klog_has("Memory cgroup out of memory: Killed process"),
	      "not the kernel's kill");
	CHECK(kernel_decided(), "not the kernel's decision");
	CHECK(!klog_count("oom_policy=decliner"), "a policy that did not act is named");
	policy_close(p);
}

TEST(fallback_when_the_policy_returns_0)
{
	falls_back(0);
}

TEST(fallback_when_the_policy_returns_1_without_a_kill)
{
	falls_back(1);
}

TEST(fallback_when_the_policy_returns_a_negative_number)
{
	falls_back(-12);
}

TEST(fallback_when_the_policy_fails_to_iterate)
{
	struct scene s = make_scene();
	struct policy *p = able_on("iterator", "dom", 0);

	policy_control(p)->fail_iterate = 1;
	run_oom(&s);
	CHECK(killed(s.eater), "nobody killed the eater");
	CHECK(policy_control(p)->iterate_ret < 0, "the iterator did not fail");
	policy_close(p);
}

static void kill_counts_with(int ret)
{
	struct scene s = make_scene();
	struct policy *p = policy_on("modest", "dom", ret);
	struct policy *far = policy_on("far", NULL, 0);
	pid_t second = hog("dom/by", 5, 500);

	policy_control(p)->kill_pid[0] = s.bystander;
	/*
	 * Only one OOM: the next one may come after the kernel has stopped waiting for
	 * the victim.
	 */
	one_oom("dom");
	CHECK(killed(s.bystander), "the policy's choice lives");
	CHECK(klog_has("oom_policy=modest"), "who killed is not in the log");
	CHECK(!klog_count("oom_policy=default"), "the kernel was asked as well");
	CHECK_EQ(policy_control(far)->asked, 0);
	CHECK_EQ(cg_key("dom", "memory.events", "oom_kill"), 1);
	CHECK_EQ(klog_count("Killed process"), 1);
	CHECK(alive(second), "the kernel killed as well");
	reap(second);
	policy_close(far);
	policy_close(p);
}

TEST(a_kill_ends_the_walk_if_the_policy_returns_0)
{
	kill_counts_with(0);
}

TEST(a_kill_ends_the_walk_if_the_policy_returns_a_negative_number)
{
	kill_counts_with(-1);
}

TEST(no_report_line_without_a_policy)
{
	struct scene s = make_scene();

	run_oom(&s);
	CHECK(killed(s.eater), "nobody killed the eater");
	CHECK(!klog_count("oom_policy="), "an oom_policy line without a policy");
}

TEST(nearest_policy_first_then_its_ancestors_then_the_system)
{
	struct policy *at_child, *at_dom, *at_root;
	struct policy_control *c, *d, *r;
	pid_t pid;

	cg_make_limited("dom", 200);
	cg_make_limited("dom/child", 40);
	cg_make("dom/child/eat");
	/* Attached in the wrong order on purpose */
	at_dom = policy_on("parent", "dom", 0);
	at_root = policy_on("system", NULL, 0);
	at_child = policy_on("child", "dom/child", 0);
	c = policy_control(at_child);
	d = policy_control(at_dom);
	r = policy_control(at_root);
	pid = oom_in("dom/child/eat");
	CHECK(killed(pid), "nobody killed the eater");
	CHECK(c->asked && d->asked && r->asked, "asked: %u %u %u", c->asked,
	      d->asked, r->asked);
	CHECK(c->asked_ns < d->asked_ns && d->asked_ns < r->asked_ns,
	      "asked in the wrong order");
	CHECK_EQ(c->cgrp_id, cg_id("dom/child"));
	CHECK_EQ(d->cgrp_id, cg_id("dom"));
	CHECK_EQ(d->memcg_id, cg_id("dom/child"));
	policy_close(at_child);
	policy_close(at_root);
	policy_close(at_dom);
}

TEST(a_policy_that_handles_ends_the_walk)
{
	struct scene s = make_scene();
	struct policy *near = policy_on("near", "dom", 1);
	struct policy *far = policy_on("far", NULL, 0);

	policy_control(near)->kill_pid[0] = s.bystander;
	s.eater = eater("dom/eat", 0, 20000);
	CHECK(killed(s.bystander), "the policy's choice lives");
	/* The eater goes on, and the near policy has no task left to kill. */
	CHECK(policy_control(far)->asked < policy_control(near)->asked,
	      "asked %u times, and the near one %u times",
	      policy_control(far)->asked, policy_control(near)->asked);
	reap(s.eater);
	policy_close(far);
	policy_close(near);
}

TEST(policies_on_one_cgroup_are_asked_in_the_order_of_attachment)
{
	struct policy *first, *second;
	struct scene s = make_scene();

	first = policy_on("first", "dom", 0);
	second = policy_on("second", "dom", 0);
	run_oom(&s);
	CHECK(killed(s.eater), "nobody killed the eater");
	CHECK(policy_control(first)->asked_ns && policy_control(second)->asked_ns &&
	      policy_control(first)->asked_ns < policy_control(second)->asked_ns,
	      "wrong order");
	policy_close(second);
	policy_close(first);
}

TEST(policies_can_be_put_before_those_that_are_there)
{
	struct policy *first, *second, *third;
	unsigned long long f, s, t;
	struct scene scene = make_scene();

	third = policy_on("third", "dom", 0);
	second = policy_open("second", "dom");
	policy_ops(second)->flags = BPF_OOM_F_BEFORE;
	policy_start(second);
	first = policy_open("first", "dom");
	policy_ops(first)->flags = BPF_OOM_F_BEFORE;
	policy_start(first);
	run_oom(&scene);
	CHECK(killed(scene.eater), "nobody killed the eater");
	f = policy_control(first)->asked_ns;
	s = policy_control(second)->asked_ns;
	t = policy_control(third)->asked_ns;
	CHECK(f && s && t && f < s && s < t, "wrong order");
	policy_close(first);
	policy_close(second);
	policy_close(third);
}

TEST(a_policy_elsewhere_is_not_asked)
{
	struct scene s = make_scene();
	struct policy *p;

	cg_make("other");
	p = policy_on("elsewhere", "other", 0);
	run_oom(&s);
	CHECK(killed(s.eater), "nobody killed the eater");
	CHECK_EQ(policy_control(p)->asked, 0);
	policy_close(p);
}

TEST(memory_oom_group_takes_the_whole_cgroup_of_the_victim)
{
	struct scene s = make_scene();
	struct policy *p = policy_on("grouped", "dom", 1);
	pid_t mate = hog("dom/by", 1, 0);

	cg_write("dom/by", "memory.oom.group", "1");
	policy_control(p)->kill_pid[0] = s.bystander;
	s.eater = eater("dom/eat", 0, 20000);
	CHECK(killed(s.bystander), "the policy's choice lives");
	CHECK(killed(mate), "its group was not killed with it");
	CHECK_EQ(cg_key("dom/by", "memory.events", "oom_group_kill"), 1);
	/* With a group, the kernel counts the victim itself twice. */
	CHECK(cg_key("dom/by", "memory.events", "oom_kill") >= 2,
	      "the kills are not counted");
	reap(s.eater);
	policy_close(p);
}
