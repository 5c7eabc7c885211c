// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpfoom reset: have policies asked again whose breaker has tripped
 */
#include <string.h>

#include "bpfoom.h"

struct reset {
	const char *policy;
	unsigned int found;
	bool failed;
};

static bool reset_one(const struct shown *s, void *arg)
{
	struct reset *r = arg;

	if (r->policy && strcmp(r->policy, s->policy))
		return false;
	r->found++;
	if (!strcmp(s->breaker, "armed"))
		return false;
	if (shown_reset(s)) {
		printf("policy %s on cgroup %llu is asked again\n", s->policy,
		       s->cgroup_id);
	} else {
		pr_err("policy %s on cgroup %llu cannot be re-armed", s->policy,
		       s->cgroup_id);
		r->failed = true;
	}
	return false;
}

int cmd_reset(int argc, char **argv)
{
	struct reset r = {};
	int ret;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
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
	if (r.policy && !r.found) {
		pr_err("OOM policy %s is not attached", r.policy);
		return EX_NOT_FOUND;
	}
	return r.failed ? EX_FAILED : EX_DONE;
}
