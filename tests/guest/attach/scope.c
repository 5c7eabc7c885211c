// SPDX-License-Identifier: GPL-2.0-only
/* The kernel log says where a policy is attached */
#include <fcntl.h>
#include <unistd.h>

#include <linux/types.h>
#include <bpf/bpf.h>
#include <bpf_oom/oom.h>

#include "harness.h"
#include "klog.h"
#include "util.h"

/* Attaches like loaders of other program types, by the fd of a cgroup. */
static void attach_by_fd(const char *cg, __u32 flags)
{
	struct bpf_link_create_opts opts = { .sz = sizeof(opts), .flags = flags };
	struct policy *p = policy_on("byfd", NULL, 0);
	char path[128];
	int dir, link;

	/* Its map stays filled. */
	policy_detach(p);
	klog_mark();
	snprintf(path, sizeof(path), CG_ROOT "/test/%s", cg);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	CHECK(dir >= 0, "%s: %s", path, strerror(errno));
	link = bpf_link_create(bpf_map__fd(policy_map(p)), dir, BPF_STRUCT_OPS, &opts);
	/* A kernel that checks the flags may refuse them. */
	CHECK(link >= 0 || flags, "link_create: %s", strerror(errno));
	if (link >= 0) {
		CHECK(klog_has("policy byfd: attached to the whole system"),
		      "said: %s", klog_line("policy byfd") ?: "nothing");
		CHECK(klog_has("for one cgroup set bpf_oom_ops.cgroup_id"),
		      "no advice: %s", klog_line("policy byfd"));
	}
	close(link);
	close(dir);
	policy_close(p);
}

TEST(scope_is_said_when_a_cgroup_is_given_where_it_does_not_count)
{
	cg_make("dom");
	attach_by_fd("dom", 0);
	attach_by_fd("dom", BPF_F_BEFORE);
}

TEST(scope_that_was_asked_for_is_said_without_advice)
{
	struct policy *p = policy_open("system", NULL);

	policy_ops(p)->cgroup_id = 1;
	policy_start(p);
	CHECK(klog_has("policy system: attached to the whole system"), "nothing said");
	CHECK(!klog_count("cgroup_id is 0"), "said: %s", klog_line("policy system"));
	policy_close(p);
}

TEST(scope_of_a_cgroup_is_said_by_its_path)
{
	struct policy *p;

	cg_make("dom");
	cg_make_limited("dom/low", 40);
	p = policy_on("low", "dom/low", 0);
	CHECK(klog_has("policy low: attached to cgroup /test/dom/low"), "said: %s",
	      klog_line("policy low") ?: "nothing");
	policy_close(p);
}

TEST(scope_of_a_rehearsal_is_not_said)
{
	struct policy *p = policy_open("rehearsed", NULL);

	policy_ops(p)->flags = BPF_OOM_F_REHEARSAL;
	policy_start(p);
	CHECK(!klog_has_soon("policy rehearsed"), "said: %s", klog_line("policy rehearsed"));
	policy_close(p);
}
