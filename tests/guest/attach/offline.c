// SPDX-License-Identifier: GPL-2.0-only
/* How a policy is told of the end of its cgroup, and when */
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "harness.h"
#include "util.h"

static bool hangs_up(struct policy *p, int timeout_ms)
{
	struct pollfd pfd = { .fd = policy_link_fd(p), .events = POLLHUP };

	return poll(&pfd, 1, timeout_ms) == 1 && pfd.revents & POLLHUP;
}

static struct policy *listener_on(const char *name, const char *cg)
{
	struct policy *p = listener_open(name, cg);

	policy_start(p);
	return p;
}

/* Attaches a policy whose callback takes so long, or until it is told to go on. */
static struct policy *slow_one(unsigned long long ns)
{
	struct policy *p;

	cg_make("gone");
	p = listener_on("slow", "gone");
	policy_control(p)->offline_ns = ns;
	CHECK(!cg_remove("gone"), "rmdir");
	CHECK(WAIT_FOR(policy_control(p)->offline, 30), "not told");
	CHECK_EQ(policy_control(p)->offline_done, 0);
	return p;
}

TEST(offline_is_told_once_and_before_the_link_hangs_up)
{
	unsigned long long id;
	struct policy *p;

	cg_make("gone");
	id = cg_id("gone");
	p = listener_on("told", "gone");
	CHECK(!cg_remove("gone"), "rmdir");
	CHECK(hangs_up(p, 30000), "the link did not hang up");
	CHECK_EQ(policy_control(p)->offline_done, 1);
	CHECK_EQ(policy_control(p)->offline_id, id);
	usleep(300000);
	CHECK_EQ(policy_control(p)->offline, 1);
	policy_close(p);
}

TEST(offline_callback_delays_the_end_of_the_attachment)
{
	struct policy *p = slow_one(UNTIL_TOLD_NS);

	CHECK(!hangs_up(p, 300), "the link has hung up before");
	policy_control(p)->go_on = 1;
	CHECK(hangs_up(p, 60000), "the link did not hang up");
	CHECK_EQ(policy_control(p)->offline_done, 1);
	policy_close(p);
}

TEST(offline_is_waited_for_by_detach)
{
	/*
	 * Keep the hook registered: unregistering it would wait for the running handler.
	 */
	struct policy *other = policy_on("other", NULL, 0), *p = slow_one(UNTIL_TOLD_NS);

	go_on_soon(&policy_control(p)->go_on);
	/* Closing the link would not do: its fd is not the last reference. */
	CHECK(!bpf_link_detach(policy_link_fd(p)), "detach: %s", strerror(errno));
	CHECK_EQ(policy_control(p)->offline_done, 1);
	CHECK_EQ(policy_control(p)->offline, 1);
	policy_close(p);
	policy_close(other);
}

TEST(offline_is_waited_for_by_unload)
{
	/*
	 * The callback ends by time: after policy_close() the test cannot tell it to go
	 * on.
	 */
	struct policy *p = slow_one(slow_ns(4000000000ULL));

	policy_close(p);
	CHECK(sh("rmmod bpf_oom 2>/dev/null"), "unloaded while the policy is called");
	WAIT_FOR(!module_refs("bpf_oom"), 30);
	CHECK(!unload(), "not unloaded");
	CHECK(!sh("modprobe bpf_oom"), "not loaded again");
}

TEST(offline_is_not_told_of_other_cgroups)
{
	struct policy *p, *system = listener_on("system", NULL);

	cg_make("dom");
	cg_make("dom/child");
	cg_make("other");
	p = listener_on("kept", "dom");
	CHECK(!cg_remove("dom/child") && !cg_remove("other"), "rmdir");
	usleep(300000);
	CHECK_EQ(policy_control(p)->offline, 0);
	CHECK_EQ(policy_control(system)->offline, 0);
	CHECK(!hangs_up(p, 0), "the attachment is gone");
	policy_close(p);
	policy_close(system);
}

TEST(offline_is_not_told_after_detach)
{
	struct policy *p;

	cg_make("gone");
	p = listener_on("detached", "gone");
	CHECK(!bpf_link_detach(policy_link_fd(p)), "detach: %s", strerror(errno));
	CHECK(!cg_remove("gone"), "rmdir");
	usleep(300000);
	CHECK_EQ(policy_control(p)->offline, 0);
	policy_close(p);
}

TEST(offline_is_told_to_all_policies_of_the_cgroup)
{
	struct policy *p[3];

	cg_make("gone");
	for (int i = 0; i < 3; i++)
		p[i] = listener_on("one_of_many", "gone");
	CHECK(!cg_remove("gone"), "rmdir");
	for (int i = 0; i < 3; i++) {
		CHECK(hangs_up(p[i], 30000), "link %d did not hang up", i);
		CHECK_EQ(policy_control(p[i])->offline, 1);
		policy_close(p[i]);
	}
}

TEST(offline_is_told_to_the_policy_that_took_the_place)
{
	struct policy *old, *new;

	cg_make("gone");
	old = listener_on("old", "gone");
	new = listener_open("new", "gone");
	CHECK(!policy_load(new), "load");
	CHECK_EQ(policy_replace(old, new), 0);
	CHECK(!cg_remove("gone"), "rmdir");
	CHECK(hangs_up(new, 30000), "the link did not hang up");
	CHECK_EQ(policy_control(old)->offline, 0);
	CHECK_EQ(policy_control(new)->offline, 1);
	policy_close(new);
	policy_close(old);
}

TEST(offline_is_told_to_what_was_attached_without_a_link)
{
	struct policy *p;
	__u32 flags, zero = 0;
	int fd;

	cg_make("gone");
	p = listener_open("unlinked", "gone");
	flags = bpf_map__map_flags(policy_map(p));
	CHECK(!bpf_map__set_map_flags(policy_map(p), flags & ~BPF_F_LINK), "flags");
	CHECK(!policy_load(p), "load");
	CHECK_EQ(policy_attach(p), 0);
	CHECK(!cg_remove("gone"), "rmdir");
	CHECK(WAIT_FOR(policy_control(p)->offline_done, 30), "not told");
	usleep(300000);
	CHECK_EQ(policy_control(p)->offline, 1);
	/* The removed cgroup's attachment can be ended. */
	fd = bpf_map__fd(policy_map(p));
	CHECK(!bpf_map_delete_elem(fd, &zero), "delete: %s", strerror(errno));
	policy_close(p);
}

TEST(offline_and_a_new_cgroup_of_the_same_path)
{
	struct policy *p;

	cg_make("again");
	p = listener_on("first", "again");
	CHECK(!cg_remove("again"), "rmdir");
	cg_make_limited("again", 40);
	CHECK(hangs_up(p, 30000), "the link did not hang up");
	oom_is_the_kernels("again");
	CHECK_EQ(policy_control(p)->asked, 0);
	CHECK(!cg_remove("again"), "rmdir");
	usleep(300000);
	CHECK_EQ(policy_control(p)->offline, 1);
	policy_close(p);
}

TEST(offline_and_detach_at_the_same_time)
{
	struct policy *holder = policy_on("holder", NULL, 0);
	unsigned int told = 0;
	int nr = rounds(40);

	/* Keep the hook registered, which would take most of the time. */
	for (int i = 0; i < nr; i++) {
		struct policy_control *ctl;
		struct policy *p;
		pid_t pid;

		cg_make("race");
		p = listener_on("race", "race");
		ctl = policy_control(p);
		ctl->offline_ns = 1000000;
		pid = fork();
		if (!pid)
			_exit(cg_remove("race") ? 1 : 0);
		/* From before the removal to after it */
		usleep((unsigned int)(i * 20000 / nr));
		CHECK(!bpf_link_detach(policy_link_fd(p)), "detach: %s", strerror(errno));
		CHECK_EQ(ctl->offline_done, ctl->offline);
		told += ctl->offline;
		CHECK(ctl->offline <= 1, "told %u times", ctl->offline);
		waitpid(pid, NULL, 0);
		usleep(20000);
		CHECK_EQ(ctl->offline_done, ctl->offline);
		CHECK(ctl->offline <= 1, "told %u times", ctl->offline);
		policy_close(p);
	}
	printf("    # told %u times of %d\n", told, nr);
	policy_close(holder);
}
