// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpfoom detach
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "bpfoom.h"

/**
 * struct selection - which attachments to end
 * @all: all of them
 * @policy: if not @all, those of this policy
 * @cgroups: cgroups as given on the command line
 * @nr_cgroups: how many
 * @cgroup: one of them, for messages
 * @cgroup_id: the id of that one
 * @gone: that cgroup does not exist: end what is left of attachments to such cgroups
 */
struct selection {
	bool all;
	char *policy;
	const char **cgroups;
	int nr_cgroups;
	const char *cgroup;
	__u64 cgroup_id;
	bool gone;
};

static const struct option options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "cgroup", required_argument, NULL, 'c' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{}
};

/* Returns 0 or an exit code; -1: the user asked for help. */
static int parse(int argc, char **argv, struct selection *s)
{
	int opt;

	while ((opt = next_argument(argc, argv, "ac:vh", options)) != -1) {
		switch (opt) {
		case 'a':
			s->all = true;
			break;
		case 'c':
			/* An unset variable must not mean the whole system. */
			if (!*optarg)
				return bad_usage("--cgroup wants a path");
			s->cgroups[s->nr_cgroups++] = optarg;
			break;
		case 'v':
			verbose = true;
			break;
		case 'h':
			return -1;
		default:
			return bad_usage(NULL);
		}
	}
	if (s->all && (optind < argc || s->nr_cgroups))
		return bad_usage("detach --all takes no policy and no cgroup");
	if (!s->all && optind + 1 != argc)
		return bad_usage("detach wants the name of one policy, or --all");
	s->policy = s->all ? NULL : argv[optind];
	return EX_DONE;
}

/* POLICY@ID, the form of list and of pins, can also name a cgroup that is gone. */
static int find_cgroup(struct selection *s)
{
	char *at = s->policy ? strrchr(s->policy, '@') : NULL, *end;

	s->cgroup_id = CGROUP_SYSTEM;
	if (at) {
		errno = 0;
		s->cgroup_id = strtoull(at + 1, &end, 10);
		if (end == at + 1 || *end || errno || s->cgroup)
			return bad_usage("'%s': after the @ comes the id of a cgroup",
					 s->policy);
		*at = '\0';
		return EX_DONE;
	}
	if (!s->cgroup)
		return EX_DONE;
	s->gone = !cgroup_exists(s->cgroup);
	return s->gone ? EX_DONE : cgroup_id_of(s->cgroup, &s->cgroup_id);
}

/*
 * The kernel ends an attachment some time after the removal of its cgroup, but not that
 * of a pressure policy.
 */
static bool has_ended(const struct attached *a)
{
	char *path;
	bool gone;

	gone = cgroup_find(a->cgroup_id, &path) == CGROUP_GONE;
	free(path);
	return !a->map_id || gone;
}

static bool selected(const struct selection *s, const struct attached *a)
{
	if (s->all)
		return true;
	if (strcmp(s->policy, a->policy))
		return false;
	if (s->gone)
		return has_ended(a);
	return s->cgroup_id == a->cgroup_id;
}

static void explain_nothing(const struct selection *s, const struct attached_list *list)
{
	size_t i;

	if (s->gone)
		pr_err("there is no cgroup %s", s->cgroup);
	else
		pr_err("policy %s is not attached to %s", s->policy,
		       s->cgroup ?: s->cgroup_id == CGROUP_SYSTEM ?
		       "the whole system" : "that cgroup");
	for (i = 0; i < list->nr; i++) {
		if (!strcmp(list->items[i].policy, s->policy)) {
			pr_err("it is attached elsewhere, see 'bpfoom list'");
			break;
		}
	}
}

/* A description for messages, to be freed by the caller */
static char *describe_place(const struct attached *a)
{
	return a->cgroup_id == CGROUP_SYSTEM ? format("the whole system") :
					       cgroup_describe(a->cgroup_id);
}

/* The attachment is outside of our container. With --all that is no failure. */
static int leave_outside(const struct selection *s, const struct attached *a)
{
	if (s->all)
		pr_err("policy %s (%s@%llu) stays attached: it is outside of the cgroup namespace in here",
		       a->policy, a->policy, a->cgroup_id);
	else
		pr_err("policy %s (%s@%llu) was not detached: it is outside of the cgroup namespace in here; detach it from outside",
		       a->policy, a->policy, a->cgroup_id);
	return s->all ? EX_DONE : EX_FAILED;
}

static int end_one(const struct attached *a)
{
	char *place = describe_place(a);
	int err = attached_end(a);

	if (err) {
		pr_err("policy %s (%s@%llu) was not detached: %s", a->policy, a->policy,
		       a->cgroup_id, strerror(-err));
	} else {
		printf("policy %s is detached from ", a->policy);
		print_name(place);
		putchar('\n');
	}
	free(place);
	return err ? EX_FAILED : EX_DONE;
}

static int end_selected(const struct selection *s, const struct attached_list *list)
{
	unsigned int ended = 0, left = 0;
	int ret = EX_DONE;
	size_t i;

	for (i = 0; i < list->nr; i++) {
		const struct attached *a = &list->items[i];

		if (!selected(s, a)) {
			left += !!a->map_id;
		} else if (!cgroup_inside(a->cgroup_id)) {
			left += !!a->map_id;
			ret = leave_outside(s, a) ?: ret;
		} else if (end_one(a)) {
			ret = EX_FAILED;
		} else {
			ended++;
		}
	}
	if (!ended && !ret && !s->all) {
		explain_nothing(s, list);
		return EX_NOT_FOUND;
	}
	if (s->all && !list->nr)
		puts("no policy is attached");
	if (ended && !left && !ret)
		module_wait_unused();
	return ret;
}

/* Resolves all cgroups before anything is detached. */
static int check_cgroups(struct selection *s)
{
	int ret = EX_DONE, i;

	for (i = 0; !ret && i < s->nr_cgroups; i++) {
		s->cgroup = s->cgroups[i];
		ret = find_cgroup(s);
	}
	return ret;
}

static int detach(struct selection *s)
{
	struct attached_list list;
	int ret;

	ret = find_cgroup(s);
	ret = ret ?: attached_get(&list);
	if (ret)
		return ret;
	ret = end_selected(s, &list);
	attached_put(&list);
	return ret;
}

static int detach_each(struct selection *s)
{
	int ret, err, i;

	ret = check_cgroups(s);
	ret = ret ?: need_root();
	ret = ret ?: attached_lock();
	if (ret)
		return ret;
	messages_capture();
	if (!s->nr_cgroups)
		return detach(s);
	for (i = 0; i < s->nr_cgroups; i++) {
		s->cgroup = s->cgroups[i];
		err = detach(s);
		ret = ret ?: err;
	}
	return ret;
}

int cmd_detach(int argc, char **argv)
{
	struct selection s = {};
	int ret = EX_FAILED;

	s.cgroups = calloc(argc, sizeof(*s.cgroups));
	if (s.cgroups)
		ret = parse(argc, argv, &s) ?: detach_each(&s);
	free(s.cgroups);
	return ret < 0 ? print_help(argv[0]) : ret;
}
