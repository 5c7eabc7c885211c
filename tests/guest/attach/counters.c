// SPDX-License-Identifier: GPL-2.0-only
/* Counters of an attachment: /sys/kernel/bpf_oom */
#include <unistd.h>

#include <linux/types.h>
#include <bpf/bpf.h>
#include <bpf_oom/oom.h>

#include "harness.h"
#include "hooktest.h"
#include "seen.h"

static int count_dead(const pid_t *pid, int nr)
{
	int dead = 0;

	for (int i = 0; i < nr; i++)
		dead += !alive(pid[i]);
	return dead;
}

static void check_counts(const char *policy, int handled, int kills, int waits,
			 int declined, int errors)
{
	CHECK_EQ(seen_number(policy, "asked"), handled + declined + errors);
	CHECK_EQ(seen_number(policy, "handled"), handled);
	CHECK_EQ(seen_number(policy, "kills"), kills);
	CHECK_EQ(seen_number(policy, "waits"), waits);
	CHECK_EQ(seen_number(policy, "declined"), declined);
	CHECK_EQ(seen_number(policy, "errors"), errors);
}

TEST(counters_of_an_attachment)
{
	struct policy *p;
	pid_t pid[5];
	int i;

	cg_make_limited("dom", 60);
	cg_make("out");
	for (i = 0; i < 5; i++)
		pid[i] = hog(i == 4 ? "out" : "dom", 5, 0);
	p = policy_on("counted", "dom", 0);
	check_counts("counted", 0, 0, 0, 0, 0);
	one_oom("dom");
	check_counts("counted", 0, 0, 0, 1, 0);
	/* A task that is not dead yet may be chosen again. */
	CHECK(WAIT_FOR(count_dead(pid, 5) == 1, 60), "nobody died");
	policy_control(p)->ret = -12;
	one_oom("dom");
	check_counts("counted", 0, 0, 0, 1, 1);
	CHECK(WAIT_FOR(count_dead(pid, 5) == 2, 60), "nobody else died");
	policy_control(p)->ret = 1;
	for (i = 0; i < 4; i++) {
		if (!alive(pid[i]))
			continue;
		policy_control(p)->kill_pid[0] = pid[i];
		one_oom("dom");
		CHECK(killed(pid[i]), "the policy's choice lives");
		break;
	}
	check_counts("counted", 1, 1, 0, 1, 1);
	/* This kill is refused. */
	policy_control(p)->killed[0] = 0;
	policy_control(p)->kill_pid[0] = pid[4];
	one_oom("dom");
	CHECK_EQ(policy_control(p)->kill_ret[0], -EXDEV);
	check_counts("counted", 1, 1, 0, 1, 2);
	CHECK(seen_number("counted", "time_max_ns") > 0, "no time");
	CHECK(seen_number("counted", "time_total_ns") >
	      seen_number("counted", "time_max_ns"), "the sum is no sum");
	for (i = 0; i < 5; i++)
		reap(pid[i]);
	policy_close(p);
}

/* Of two policies, the first declines or fails, the second settles all OOMs. */
TEST(counters_add_up_after_ten_thousand_ooms)
{
	struct policy *first, *second;
	int nr = rounds(10000), errors = 0;
	pid_t pid;

	cg_make_limited("dom", 40);
	pid = hog("dom", 5, 0);
	first = policy_on("first", "dom", 0);
	second = able_on("second", "dom", 1);
	policy_control(second)->raise_id[0] = cg_id("dom");
	for (int i = 1; i <= nr; i++) {
		policy_control(first)->ret = i % 4 ? 0 : -12;
		errors += !(i % 4);
		/* A limit must be raised by at least a page. */
		policy_control(second)->raise_to[0] = 40 * MB + i * 4096UL;
		one_oom("dom");
	}
	check_counts("first", 0, 0, 0, nr - errors, errors);
	check_counts("second", nr, 0, 0, 0, 0);
	CHECK(seen_number("second", "time_total_ns") >=
	      seen_number("second", "time_max_ns"), "the sum is no sum");
	CHECK(alive(pid), "somebody died");
	reap(pid);
	policy_close(first);
	policy_close(second);
}

TEST(counters_tell_which_attachment_it_is)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);
	struct policy *p, *by;

	cg_make("dom");
	p = policy_on("known", "dom", 0);
	CHECK(!bpf_link_get_info_by_fd(policy_link_fd(p), &info, &len), "link info");
	CHECK_EQ(seen_number("known", "link_id"), info.id);
	CHECK_EQ(seen_number("known", "cgroup_id"), (long long)cg_id("dom"));
	CHECK_EQ(seen_number("known", "dry_run"), 0);
	CHECK_EQ(seen_number("known", "bypassed"), 0);
	by = policy_loaded("successor", "dom");
	CHECK_EQ(policy_replace(p, by), 0);
	CHECK_EQ(seen_attachment("known"), 0);
	CHECK_EQ(seen_number("successor", "link_id"), info.id);
	policy_close(by);
	CHECK_EQ(seen_attachment("successor"), 0);
	policy_close(p);
}

TEST(counters_go_with_an_attachment_that_fails)
{
	struct policy *p;

	need_memcg();
	cg_make("gone");
	p = policy_loaded("lost", "gone");
	CHECK(!cg_remove("gone"), "rmdir");
	CHECK_EQ(policy_attach(p), -ENOENT);
	CHECK_EQ(seen_attachment("lost"), 0);
	CHECK(sh("ls /sys/kernel/bpf_oom/attachments | grep -q ."), "something is left");
	policy_close(p);
}

TEST(counters_go_with_the_cgroup)
{
	struct policy *p;

	cg_make("gone");
	p = policy_on("left", "gone", 0);
	CHECK(seen_attachment("left"), "not there");
	CHECK(!cg_remove("gone"), "rmdir");
	CHECK(WAIT_FOR(!seen_attachment("left"), 30), "still there");
	policy_close(p);
}

TEST(counters_are_read_while_policies_come_and_go)
{
	pid_t reader[2];
	struct policy *p, *holder;
	int i;

	cg_make("dom");
	/* Keep the hook registered, since registering it would take most of the time. */
	holder = policy_on("holder", NULL, 0);
	p = policy_loaded("fleeting", "dom");
	for (i = 0; i < 2; i++) {
		reader[i] = fork();
		if (reader[i])
			continue;
		for (;;)
			sh("cat /sys/kernel/bpf_oom/attachments/*/* >/dev/null 2>&1");
	}
	for (i = 0; i < rounds(200); i++) {
		CHECK_EQ(policy_attach(p), 0);
		policy_detach(p);
	}
	for (i = 0; i < 2; i++)
		reap(reader[i]);
	CHECK_EQ(seen_attachment("fleeting"), 0);
	policy_close(p);
	policy_close(holder);
}

TEST(counters_that_are_open_do_not_hold_an_attachment)
{
	struct policy *p;
	char path[128], buf[8];
	FILE *f;

	cg_make("dom");
	p = policy_on("closed", "dom", 0);
	snprintf(path, sizeof(path), "/sys/kernel/bpf_oom/attachments/%llu/asked",
		 seen_attachment("closed"));
	f = fopen(path, "r");
	CHECK(f, "%s: %s", path, strerror(errno));
	policy_close(p);
	CHECK(!fgets(buf, sizeof(buf), f), "read from what is not there");
	fclose(f);
}

TEST(the_number_of_the_interface_is_shown)
{
	char buf[16];

	read_file("/sys/kernel/bpf_oom/abi", buf, sizeof(buf));
	CHECK_EQ(atoi(buf), BPF_OOM_ABI);
}
