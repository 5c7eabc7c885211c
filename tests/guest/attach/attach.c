// SPDX-License-Identifier: GPL-2.0-only
/* Where a policy can be attached, and which attempts are refused */
#include <unistd.h>

#include <linux/types.h>
#include <bpf/bpf.h>
#include <bpf_oom/oom.h>

#include "harness.h"
#include "klog.h"
#include "util.h"

static void does_not_load(struct policy *p, const char *why)
{
	int err = policy_load(p);

	/* Older libbpf does not fail before attach, when it fills maps. */
	if (!err)
		err = policy_attach(p);
	CHECK_EQ(err, -EINVAL);
	CHECK(klog_has(why), "the kernel log does not say why (%s)", why);
	policy_close(p);
}

TEST(attach_to_an_unknown_cgroup_says_enoent)
{
	struct policy *p;

	need_memcg();
	p = policy_open("lost", NULL);
	policy_ops(p)->cgroup_id = 0x7fffffffULL;
	CHECK(!policy_load(p), "load");
	CHECK_EQ(policy_attach(p), -ENOENT);
	CHECK(klog_has("no cgroup with id"), "no reason in the log");
	policy_close(p);
}

TEST(attach_to_a_removed_cgroup_says_enoent)
{
	struct policy *p;

	need_memcg();
	cg_make("gone");
	p = policy_loaded("lost", "gone");
	CHECK(!cg_remove("gone"), "rmdir");
	CHECK_EQ(policy_attach(p), -ENOENT);
	policy_close(p);
}

TEST(attach_without_memory_controller_says_enodev)
{
	struct policy *p;

	need_memcg();
	cg_make("leaf");
	cg_make_without_memory("leaf/bare");
	p = policy_loaded("bare", "leaf/bare");
	CHECK_EQ(policy_attach(p), -ENODEV);
	CHECK(klog_has("no memory controller"), "no reason in the log");
	policy_close(p);
}

TEST(without_memory_cgroups_only_system_wide_policies_attach)
{
	struct policy *p;

	if (!access(CG_ROOT "/test/memory.max", F_OK))
		test_skip("this kernel has memory cgroups");
	p = policy_loaded("system", NULL);
	CHECK_EQ(policy_attach(p), 0);
	policy_close(p);

	cg_make("dom");
	p = policy_open("dom", NULL);
	policy_ops(p)->cgroup_id = cg_id("dom");
	CHECK(!policy_load(p), "load");
	CHECK_EQ(policy_attach(p), -EOPNOTSUPP);
	CHECK(klog_has("only a system-wide policy is possible"),
	      "the kernel log does not say why");
	policy_close(p);
}

TEST(the_same_map_attached_twice_says_ebusy)
{
	struct policy *p = policy_on("twice", NULL, 0);
	struct bpf_link *link = bpf_map__attach_struct_ops(policy_map(p));

	CHECK(!link, "attached twice");
	CHECK_EQ(errno, EBUSY);
	policy_close(p);
}

TEST(the_root_can_be_named_by_0_and_by_its_id)
{
	struct policy *by_zero = policy_on("zero", NULL, 0);
	struct policy *by_id = policy_open("id", NULL);

	policy_ops(by_id)->cgroup_id = 1;
	CHECK(!policy_load(by_id), "load");
	CHECK_EQ(policy_attach(by_id), 0);
	policy_close(by_id);
	policy_close(by_zero);
}

TEST(bpfoom_detaches_what_was_attached_without_a_link)
{
	struct policy *p = policy_open("unlinked", NULL);
	__u32 flags = bpf_map__map_flags(policy_map(p));

	CHECK(!bpf_map__set_map_flags(policy_map(p), flags & ~BPF_F_LINK), "flags");
	CHECK(!policy_load(p), "load");
	CHECK_EQ(policy_attach(p), 0);
	CHECK(!sh("bpfoom list | grep -q '^unlinked  *oom  */  *-  *0  *0  *active$'"), "not listed");
	CHECK(!sh("bpfoom detach unlinked"), "detach");
	CHECK(sh("bpfoom list | grep -q unlinked"), "still listed");
	CHECK_EQ(sh("bpfoom detach unlinked 2>/dev/null"), 4);
	policy_close(p);
}

TEST(attach_again_after_detach)
{
	struct policy *p;

	need_memcg();
	cg_make("again");
	p = policy_on("again", "again", 0);
	policy_detach(p);
	CHECK_EQ(policy_attach(p), 0);
	policy_close(p);
}

TEST(a_policy_without_a_name_does_not_load)
{
	does_not_load(policy_open("", NULL), "needs a name");
}

TEST(a_name_without_an_end_does_not_load)
{
	struct policy *p = policy_open("x", NULL);

	memset(policy_ops(p)->name, 'x', sizeof(policy_ops(p)->name));
	does_not_load(p, "needs a name");
}

TEST(a_name_that_would_break_a_log_line_does_not_load)
{
	does_not_load(policy_open("evil\nname", NULL), "printable");
}

TEST(an_unknown_flag_does_not_load)
{
	struct policy *p = policy_open("flagged", NULL);

	policy_ops(p)->flags = 1ULL << 40;
	does_not_load(p, "unknown flags");
}

TEST(the_longest_name_is_shown_whole)
{
	char name[BPF_OOM_NAME_MAX_LEN], want[BPF_OOM_NAME_MAX_LEN + 32];
	struct policy *p;
	pid_t victim;

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = 0;
	cg_make_limited("dom", 40);
	cg_make("dom/a");
	victim = hog("dom/a", 10, 0);
	p = policy_on(name, "dom", 1);
	policy_control(p)->kill_pid[0] = victim;
	eater("dom/a", 0, 20000);
	CHECK(killed(victim), "the policy's choice lives");
	snprintf(want, sizeof(want), "oom_policy=%s,", name);
	CHECK(klog_has(want), "not in the report");
	policy_close(p);
}
