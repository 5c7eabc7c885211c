// SPDX-License-Identifier: GPL-2.0-only
/* bpfoom reset: have policies asked again at once if their breaker has tripped */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpfoom.h"

struct reset {
	const char *policy;
	unsigned int found, tripped, outside;
	bool failed;
};

static bool reset_one(const struct shown *s, void *arg)
{
	struct reset *r = arg;
	char *cgroup;

	if (r->policy && strcmp(r->policy, s->policy))
		return false;
	/* In a container, leave policies of cgroups outside alone. */
	if (!cgroup_inside(s->cgroup_id)) {
		r->outside++;
		return false;
	}
	r->found++;
	if (!s->nr_bypasses)
		return false;
	r->tripped++;
	cgroup = cgroup_describe(s->cgroup_id);
	if (shown_reset(s)) {
		printf("policy %s on ", s->policy);
		print_name(cgroup);
		puts(" is asked again");
	} else {
		pr_err("policy %s on %s cannot be re-armed: %s", s->policy, cgroup,
		       strerror(errno));
		r->failed = true;
	}
	free(cgroup);
	return false;
}

int cmd_reset(int argc, char **argv)
{
	struct reset r = {};
	int ret;

	if (wants_help(argc, argv))
		return print_help(argv[0]);
	if (argc > 2 || (argc == 2 && argv[1][0] == '-'))
		return bad_usage("reset wants the name of one policy, or nothing for all");
	r.policy = argc == 2 ? argv[1] : NULL;
	ret = need_root();
	if (ret)
		return ret;
	if (!module_loaded("bpf_oom")) {
		pr_err("the module bpf_oom is not loaded, so no policy is attached");
		return EX_NOT_ACTIVE;
	}
	shown_each(reset_one, &r);
	if (r.outside)
		pr_err("attachments outside of the cgroup namespace in here are left alone: %u",
		       r.outside);
	if (r.policy && !r.found && r.outside)
		return EX_FAILED;
	if (r.policy && !r.found) {
		pr_err("OOM policy %s is not attached", r.policy);
		return EX_NOT_FOUND;
	}
	if (!r.tripped)
		printf("no breaker has tripped\n");
	return r.failed ? EX_FAILED : EX_DONE;
}
