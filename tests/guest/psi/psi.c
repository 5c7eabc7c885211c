// SPDX-License-Identifier: GPL-2.0-only
/* Which pressure a policy is told of, how often, and which triggers are refused */
#include <unistd.h>

#include "harness.h"
#include "klog.h"
#include "psi_util.h"

TEST(psi_a_trigger_fires_for_ever_once_per_window)
{
	struct psi *p = psi_open("busy");
	unsigned long long began, events, windows;
	unsigned int calls;
	struct press press;

	cg_make("busy");
	psi_watch(p, "busy", CPU, 100000, 500000);
	psi_on(p);
	usleep(800000);
	CHECK_EQ(p->ctl->events, 0);
	began = now_ns();
	press = press_begin("busy");
	CHECK(WAIT_FOR(p->ctl->seen[0].events >= 6, 60), "%llu events in a minute",
	      p->ctl->seen[0].events);
	press_end(press);
	calls = p->ctl->calls[0];
	/* When the machine is busy, one call may report two events. */
	events = p->ctl->seen[0].events;
	windows = (now_ns() - began) / 500000000ULL + 1;
	CHECK(events >= calls && events <= windows,
	      "%llu events in %u calls, in %llu windows", events, calls, windows);
	/* Pressure again after a pause */
	sleep(1);
	calls = p->ctl->calls[0];
	press = press_begin("busy");
	CHECK(WAIT_FOR(p->ctl->calls[0] >= calls + 2, 30), "no event after a pause");
	press_end(press);
	psi_close(p);
}

TEST(psi_an_event_says_when_it_was)
{
	struct psi *p = psi_open("busy");
	unsigned long long began;
	struct psi_seen *seen;
	struct press press;

	cg_make("busy");
	psi_watch(p, "busy", CPU, 50000, 200000);
	psi_on(p);
	began = now_ns();
	press = press_begin("busy");
	CHECK(WAIT_FOR(p->ctl->finished, 30), "no event");
	press_end(press);
	seen = &p->ctl->seen[0];
	CHECK(began < seen->event_ns && seen->event_ns <= seen->handled_ns &&
	      seen->handled_ns < now_ns(), "pressure from %llu, event at %llu, handled at %llu",
	      began, seen->event_ns, seen->handled_ns);
	psi_close(p);
}

TEST(psi_the_system_is_cgroup_0_and_the_root)
{
	struct psi *p = psi_open("system");
	struct press press;

	cg_make("busy");
	psi_watch(p, NULL, CPU, 50000, 200000);
	psi_watch(p, NULL, CPU, 50000, 200000)->cgroup_id = 1;
	psi_on(p);
	press = press_begin("busy");
	CHECK(WAIT_FOR(p->ctl->calls[0] && p->ctl->calls[1], 30), "no event");
	press_end(press);
	CHECK_EQ(p->ctl->seen[0].cgroup_id, 0);
	CHECK_EQ(p->ctl->seen[1].cgroup_id, 0);
	psi_close(p);
}

TEST(psi_pressure_elsewhere_is_not_told)
{
	struct psi *p = psi_open("calm");
	struct press press;

	cg_make("busy");
	cg_make("calm");
	psi_watch(p, "calm", CPU, 50000, 200000);
	psi_on(p);
	press = press_begin("busy");
	sleep(2);
	press_end(press);
	CHECK_EQ(p->ctl->events, 0);
	psi_close(p);
}

/* A task that wants more than memory.high is throttled when reclaim finds too little. */
static pid_t thrash(const char *cg)
{
	pid_t pid;

	cg_make(cg);
	write_file("/proc/sys/vm/swappiness", "0");
	pid = eater(cg, 0, 20000);
	cg_write(cg, "memory.swap.max", "0");
	cg_write(cg, "memory.high", "20M");
	cg_write(cg, "memory.max", "200M");
	return pid;
}

TEST(psi_memory_pressure_some_and_full_are_told)
{
	struct psi *p = psi_open("memory");
	pid_t pid;

	need_memcg();
	cg_make("dom");
	psi_watch(p, "dom", MEM, 50000, 500000);
	psi_watch(p, "dom", MEM | BPF_PSI_FULL, 50000, 500000);
	psi_on(p);
	pid = thrash("dom");
	CHECK(WAIT_FOR(p->ctl->calls[0] && p->ctl->calls[1], 30), "no event");
	reap(pid);
	CHECK_EQ(p->ctl->seen[0].resource, MEM);
	CHECK_EQ(p->ctl->seen[0].full, 0);
	CHECK_EQ(p->ctl->seen[1].resource, MEM);
	CHECK_EQ(p->ctl->seen[1].full, 1);
	psi_close(p);
}

TEST(psi_io_pressure_is_told)
{
	struct psi *p = psi_open("io");
	pid_t pid;

	cg_make("dom");
	if (sh("modprobe -q loop; truncate -s 256M /tmp/disk && losetup /dev/loop0 /tmp/disk"))
		test_skip("no loop device");
	psi_watch(p, "dom", IO, 20000, 500000);
	psi_watch(p, NULL, IO, 20000, 500000);
	psi_on(p);
	pid = fork();
	if (!pid) {
		cg_write("dom", "cgroup.procs", "0");
		execlp("dd", "dd", "if=/dev/zero", "of=/dev/loop0", "bs=64k",
		       "oflag=direct,sync", "status=none", "seek=0", NULL);
		_exit(1);
	}
	WAIT_FOR(p->ctl->calls[0] && p->ctl->calls[1], 30);
	reap(pid);
	sh("losetup -d /dev/loop0; rm /tmp/disk");
	CHECK(p->ctl->calls[0] && p->ctl->calls[1],
	      "events: %u of the cgroup, %u of the system", p->ctl->calls[0],
	      p->ctl->calls[1]);
	CHECK_EQ(p->ctl->seen[0].resource, IO);
	psi_close(p);
}

TEST(psi_full_cpu_pressure_exists_in_a_cgroup)
{
	struct psi *p = psi_open("full");
	struct press press;

	write_file(CG_ROOT "/cgroup.subtree_control", "+cpu");
	write_file(CG_ROOT "/test/cgroup.subtree_control", "+cpu");
	cg_make("busy");
	if (write_file(CG_ROOT "/test/busy/cpu.max", "20000 100000"))
		test_skip("this kernel has no cpu.max");
	psi_watch(p, "busy", CPU | BPF_PSI_FULL, 50000, 500000);
	psi_on(p);
	press = press_begin("busy");
	CHECK(WAIT_FOR(p->ctl->calls[0], 30), "no event");
	press_end(press);
	CHECK_EQ(p->ctl->seen[0].full, 1);
	psi_close(p);
}

/* The kernel has no such pressure, but does not refuse the trigger. */
TEST(psi_full_cpu_pressure_of_the_system_is_accepted)
{
	struct psi *p = psi_open("undefined");

	psi_watch(p, NULL, CPU | BPF_PSI_FULL, 100000, 500000);
	psi_on(p);
	psi_close(p);
}

TEST(psi_irq_pressure_is_told_where_the_kernel_accounts_it)
{
	struct psi *p = psi_open("irq");
	bool has_irq = !access("/proc/pressure/irq", F_OK);

	psi_watch(p, NULL, 3, 1000, 500000);
	psi_watch(p, NULL, 3 | BPF_PSI_FULL, 1000, 500000);
	psi_load(p);
	CHECK_EQ(psi_attach(p), 0);
	CHECK_EQ(p->ctl->in_init[0].ret, -EINVAL);
	CHECK_EQ(p->ctl->in_init[1].ret, has_irq ? 0 : -EINVAL);
	psi_close(p);
}

TEST(psi_each_event_says_which_trigger)
{
	struct psi *p = psi_open("several");
	struct psi_seen *seen;
	struct press press;

	cg_make("a");
	cg_make("b");
	psi_watch(p, "a", CPU, 30000, 200000);
	psi_watch(p, "b", CPU, 40000, 300000);
	psi_watch(p, "a", MEM, 50000, 400000);
	psi_watch(p, "a", CPU, 60000, 500000);
	psi_on(p);
	CHECK_EQ(p->ctl->nr_triggers, 4);
	press = press_begin("a");
	CHECK(WAIT_FOR(p->ctl->calls[0] && p->ctl->calls[3], 30), "no event of a");
	press_end(press);
	CHECK_EQ(p->ctl->calls[1], 0);
	CHECK_EQ(p->ctl->calls[2], 0);
	press = press_begin("b");
	CHECK(WAIT_FOR(p->ctl->calls[1], 30), "no event of b");
	press_end(press);
	CHECK_EQ(p->ctl->calls[2], 0);
	seen = p->ctl->seen;
	CHECK_EQ(seen[0].cgroup_id, cg_id("a"));
	CHECK_EQ(seen[0].threshold_us, 30000);
	CHECK_EQ(seen[0].window_us, 200000);
	CHECK_EQ(seen[1].cgroup_id, cg_id("b"));
	CHECK_EQ(seen[1].threshold_us, 40000);
	CHECK_EQ(seen[1].window_us, 300000);
	CHECK_EQ(seen[3].cgroup_id, cg_id("a"));
	CHECK_EQ(seen[3].window_us, 500000);
	psi_close(p);
}

TEST(psi_two_equal_triggers_both_fire)
{
	struct psi *p = psi_open("equal");
	struct press press;

	cg_make("busy");
	psi_watch(p, "busy", CPU, 50000, 200000)->times = 2;
	psi_on(p);
	press = press_begin("busy");
	CHECK(WAIT_FOR(p->ctl->calls[0] && p->ctl->calls[1], 30), "no event");
	press_end(press);
	psi_close(p);
}

TEST(psi_two_policies_on_one_cgroup_both_get_the_event)
{
	struct psi *a = psi_open("a"), *b = psi_open("b");
	struct press press;

	cg_make("busy");
	psi_watch(a, "busy", CPU, 50000, 200000);
	psi_watch(b, "busy", CPU, 50000, 200000);
	psi_on(a);
	psi_on(b);
	press = press_begin("busy");
	CHECK(WAIT_FOR(a->ctl->events && b->ctl->events, 30), "no event");
	/* The end of one policy does not affect the other. */
	psi_close(a);
	b->ctl->events = 0;
	CHECK(WAIT_FOR(b->ctl->events, 30), "no event after the other has gone");
	press_end(press);
	psi_close(b);
}

TEST(psi_an_event_can_create_a_trigger)
{
	struct psi *p = psi_open("more");
	struct press press;

	cg_make("busy");
	psi_watch(p, "busy", CPU, 50000, 200000);
	p->ctl->in_event = (struct psi_create){
		.cgroup_id = cg_id("busy"), .resource = CPU,
		.threshold_us = 40000, .window_us = 100000, .times = 1,
	};
	psi_on(p);
	press = press_begin("busy");
	CHECK(WAIT_FOR(p->ctl->calls[1], 30), "no event of the second one");
	press_end(press);
	CHECK_EQ(p->ctl->in_event.ret, 0);
	CHECK_EQ(p->ctl->seen[1].threshold_us, 40000);
	CHECK_EQ(p->ctl->nr_triggers, 2);
	psi_close(p);
}

TEST(psi_a_new_cgroup_is_told_watched_and_told_when_it_is_gone)
{
	struct psi *p = psi_open("follower");
	unsigned long long id;
	struct press press;

	p->ctl->in_online = (struct psi_create){
		.resource = CPU, .threshold_us = 50000, .window_us = 200000,
		.times = 1,
	};
	psi_on(p);
	cg_make("new");
	id = cg_id("new");
	CHECK(WAIT_FOR(p->ctl->onlines, 30), "not told");
	CHECK_EQ(p->ctl->online_ids[0], id);
	CHECK_EQ(p->ctl->in_online.ret, 0);
	press = press_begin("new");
	CHECK(WAIT_FOR(p->ctl->calls[0], 30), "no event");
	press_end(press);
	CHECK_EQ(p->ctl->seen[0].cgroup_id, id);
	CHECK(!cg_remove("new"), "rmdir: a trigger must not hold the cgroup");
	CHECK(WAIT_FOR(p->ctl->offlines, 30), "its end is not told");
	CHECK_EQ(p->ctl->offline_ids[0], id);
	CHECK_EQ(p->ctl->nr_triggers, 0);
	psi_close(p);
}

TEST(psi_every_new_cgroup_is_told_once_and_in_order)
{
	struct psi *p = psi_open("follower");
	unsigned long long ids[30];
	char cg[16];

	psi_on(p);
	for (int i = 0; i < 30; i++) {
		snprintf(cg, sizeof(cg), "n%d", i);
		cg_make(cg);
		ids[i] = cg_id(cg);
	}
	CHECK(WAIT_FOR(p->ctl->onlines >= 30, 30), "told of %u", p->ctl->onlines);
	usleep(200000);
	CHECK_EQ(p->ctl->onlines, 30);
	for (int i = 0; i < 30; i++)
		CHECK_EQ(p->ctl->online_ids[i], ids[i]);
	psi_close(p);
}

TEST(psi_a_removed_cgroup_is_told_once_if_it_had_triggers)
{
	struct psi *p = psi_open("counting");
	unsigned long long a, b;

	cg_make("a");
	cg_make("b");
	cg_make("without");
	a = cg_id("a");
	b = cg_id("b");
	psi_watch(p, "a", CPU, 50000, 200000)->times = 3;
	psi_watch(p, "b", CPU, 50000, 200000);
	psi_on(p);
	CHECK(!cg_remove("a") && !cg_remove("without") && !cg_remove("b"), "rmdir");
	CHECK(WAIT_FOR(p->ctl->offlines >= 2, 30), "told of %u", p->ctl->offlines);
	usleep(300000);
	CHECK_EQ(p->ctl->offlines, 2);
	CHECK_EQ(p->ctl->offline_ids[0], a);
	CHECK_EQ(p->ctl->offline_ids[1], b);
	psi_close(p);
}

TEST(psi_bad_arguments_are_refused)
{
	struct psi *p = psi_open("bad");

	psi_watch(p, NULL, 99, 100000, 1000000);
	psi_watch(p, NULL, MEM | 0x40000000, 100000, 1000000);
	psi_watch(p, NULL, MEM, 0, 1000000);
	psi_watch(p, NULL, MEM, 1000001, 1000000);
	psi_watch(p, NULL, MEM, 100000, 0);
	psi_watch(p, NULL, MEM, 100000, 10000001);
	psi_load(p);
	CHECK_EQ(psi_attach(p), 0);
	for (int i = 0; i < 6; i++)
		CHECK(p->ctl->in_init[i].ret == -EINVAL, "%d: %d", i,
		      p->ctl->in_init[i].ret);
	CHECK_EQ(p->ctl->nr_triggers, 0);
	psi_close(p);
}

TEST(psi_the_longest_window_is_accepted)
{
	struct psi *p = psi_open("long");

	psi_watch(p, NULL, MEM, 10000000, 10000000);
	psi_on(p);
	psi_close(p);
}

TEST(psi_an_unknown_cgroup_says_enoent)
{
	struct psi *p = psi_open("lost");

	cg_make("gone");
	psi_watch(p, "gone", MEM, 100000, 1000000);
	psi_watch(p, NULL, MEM, 100000, 1000000)->cgroup_id = 0x7fffffffULL;
	psi_load(p);
	CHECK(!cg_remove("gone"), "rmdir");
	CHECK_EQ(psi_attach(p), 0);
	CHECK_EQ(p->ctl->in_init[0].ret, -ENOENT);
	CHECK_EQ(p->ctl->in_init[1].ret, -ENOENT);
	/* The policy never had a trigger there. */
	CHECK_EQ(p->ctl->offlines, 0);
	psi_close(p);
}

static int nr_fired(struct psi *p)
{
	int fired = 0;

	for (int i = 0; i < BPF_PSI_MAX_TRIGGERS; i++)
		fired += !!p->ctl->calls[i];
	return fired;
}

TEST(psi_there_may_be_1024_triggers_and_no_more)
{
	struct psi *p = psi_open("many");
	struct press press;

	cg_make("busy");
	psi_watch(p, "busy", CPU, 100000, 1000000)->times = 1025;
	psi_load(p);
	CHECK_EQ(psi_attach(p), 0);
	CHECK_EQ(p->ctl->in_init[0].created, BPF_PSI_MAX_TRIGGERS);
	CHECK_EQ(p->ctl->in_init[0].ret, -ENOSPC);
	press = press_begin("busy");
	CHECK(WAIT_FOR(nr_fired(p) == BPF_PSI_MAX_TRIGGERS, 60), "%d fired", nr_fired(p));
	press_end(press);
	psi_close(p);
}

static unsigned long long detach_ns(unsigned int triggers)
{
	struct psi *p = psi_open("many");
	unsigned long long ns;

	psi_watch(p, NULL, MEM, 1000000, 1000000)->times = triggers;
	psi_on(p);
	ns = now_ns();
	psi_off(p);
	ns = now_ns() - ns;
	CHECK_EQ(p->ctl->in_init[0].created, triggers);
	psi_close(p);
	return ns;
}

/* Triggers must not each wait for a grace period of their own. */
TEST(psi_many_triggers_go_in_the_time_of_few)
{
	unsigned long long one, many;

	/* Keep the hook registered, so that unregistering it is not measured. */
	psi_on(psi_open("bystander"));
	one = detach_ns(1);
	many = detach_ns(BPF_PSI_MAX_TRIGGERS);
	printf("    # 1: %llu us, %d: %llu us\n", one / 1000, BPF_PSI_MAX_TRIGGERS,
	       many / 1000);
	CHECK(many < 50 * one, "1 trigger in %llu us, %d in %llu", one / 1000,
	      BPF_PSI_MAX_TRIGGERS, many / 1000);
}

/* Skipped on most kernels: tests/boot/psi-off.sh boots one with psi=0. */
TEST(psi_where_pressure_is_off_a_trigger_is_refused)
{
	struct psi *p = psi_open("off");

	if (!access("/proc/pressure/memory", F_OK))
		test_skip("PSI is on");
	cg_make("dom");
	psi_watch(p, NULL, MEM, 100000, 1000000);
	psi_watch(p, "dom", MEM, 100000, 1000000);
	psi_load(p);
	CHECK_EQ(psi_attach(p), 0);
	CHECK_EQ(p->ctl->in_init[0].ret, -EOPNOTSUPP);
	CHECK_EQ(p->ctl->in_init[1].ret, -EOPNOTSUPP);
	psi_close(p);
}

TEST(psi_a_policy_without_a_name_does_not_load)
{
	struct psi *p = psi_open("");
	int err = psi_bpf__load(p->skel);

	/* Older libbpf does not fail before attach, when it fills maps. */
	CHECK_EQ(err ?: psi_attach(p), -EINVAL);
	CHECK(klog_has("needs a name"), "the kernel log does not say why");
	psi_bpf__destroy(p->skel);
}
