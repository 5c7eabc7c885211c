// SPDX-License-Identifier: GPL-2.0-only
/* How pressure policies and their triggers begin and end, also at awkward times */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "klog.h"
#include "psi_util.h"

/* Watches with triggers that fire as often as the kernel checks. */
static void watch_often(struct psi *p, const char *cg, unsigned int times)
{
	psi_watch(p, cg, CPU, 1000, 20000)->times = times;
}

static void check_silent(struct psi *p, const char *cg)
{
	struct press press = press_begin(cg);
	unsigned int events = p->ctl->events;

	sleep(1);
	press_end(press);
	CHECK_EQ(p->ctl->events, events);
}

TEST(psi_an_init_that_fails_attaches_nothing)
{
	struct psi *p = psi_open("fails");

	cg_make("busy");
	watch_often(p, "busy", 3);
	p->ctl->init_ret = -ENOMEDIUM;
	psi_load(p);
	CHECK_EQ(psi_attach(p), -ENOMEDIUM);
	CHECK_EQ(p->ctl->in_init[0].created, 3);
	CHECK(klog_has("policy fails: not attached, init returned"), "no reason in the log");
	check_silent(p, "busy");
	CHECK_EQ(p->ctl->events, 0);
	CHECK(!cg_remove("busy"), "rmdir");
	usleep(100000);
	CHECK_EQ(p->ctl->offlines, 0);
	/* The failed attempt has left nothing behind. */
	p->ctl->init_ret = 0;
	CHECK_EQ(psi_attach(p), 0);
	psi_close(p);
}

TEST(psi_an_init_that_returns_nonsense_attaches_nothing)
{
	struct psi *p = psi_open("nonsense");

	p->ctl->init_ret = 7;
	psi_load(p);
	CHECK_EQ(psi_attach(p), -EINVAL);
	p->ctl->init_ret = -100000;
	CHECK_EQ(psi_attach(p), -EINVAL);
	psi_close(p);
}

TEST(psi_events_and_cgroups_during_init_are_told_after_it)
{
	struct psi *p = psi_open("slow-init");
	struct press press;
	int status;
	pid_t pid;

	cg_make("busy");
	cg_make("gone");
	watch_often(p, "busy", 1);
	watch_often(p, "gone", 1);
	p->ctl->init_spin_ns = UNTIL_TOLD_NS;
	psi_load(p);
	press = press_begin("busy");
	pid = fork();
	if (!pid) {
		while (!p->ctl->inits)
			usleep(1000);
		usleep(300000);
		cg_make("new");
		status = cg_remove("gone") || p->ctl->init_done || p->ctl->events;
		p->ctl->go_on = 1;
		_exit(status);
	}
	CHECK_EQ(psi_attach(p), 0);
	CHECK(waitpid(pid, &status, 0) == pid, "wait");
	CHECK_EQ(status, 0);
	CHECK(WAIT_FOR(p->ctl->events && p->ctl->onlines == 1 &&
		       p->ctl->offlines == 1, 30),
	      "%u events, %u online, %u offline", p->ctl->events,
	      p->ctl->onlines, p->ctl->offlines);
	press_end(press);
	psi_close(p);
}

TEST(psi_the_same_map_attached_twice_says_ebusy)
{
	struct psi *p = psi_open("twice");
	struct bpf_link *link;

	psi_on(p);
	link = bpf_map__attach_struct_ops(p->skel->maps.policy);
	CHECK(!link, "attached twice");
	CHECK_EQ(errno, EBUSY);
	CHECK_EQ(p->ctl->inits, 1);
	psi_close(p);
}

TEST(psi_attach_again_after_detach)
{
	struct psi *p = psi_open("again");
	struct press press;

	cg_make("busy");
	watch_often(p, "busy", 1);
	psi_on(p);
	psi_off(p);
	CHECK_EQ(psi_attach(p), 0);
	CHECK_EQ(p->ctl->inits, 2);
	press = press_begin("busy");
	CHECK(WAIT_FOR(p->ctl->events, 30), "no event");
	press_end(press);
	psi_close(p);
}

TEST(psi_a_killed_process_detaches)
{
	int fds[2];
	pid_t pid;
	char c;

	CHECK(!pipe(fds), "pipe");
	pid = fork();
	if (!pid) {
		struct psi *p = psi_open("orphan");

		watch_often(p, NULL, 1);
		psi_on(p);
		if (write(fds[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(fds[1]);
	CHECK(read(fds[0], &c, 1) == 1, "the process did not attach");
	CHECK(module_refs("bpf_oom") > 0, "not attached");
	reap(pid);
	CHECK(WAIT_FOR(!module_refs("bpf_oom"), 30), "still attached");
}

TEST(psi_detach_waits_for_a_running_handler)
{
	struct psi *p = psi_open("slow");
	struct press press;

	cg_make("busy");
	watch_often(p, "busy", 1);
	p->ctl->spin_ns = UNTIL_TOLD_NS;
	psi_on(p);
	press = press_begin("busy");
	CHECK(WAIT_FOR(p->ctl->events, 30), "no event");
	CHECK_EQ(p->ctl->finished, 0);
	go_on_soon(&p->ctl->go_on);
	psi_off(p);
	CHECK_EQ(p->ctl->finished, p->ctl->events);
	press_end(press);
	psi_close(p);
}

TEST(psi_detach_drops_what_is_queued)
{
	struct psi *p = psi_open("dropped");
	struct press press;
	unsigned int events;

	cg_make("busy");
	watch_often(p, "busy", 50);
	p->ctl->spin_ns = 100000000ULL;
	psi_on(p);
	press = press_begin("busy");
	CHECK(WAIT_FOR(p->ctl->events >= 3, 30), "no event");
	p->ctl->spin_ns = 0;
	psi_off(p);
	events = p->ctl->events;
	sleep(1);
	CHECK_EQ(p->ctl->events, events);
	CHECK_EQ(p->ctl->finished, events);
	press_end(press);
	psi_close(p);
}

TEST(psi_no_event_after_the_end_of_the_cgroup)
{
	struct psi *p = psi_open("ends");
	struct press press;

	cg_make("busy");
	watch_often(p, "busy", 20);
	psi_on(p);
	press = press_begin("busy");
	CHECK(WAIT_FOR(p->ctl->events >= 20, 30), "no event");
	/* Many events wait behind a slow one when the cgroup is removed. */
	p->ctl->spin_ns = 300000000ULL;
	usleep(100000);
	press_end(press);
	CHECK(!cg_remove("busy"), "rmdir");
	p->ctl->spin_ns = 0;
	CHECK(WAIT_FOR(p->ctl->offlines, 30), "its end is not told");
	usleep(200000);
	CHECK_EQ(p->ctl->offlines, 1);
	CHECK_EQ(p->ctl->late, 0);
	psi_close(p);
}

TEST(psi_a_slow_policy_does_not_delay_another)
{
	struct psi *slow = psi_open("slow"), *fast = psi_open("fast");
	struct press press;

	cg_make("busy");
	watch_often(slow, "busy", 1);
	psi_watch(fast, "busy", CPU, 20000, 200000);
	slow->ctl->spin_ns = UNTIL_TOLD_NS;
	psi_on(slow);
	psi_on(fast);
	press = press_begin("busy");
	CHECK(WAIT_FOR(slow->ctl->events, 30), "no event");
	CHECK(WAIT_FOR(fast->ctl->events >= 3, 30), "%u events while the slow one ran",
	      fast->ctl->events);
	CHECK_EQ(slow->ctl->finished, 0);
	slow->ctl->go_on = 1;
	press_end(press);
	psi_close(fast);
	psi_close(slow);
}

TEST(psi_rmmod_is_refused_while_attached_and_works_after)
{
	struct psi *p = psi_open("user");

	watch_often(p, NULL, 1);
	psi_on(p);
	CHECK(sh("rmmod bpf_oom 2>/dev/null"), "unloaded while in use");
	psi_close(p);
	CHECK(WAIT_FOR(!module_refs("bpf_oom"), 30), "still in use");
	CHECK(!sh("rmmod bpf_oom"), "not unloaded");
	CHECK(!sh("modprobe bpf_oom"), "not loaded again");
}

TEST(psi_oom_policies_come_and_go_beside_pressure_policies)
{
	struct psi *p = psi_open("pressure");
	struct policy *oom = policy_on("oom", NULL, 0);

	cg_make_limited("dom", 40);
	psi_on(p);
	policy_close(oom);
	/*
	 * Only pressure policies are left: the kernel decides, without an oom_policy
	 * line.
	 */
	oom_is_the_kernels("dom");
	CHECK(!klog_count("oom_policy="), "a policy was asked");
	oom = policy_on("oom", NULL, 0);
	psi_close(p);
	oom_is_the_kernels("dom");
	CHECK(policy_control(oom)->asked, "not asked any more");
	policy_close(oom);
}

/* --- races ---------------------------------------------------------------- */

TEST(psi_race_attach_and_detach_under_pressure)
{
	struct psi *p = psi_open("round");
	struct press press;

	cg_make("busy");
	watch_often(p, "busy", 4);
	watch_often(p, NULL, 4);
	psi_load(p);
	press = press_begin("busy");
	for (int i = 0; psi_another_round(i); i++) {
		CHECK_EQ(psi_attach(p), 0);
		usleep((unsigned int)i % 8 * 5000);
		psi_off(p);
	}
	CHECK_EQ(psi_attach(p), 0);
	CHECK(WAIT_FOR(p->ctl->events, 30), "not one event");
	press_end(press);
	psi_close(p);
}

/* Keeps the hook registered, so that the race takes most of the time. */
static struct psi *bystander(void)
{
	struct psi *p = psi_open("bystander");

	psi_on(p);
	return p;
}

TEST(psi_race_detach_while_a_handler_runs)
{
	struct psi *other = bystander(), *p = psi_open("round");
	struct press press;

	cg_make("busy");
	watch_often(p, "busy", 4);
	p->ctl->spin_ns = 3000000;
	psi_load(p);
	press = press_begin("busy");
	for (int i = 0; psi_another_round(i); i++) {
		p->ctl->events = 0;
		CHECK_EQ(psi_attach(p), 0);
		CHECK(WAIT_FOR(p->ctl->events, 30), "round %d: no event", i);
		psi_off(p);
		CHECK_EQ(p->ctl->running, 0);
	}
	press_end(press);
	psi_close(p);
	psi_close(other);
}

static pid_t remove_later(const char *cg, unsigned int us)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	usleep(us);
	_exit(cg_remove(cg) ? 1 : 0);
}

static void check_removed(pid_t pid)
{
	int status;

	CHECK(waitpid(pid, &status, 0) == pid && !status, "rmdir: status %#x", status);
}

TEST(psi_race_attach_and_the_end_of_the_cgroup)
{
	struct psi *other = bystander(), *p;
	unsigned int created = 0;

	cg_make("gone");
	p = psi_open("round");
	watch_often(p, "gone", 1);
	psi_load(p);
	for (int i = 0; psi_another_round(i) || (!created && i < 100); i++) {
		unsigned int offlines;
		pid_t pid;
		int ret;

		cg_make("gone");
		p->ctl->in_init[0].cgroup_id = cg_id("gone");
		p->ctl->offlines = 0;
		/* Remove it later and later, in case the removal always came first. */
		pid = remove_later("gone", (unsigned int)(i % 10 + (created ? 0 : i)) * 500);
		CHECK_EQ(psi_attach(p), 0);
		check_removed(pid);
		ret = p->ctl->in_init[0].ret;
		CHECK(!ret || ret == -ENOENT || ret == -EBUSY, "%d", ret);
		created += !ret;
		offlines = !ret;
		CHECK(WAIT_FOR(p->ctl->offlines == offlines, 30),
		      "created: %d, told of the end: %u", ret, p->ctl->offlines);
		psi_off(p);
	}
	CHECK(created, "the cgroup was always gone before");
	psi_close(p);
	psi_close(other);
}

TEST(psi_race_detach_and_the_end_of_the_cgroup)
{
	struct psi *other = bystander(), *p;

	cg_make("gone");
	p = psi_open("round");
	watch_often(p, "gone", 4);
	psi_load(p);
	for (int i = 0; psi_another_round(i); i++) {
		pid_t pid;

		cg_make("gone");
		p->ctl->in_init[0].cgroup_id = cg_id("gone");
		p->ctl->offlines = 0;
		CHECK_EQ(psi_attach(p), 0);
		CHECK_EQ(p->ctl->in_init[0].ret, 0);
		pid = remove_later("gone", (unsigned int)i % 8 * 500);
		usleep((unsigned int)i % 5 * 500);
		psi_off(p);
		check_removed(pid);
		CHECK(p->ctl->offlines <= 1, "told %u times", p->ctl->offlines);
	}
	psi_close(p);
	psi_close(other);
}

TEST(psi_race_events_and_the_end_of_the_cgroup)
{
	struct psi *p = psi_open("round");
	unsigned int told = 0, made = 0;

	p->ctl->in_online = (struct psi_create){
		.resource = CPU, .threshold_us = 1000, .window_us = 20000, .times = 4,
	};
	psi_on(p);
	for (int i = 0; psi_another_round(i); i++, made++) {
		struct press press;

		cg_make("gone");
		press = press_begin("gone");
		usleep((unsigned int)i % 8 * 10000);
		CHECK(i || WAIT_FOR(p->ctl->events, 30), "no event");
		press_end(press);
		CHECK(!cg_remove("gone"), "rmdir");
	}
	CHECK(WAIT_FOR(p->ctl->onlines == made, 30), "%u of %u told",
	      p->ctl->onlines, made);
	/* Cgroups that were gone before the policy was told of them had no trigger. */
	told = p->ctl->watched;
	CHECK(WAIT_FOR(p->ctl->offlines == told, 30), "%u of %u told",
	      p->ctl->offlines, told);
	CHECK(told, "none told");
	psi_close(p);
}

/* The callback runs during mkdir(), but by then the cgroup can be found. */
TEST(psi_race_mkdir_and_the_online_callback)
{
	struct psi *p = psi_open("early");

	p->ctl->in_online = (struct psi_create){
		.resource = CPU, .threshold_us = 100000, .window_us = 1000000,
		.times = 1,
	};
	psi_on(p);
	for (int i = 0; psi_another_round(i); i++) {
		unsigned int told = (unsigned int)i + 1;

		cg_make("early");
		CHECK(WAIT_FOR(p->ctl->onlines == told, 30), "%d: not told", i);
		CHECK_EQ(p->ctl->in_online.ret, 0);
		CHECK(!cg_remove("early"), "rmdir");
	}
	psi_close(p);
}

TEST(psi_race_cgroups_come_and_go_while_policies_come_and_go)
{
	struct psi *p = psi_open("round");
	pid_t pid;

	p->ctl->in_online = (struct psi_create){
		.resource = CPU, .threshold_us = 1000, .window_us = 20000, .times = 2,
	};
	psi_load(p);
	pid = fork();
	if (!pid) {
		for (;;) {
			cg_make("gone");
			cg_remove("gone");
		}
	}
	for (int i = 0; psi_another_round(i) || (!p->ctl->onlines && i < 300); i++) {
		CHECK_EQ(psi_attach(p), 0);
		usleep((unsigned int)i % 8 * 3000);
		psi_off(p);
	}
	CHECK(p->ctl->onlines, "they did not meet once");
	reap(pid);
	psi_close(p);
}

TEST(psi_race_unload_under_pressure)
{
	struct press press;

	cg_make("busy");
	press = press_begin("busy");
	for (int i = 0; psi_another_of(i, 2); i++) {
		struct psi *p = psi_open("unload");

		watch_often(p, "busy", 4);
		psi_on(p);
		CHECK(WAIT_FOR(p->ctl->events, 30), "round %d: no event", i);
		psi_close(p);
		CHECK(WAIT_FOR(!module_refs("bpf_oom"), 30), "round %d: in use", i);
		CHECK(!sh("rmmod bpf_oom"), "round %d: not unloaded", i);
		CHECK(!sh("modprobe bpf_oom"), "round %d: not loaded", i);
	}
	press_end(press);
}
