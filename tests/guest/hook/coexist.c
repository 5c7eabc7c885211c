// SPDX-License-Identifier: GPL-2.0-only
/*
 * Other users that redirect out_of_memory(), before us and after us: either both work or
 * the second is refused, and nothing breaks
 */
#include <unistd.h>

#include "harness.h"
#include "klog.h"
#include "trace.skel.h"
#include "util.h"

#define LIVEPATCH "/usr/lib/bpf-oom/tests/kmod/livepatchtest.ko"

static struct trace_bpf *trace(bool fentry, bool fexit, bool kprobe)
{
	struct trace_bpf *t = trace_bpf__open();

	CHECK(t, "open");
	bpf_program__set_autoload(t->progs.on_entry, fentry);
	bpf_program__set_autoload(t->progs.on_exit, fexit);
	bpf_program__set_autoload(t->progs.on_probe, kprobe);
	CHECK(!trace_bpf__load(t), "load");
	CHECK(!trace_bpf__attach(t), "attach: %s", strerror(errno));
	return t;
}

/*
 * Checks that the policy's choice is killed, not the eater, which the kernel would kill.
 */
static void policy_works(struct policy *p)
{
	pid_t victim, eats;

	cg_make("dom/a");
	cg_make("dom/eat");
	victim = hog("dom/a", 10, 0);
	policy_control(p)->asked = 0;
	policy_control(p)->kill_pid[0] = victim;
	eats = eater("dom/eat", 0, 20000);
	CHECK(killed(victim), "the policy's choice lives");
	CHECK(policy_control(p)->asked, "the policy was not asked");
	reap(victim);
	reap(eats);
}

static void both_orders(bool fentry, bool fexit, bool kprobe)
{
	struct trace_bpf *t;
	struct policy *p;

	cg_make_limited("dom", 40);
	t = trace(fentry, fexit, kprobe);
	p = policy_on("second", "dom", 1);
	policy_works(p);
	CHECK(t->bss->entries || t->bss->exits || t->bss->probes,
	      "the tracer that was first saw nothing");
	trace_bpf__destroy(t);
	policy_works(p);

	t = trace(fentry, fexit, kprobe);
	policy_works(p);
	CHECK(t->bss->entries || t->bss->exits || t->bss->probes,
	      "the tracer that was second saw nothing");
	policy_close(p);
	trace_bpf__destroy(t);
}

TEST(fentry_on_out_of_memory_before_and_after)
{
	both_orders(true, false, false);
}

TEST(fexit_on_out_of_memory_before_and_after)
{
	both_orders(false, true, false);
}

TEST(kprobe_on_out_of_memory_before_and_after)
{
	both_orders(false, false, true);
}

static void livepatch_gone(void)
{
	CHECK(!write_file("/sys/kernel/livepatch/livepatchtest/enabled", "0"),
	      "cannot disable the livepatch");
	WAIT_FOR(access("/sys/kernel/livepatch/livepatchtest", F_OK), 30);
	CHECK(WAIT_FOR(!sh("rmmod livepatchtest; ! lsmod | grep -q livepatchtest"), 30),
	      "cannot unload the livepatch");
}

TEST(a_livepatch_that_was_first_keeps_the_function)
{
	struct policy *p;

	need_shim();
	cg_make_limited("dom", 40);
	CHECK(!sh("insmod " LIVEPATCH), "the livepatch does not load");
	p = policy_loaded("second", "dom");
	CHECK_EQ(policy_attach(p), -EBUSY);
	CHECK(klog_has("cannot redirect out_of_memory() and"), "no reason in the log");
	livepatch_gone();
	/* The refused attempt has left nothing behind. */
	CHECK_EQ(policy_attach(p), 0);
	policy_control(p)->ret = 1;
	policy_works(p);
	policy_close(p);
}

TEST(a_livepatch_that_is_second_is_refused)
{
	struct policy *p;

	need_shim();
	cg_make_limited("dom", 40);
	p = policy_on("first", "dom", 1);
	CHECK(sh("insmod " LIVEPATCH " 2>/dev/null"), "two owners of one function");
	policy_works(p);
	policy_close(p);
}

TEST(ftrace_cannot_be_switched_off_under_a_policy)
{
	struct policy *p;

	cg_make_limited("dom", 40);
	p = policy_on("permanent", "dom", 1);
	write_file("/proc/sys/kernel/ftrace_enabled", "0");
	policy_works(p);
	policy_close(p);
	write_file("/proc/sys/kernel/ftrace_enabled", "1");
}
