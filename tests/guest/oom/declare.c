// SPDX-License-Identifier: GPL-2.0-only
/* OOMs that programs declare, in a pressure handler and elsewhere */
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "harness.h"
#include "klog.h"
#include "psi_util.h"
#include "declare.skel.h"

#define WAIT BPF_OOM_FLAGS_WAIT_ON_OOM_LOCK

/* Loads a program of type syscall; cg NULL: for OOMs of the system. */
static struct declare_bpf *declare_load(const char *cg)
{
	struct declare_bpf *d;

	if (cg)
		need_memcg();
	d = declare_bpf__open_and_load();
	CHECK(d, "load: %s", strerror(errno));
	d->bss->cgroup_id = cg ? cg_id(cg) : 0;
	return d;
}

static int declare_run(struct declare_bpf *d, int order,
		       unsigned long long flags, enum psi_text text)
{
	struct bpf_test_run_opts opts = { .sz = sizeof(opts) };

	d->bss->declare = (struct psi_declare){
		.order = order, .flags = flags, .text = text,
	};
	CHECK(!bpf_prog_test_run_opts(bpf_program__fd(d->progs.declare_now), &opts),
	      "run: %s", strerror(errno));
	return d->bss->declare.ret;
}

static int declare(const char *cg, int order, unsigned long long flags,
		   enum psi_text text)
{
	struct declare_bpf *d = declare_load(cg);
	int ret = declare_run(d, order, flags, text);

	declare_bpf__destroy(d);
	return ret;
}

static void check_line(const char *want)
{
	CHECK(klog_has(want), "said: %s", klog_line("oom_policy=") ?: "nothing");
}

TEST(declare_without_a_policy_is_the_kernels)
{
	pid_t small, large;

	cg_make("dom");
	small = hog("dom", 5, 0);
	large = hog("dom", 20, 0);
	CHECK_EQ(declare("dom", 0, WAIT, TEXT_PRESSURE), 1);
	CHECK(killed(large), "the kernel chose somebody else");
	CHECK(alive(small), "two died");
	CHECK_EQ(cg_key("dom", "memory.events", "oom_kill"), 1);
	reap(small);
	reap(large);
}

TEST(declare_asks_the_oom_policies)
{
	struct policy *oom;
	pid_t small, large;

	cg_make("dom");
	cg_make("dom/a");
	small = hog("dom/a", 5, 0);
	large = hog("dom/a", 20, 0);
	oom = policy_on("decides", "dom", 1);
	policy_control(oom)->kill_pid[0] = small;
	CHECK_EQ(declare("dom/a", 2, WAIT, TEXT_PRESSURE), 1);
	CHECK(killed(small), "the policy's choice lives");
	CHECK(alive(large), "the kernel killed as well");
	CHECK_EQ(policy_control(oom)->order, 2);
	CHECK_EQ(policy_control(oom)->memcg_id, cg_id("dom/a"));
	check_line("oom_policy=decides,policy_cgroup=/test/dom,constraint=PRESSURE,oom_cgroup=/test/dom/a,killed=1");
	policy_close(oom);
	reap(small);
	reap(large);
}

TEST(declare_of_the_system_kills)
{
	pid_t pid;

	cg_make("dom");
	pid = hog("dom", 20, 1000);
	CHECK_EQ(declare(NULL, 0, WAIT, TEXT_PRESSURE), 1);
	CHECK(killed(pid), "the kernel chose somebody else");
	reap(pid);
}

TEST(declare_in_an_empty_cgroup_kills_nobody)
{
	cg_make("empty");
	CHECK_EQ(declare("empty", 0, WAIT, TEXT_PRESSURE), 0);
}

TEST(declare_with_a_bad_order_or_flag_is_refused)
{
	CHECK_EQ(declare(NULL, -1, WAIT, TEXT_PRESSURE), -EINVAL);
	CHECK_EQ(declare(NULL, 99, WAIT, TEXT_PRESSURE), -EINVAL);
	CHECK_EQ(declare(NULL, 0, 1ULL << 1, TEXT_PRESSURE), -EINVAL);
	CHECK_EQ(declare(NULL, 0, WAIT | 1ULL << 40, TEXT_PRESSURE), -EINVAL);
	CHECK(!klog_count("Out of memory"), "somebody was killed");
}

TEST(declare_waits_for_another_oom_only_if_told_to)
{
	struct policy_control *ctl;
	struct declare_bpf *d;
	struct policy *oom;
	pid_t eats, other;

	cg_make_limited("dom", 40);
	cg_make("other");
	other = hog("other", 5, 0);
	d = declare_load("other");
	oom = policy_on("slow", "dom", 0);
	ctl = policy_control(oom);
	eats = oom_in_handler(ctl, "dom");
	CHECK_EQ(declare_run(d, 0, 0, TEXT_PRESSURE), -EBUSY);
	CHECK(alive(other), "killed all the same");
	go_on_soon(&ctl->go_on);
	CHECK_EQ(declare_run(d, 0, WAIT, TEXT_PRESSURE), 1);
	CHECK(ctl->finished, "did not wait");
	CHECK(killed(other), "not killed");
	CHECK(killed(eats), "nobody killed the eater");
	reap(other);
	reap(eats);
	declare_bpf__destroy(d);
	policy_close(oom);
}

/* A policy that only declines, so that every kernel logs the text. */
static void check_text(enum psi_text text, const char *want)
{
	struct policy *oom;
	char line[200];
	pid_t pid;

	cg_make("dom");
	oom = policy_on("declines", NULL, 0);
	do {
		pid = hog("dom", 5, 0);
		CHECK_EQ(declare("dom", 0, WAIT, text), 1);
		CHECK(killed(pid), "nobody died");
		reap(pid);
	} while (klog_try_again_for("oom-kill:") || klog_try_again_for("oom_policy="));
	snprintf(line, sizeof(line), ",constraint=%s,oom_cgroup=/test/dom,", want);
	check_line(line);
	if (hook_built_in()) {
		snprintf(line, sizeof(line), "oom-kill:constraint=%s,", want);
		CHECK(klog_has(line), "said: %s", klog_line("oom-kill:") ?: "nothing");
	}
	policy_close(oom);
}

TEST(declare_without_a_text_says_constraint_bpf)
{
	check_text(TEXT_EMPTY, "CONSTRAINT_BPF");
}

TEST(declare_with_a_text_that_would_break_the_line_replaces_it)
{
	check_text(TEXT_UGLY, "two_words_a=b___");
}

TEST(declare_with_a_long_text_cuts_it_off)
{
	check_text(TEXT_LONG,
		   "012345678901234567890123456789012345678901234567890123456789012");
}

/*
 * Makes pressure in the cgroup, and attaches a policy that declares an OOM there at once.
 */
static struct psi *guard(const char *cg)
{
	struct psi *p;

	need_memcg();
	p = psi_open("guard");
	psi_watch(p, cg, MEM, 50000, 500000);
	p->ctl->declares = 1;
	p->ctl->declare.flags = WAIT;
	p->ctl->declare.text = TEXT_PRESSURE;
	return p;
}

static pid_t thrash(const char *cg)
{
	cg_write(cg, "memory.swap.max", "0");
	cg_write(cg, "memory.high", "20M");
	return eater(cg, 0, 5000);
}

TEST(psi_an_event_declares_an_oom_that_the_kernel_decides)
{
	struct psi *p;
	pid_t pid;

	cg_make("dom");
	p = guard("dom");
	psi_on(p);
	pid = thrash("dom");
	CHECK(killed(pid), "the eater lives");
	CHECK(WAIT_FOR(p->ctl->finished, 30), "not the handler");
	CHECK_EQ(p->ctl->declare.ret, 1);
	CHECK_EQ(cg_key("dom", "memory.events", "oom_kill"), 1);
	check_line("oom_policy=default,policy_cgroup=/,constraint=PRESSURE,oom_cgroup=/test/dom,killed=1");
	reap(pid);
	psi_close(p);
}

TEST(psi_an_event_declares_an_oom_that_a_policy_decides)
{
	struct policy *oom;
	pid_t pid, victim;
	struct psi *p;

	cg_make("dom");
	victim = hog("dom", 5, 0);
	oom = policy_on("decides", "dom", 1);
	policy_control(oom)->kill_pid[0] = victim;
	p = guard("dom");
	psi_on(p);
	pid = thrash("dom");
	CHECK(killed(victim), "the policy's choice lives");
	CHECK(WAIT_FOR(p->ctl->finished, 30), "not the handler");
	CHECK(alive(pid), "the kernel killed as well");
	CHECK_EQ(p->ctl->declare.ret, 1);
	CHECK_EQ(policy_control(oom)->memcg_id, cg_id("dom"));
	reap(pid);
	reap(victim);
	psi_close(p);
	policy_close(oom);
}

TEST(psi_an_event_declares_an_oom_of_the_system)
{
	struct policy *oom;
	pid_t pid, victim;
	struct psi *p;

	cg_make("dom");
	cg_make("other");
	victim = hog("other", 5, 0);
	oom = policy_on("decides", NULL, 1);
	policy_control(oom)->kill_pid[0] = victim;
	p = guard("dom");
	p->ctl->declare_global = 1;
	psi_on(p);
	pid = thrash("dom");
	CHECK(killed(victim), "the policy's choice lives");
	CHECK(WAIT_FOR(p->ctl->finished, 30), "not the handler");
	CHECK_EQ(p->ctl->declare.ret, 1);
	CHECK_EQ(policy_control(oom)->memcg_id, 0);
	reap(pid);
	reap(victim);
	psi_close(p);
	policy_close(oom);
}

/* The purpose of such policies: at attach, they know nothing of the cgroups. */
TEST(psi_a_policy_that_follows_cgroups_ends_the_one_that_stalls)
{
	unsigned long long gone, stalls;
	struct psi *p;
	pid_t pid;

	need_memcg();
	p = psi_open("follower");
	p->ctl->in_online = (struct psi_create){
		.resource = MEM, .threshold_us = 50000, .window_us = 500000,
		.times = 1,
	};
	p->ctl->declares = 1;
	p->ctl->declare.flags = WAIT;
	p->ctl->declare.text = TEXT_PRESSURE;
	psi_on(p);
	cg_make("gone");
	cg_make("stalls");
	gone = cg_id("gone");
	stalls = cg_id("stalls");
	CHECK(WAIT_FOR(p->ctl->onlines == 2, 30), "told of %u", p->ctl->onlines);
	CHECK_EQ(p->ctl->online_ids[0], gone);
	CHECK_EQ(p->ctl->online_ids[1], stalls);
	CHECK(!cg_remove("gone"), "rmdir");
	CHECK(WAIT_FOR(p->ctl->offlines == 1, 30), "its end is not told");
	CHECK_EQ(p->ctl->offline_ids[0], gone);

	cg_write("stalls", "memory.swap.max", "0");
	cg_write("stalls", "memory.high", "40M");
	pid = eater("stalls", 0, 5000);
	CHECK(killed(pid), "the eater lives");
	reap(pid);
	CHECK_EQ(cg_key("stalls", "memory.events", "oom_kill"), 1);
	check_line("constraint=PRESSURE,oom_cgroup=/test/stalls,");
	CHECK(!cg_remove("stalls"), "rmdir");
	CHECK(WAIT_FOR(p->ctl->offlines == 2, 30), "its end is not told");
	CHECK_EQ(p->ctl->offline_ids[1], stalls);
	CHECK_EQ(p->ctl->onlines, 2);
	psi_close(p);
}

TEST(psi_an_event_that_removes_its_cause_ends_the_pressure)
{
	unsigned int events;
	struct psi *p;
	pid_t pid;

	cg_make("dom");
	p = guard("dom");
	psi_on(p);
	pid = thrash("dom");
	CHECK(killed(pid), "the eater lives");
	reap(pid);
	/* Remove the cgroup while its event may still be handled. */
	CHECK(!cg_remove("dom"), "rmdir");
	CHECK(WAIT_FOR(p->ctl->offlines, 30), "its end is not told");
	events = p->ctl->events;
	sleep(1);
	CHECK_EQ(p->ctl->events, events);
	psi_close(p);
}
