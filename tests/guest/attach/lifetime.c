// SPDX-License-Identifier: GPL-2.0-only
/* How attachments end, also while the policy is being asked */
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "harness.h"
#include "klog.h"
#include "seen.h"
#include "util.h"

TEST(closing_the_link_detaches)
{
	struct policy *p;

	cg_make_limited("dom", 40);
	p = policy_on("closed", "dom", 0);
	oom_is_the_kernels("dom");
	CHECK(policy_control(p)->asked, "not asked while attached");
	policy_detach(p);
	policy_control(p)->asked = 0;
	oom_is_the_kernels("dom");
	CHECK_EQ(policy_control(p)->asked, 0);
	policy_close(p);
}

TEST(a_pinned_link_outlives_its_process_and_ends_with_the_pin)
{
	struct policy *p;

	cg_make_limited("dom", 40);
	p = policy_on("pinned", "dom", 0);
	CHECK(!bpf_obj_pin(policy_link_fd(p), "/sys/fs/bpf/test-pin"), "pin: %s",
	      strerror(errno));
	policy_detach(p);
	oom_is_the_kernels("dom");
	CHECK(policy_control(p)->asked, "not asked while pinned");
	unlink("/sys/fs/bpf/test-pin");
	CHECK(WAIT_FOR(!seen_attachment("pinned"), 30), "still attached");
	policy_control(p)->asked = 0;
	oom_is_the_kernels("dom");
	CHECK_EQ(policy_control(p)->asked, 0);
	policy_close(p);
}

TEST(a_killed_process_detaches)
{
	pid_t pid;
	int fds[2];
	char c;

	cg_make_limited("dom", 40);
	CHECK(!pipe(fds), "pipe");
	pid = fork();
	if (!pid) {
		policy_on("orphan", "dom", 0);
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
	oom_is_the_kernels("dom");
	CHECK(!klog_count("oom_policy="), "still asked");
}

TEST(a_removed_cgroup_ends_the_attachment_and_hangs_up_the_link)
{
	struct pollfd pfd = { .events = POLLHUP };
	struct policy *p;

	cg_make("gone");
	p = policy_on("gone", "gone", 0);
	pfd.fd = policy_link_fd(p);
	CHECK_EQ(poll(&pfd, 1, 0), 0);
	CHECK(!cg_remove("gone"), "rmdir: an attachment must not hold the cgroup");
	CHECK_EQ(poll(&pfd, 1, 30000), 1);
	CHECK(pfd.revents & POLLHUP, "revents %#x", pfd.revents);
	/* A new cgroup of the same path is another cgroup. */
	cg_make_limited("gone", 40);
	oom_is_the_kernels("gone");
	CHECK_EQ(policy_control(p)->asked, 0);
	policy_close(p);
}

TEST(removing_the_parent_of_nothing_keeps_other_attachments)
{
	struct policy *p;

	cg_make_limited("dom", 40);
	cg_make("other");
	p = policy_on("kept", "dom", 0);
	CHECK(!cg_remove("other"), "rmdir");
	usleep(200000);
	oom_is_the_kernels("dom");
	CHECK(policy_control(p)->asked, "the attachment is gone");
	policy_close(p);
}

TEST(rmmod_is_refused_while_attached_and_works_after)
{
	struct policy *p = policy_on("user", NULL, 0);

	CHECK(sh("rmmod bpf_oom 2>/dev/null"), "unloaded while in use");
	if (!hook_built_in())
		CHECK(sh("rmmod oom_hook 2>/dev/null"), "unloaded under bpf_oom");
	policy_close(p);
	WAIT_FOR(!module_refs("bpf_oom"), 30);
	CHECK(!unload(), "not unloaded");
	CHECK(!sh("modprobe bpf_oom"), "not loaded again");
	policy_close(policy_on("again", NULL, 0));
}

TEST(detach_waits_for_a_running_handler)
{
	struct policy_control *ctl;
	struct policy *p, *other;
	pid_t pid;

	/*
	 * Keep the hook registered: unregistering it would wait for the handler by
	 * itself.
	 */
	cg_make("other");
	other = policy_on("other", "other", 0);
	cg_make_limited("dom", 40);
	p = policy_on("slow", "dom", 0);
	ctl = policy_control(p);
	pid = oom_in_handler(ctl, "dom");
	go_on_soon(&ctl->go_on);
	policy_detach(p);
	CHECK(ctl->finished, "detached under the running handler");
	CHECK(killed(pid), "nobody killed the eater");
	reap(pid);
	policy_close(p);
	policy_close(other);
}

TEST(a_cgroup_removed_during_a_handler)
{
	struct policy_control *ctl;
	struct policy *p;
	pid_t pid;

	/*
	 * The OOM is one of the parent, where the policy is attached; its child is
	 * removed.
	 */
	cg_make_limited("dom", 40);
	cg_make("dom/child");
	cg_make("dom/eat");
	p = policy_on("slow", "dom", 0);
	ctl = policy_control(p);
	pid = oom_in_handler(ctl, "dom/eat");
	CHECK(!cg_remove("dom/child"), "rmdir");
	ctl->go_on = 1;
	CHECK(killed(pid), "nobody killed the eater");
	reap(pid);
	policy_close(p);
}

TEST(two_hundred_attach_and_detach_rounds_under_an_oom_storm)
{
	struct policy *p, *holder = NULL;
	pid_t pid;

	cg_make_limited("dom", 20);
	pid = storm("dom");
	p = policy_loaded("round", "dom");
	/* First the hook comes and goes with the policy, then only the policy does. */
	for (int i = 0; i < 200; i++) {
		if (i == 30)
			holder = policy_on("holder", NULL, 0);
		CHECK_EQ(policy_attach(p), 0);
		policy_detach(p);
	}
	/* Some OOM must have met an attached policy. */
	CHECK_EQ(policy_attach(p), 0);
	CHECK(WAIT_FOR(policy_control(p)->asked, 30), "not asked once");
	policy_close(p);
	policy_close(holder);
	end_storm(pid);
}

TEST(load_and_unload_under_an_oom_storm)
{
	pid_t pid;

	cg_make_limited("dom", 20);
	pid = storm("dom");
	for (int i = 0; i < rounds(5); i++) {
		struct policy *p = policy_on("storm", "dom", 0);

		WAIT_FOR(policy_control(p)->asked, 2);
		policy_close(p);
		WAIT_FOR(!module_refs("bpf_oom"), 30);
		CHECK(!unload(), "round %d: not unloaded", i);
		CHECK(!sh("modprobe bpf_oom"), "round %d: not loaded", i);
	}
	end_storm(pid);
}

TEST(cgroups_removed_under_a_policy_while_it_is_attached_and_detached)
{
	for (int i = 0; i < rounds(30); i++) {
		struct policy *p;
		pid_t pid;

		cg_make("race");
		p = policy_loaded("race", "race");
		pid = fork();
		if (!pid)
			_exit(cg_remove("race") ? 1 : 0);
		if (!policy_attach(p))
			policy_detach(p);
		waitpid(pid, NULL, 0);
		policy_close(p);
	}
}
