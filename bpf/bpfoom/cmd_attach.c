// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpfoom attach, bpfoom test
 *
 * The link belongs to this process until it is pinned. So if the process ends early, also
 * by a signal, the attachment ends. With the pin no process is needed to keep it.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/types.h>
#include <bpf/bpf.h>
#include <bpf_oom/oom.h>

#include "bpfoom.h"

/**
 * struct request - the command line
 * @policy: name or path
 * @cgroups: paths of all cgroups; test has one only
 * @nr_cgroups: how many; 0 for system-wide
 * @cgroup: the path of one of them; NULL for system-wide
 * @cgroup_id: the id of that one
 * @before: ask the policy before those that are attached there
 * @dry_run: the policy must not kill, only say what it would do
 * @settings: NAME=VALUE
 * @nr_settings: how many
 * @argv: all arguments, from the verb on, for messages
 */
struct request {
	const char *policy;
	const char **cgroups;
	int nr_cgroups;
	const char *cgroup;
	__u64 cgroup_id;
	bool before;
	bool dry_run;
	char **settings;
	int nr_settings;
	char *const *argv;
};

static const struct option options[] = {
	{ "before", no_argument, NULL, 'b' },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "cgroup", required_argument, NULL, 'c' },
	{ "set", required_argument, NULL, 's' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{}
};

/* test has all options of attach but the first two. */
static const struct option *const test_options = options + 2;

/* Returns 0 or an exit code; -1: the user asked for help. */
static int parse(int argc, char **argv, struct request *r, bool test)
{
	int opt;

	while ((opt = next_argument(argc, argv, test ? "c:s:vh" : "bnc:s:vh",
				    test ? test_options : options)) != -1) {
		switch (opt) {
		case 'b':
			r->before = true;
			break;
		case 'n':
			r->dry_run = true;
			break;
		case 'c':
			/* An unset variable must not mean the whole system. */
			if (!*optarg)
				return bad_usage("--cgroup wants a path");
			if (test && r->nr_cgroups)
				return bad_usage("test asks about one cgroup");
			r->cgroups[r->nr_cgroups++] = optarg;
			break;
		case 's':
			r->settings[r->nr_settings++] = optarg;
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
	if (optind + 1 != argc)
		return bad_usage("%s wants the name of one policy", argv[0]);
	r->policy = argv[optind];
	return EX_DONE;
}

static const char *where(const struct request *r)
{
	return r->cgroup ?: "the whole system";
}

static int explain_load(const struct policy *p, int err)
{
	char *kfunc = messages_missing_kfunc();

	if (kfunc) {
		pr_err("policy %s was not loaded: it calls %s(), which this kernel does not have%s",
		       p->name, kfunc, strstr(kfunc, "mem_cgroup") ?
		       " (was it built without memory cgroups?)" : "");
		free(kfunc);
		return EX_UNSUPPORTED;
	}
	/* Kernel 7.3 says the reason first, and after it where and what to do: 15 lines. */
	messages_show_tail(30);
	switch (err) {
	case EPERM:
		pr_err("policy %s was not loaded: not permitted; needs root outside of user namespaces, and a kernel that is not locked down ('bpfoom status')",
		       p->name);
		return EX_FAILED;
	case ENOTSUP:
	case ESRCH:
		pr_err("policy %s was not loaded: this kernel or this version of bpf_oom lacks what it needs",
		       p->name);
		return EX_UNSUPPORTED;
	}
	pr_err("policy %s was not loaded: %s; the kernel's verifier did not accept it, or 'dmesg' says why",
	       p->name, error_text(err));
	return EX_FAILED;
}

/* Returns an exit code; -1: the error is not specific to pressure policies. */
static int explain_attach_psi(const struct policy *p, int err)
{
	const char *refusal = policy_refusal(p);

	if (refusal) {
		pr_err("%s was not attached: %s", p->name, refusal);
		return EX_BAD_USAGE;
	}
	switch (err) {
	case EOPNOTSUPP:
		pr_err("%s was not attached: pressure is not measured (PSI); boot with psi=1",
		       p->name);
		return EX_UNSUPPORTED;
	case ENOSPC:
		pr_err("%s was not attached: it wants more pressure triggers than there may be",
		       p->name);
		return EX_FAILED;
	}
	return -1;
}

static int explain_outside(const struct policy *p, const struct request *r)
{
	if (r->cgroup)
		pr_err("%s was not attached: cgroup %s is outside of the cgroup namespace in here; attach it from outside",
		       p->name, where(r));
	else
		pr_err("%s was not attached: in a container (a cgroup namespace) only part of the system can be seen; attach it to the whole system from outside, or to a cgroup in here with --cgroup",
		       p->name);
	return EX_FAILED;
}

static int explain_no_memory(const struct policy *p, const struct request *r)
{
	const char *why, *action;

	if (r->cgroup)
		memory_explain(r->cgroup);
	else if (cgroup_mount() && memory_missing(&why, &action))
		pr_err("%s was not attached: it needs the memory controller, which %s: %s",
		       p->name, why, action);
	else
		pr_err("%s was not attached: it needs the memory controller in cgroup2",
		       p->name);
	return EX_FAILED;
}

/* The kernel attaches a policy also where there is no memory controller to look at. */
static void warn_no_memory(const struct policy *p)
{
	const char *why, *action;

	if (policy_weighs_cgroups(p) && cgroup_mount() && memory_missing(&why, &action))
		pr_err("warning: policy %s looks at the memory of cgroups, and the memory controller %s, so it may leave each OOM to the kernel: %s",
		       p->name, why, action);
}

static int explain_attach(const struct policy *p, const struct request *r, int err)
{
	int ret = p->kind == POLICY_PSI ? explain_attach_psi(p, err) : -1;

	if (ret >= 0)
		return ret;
	switch (err) {
	case ENOENT:
		if (!r->cgroup || cgroup_exists(r->cgroup))
			return explain_outside(p, r);
		pr_err("cgroup %s does not exist any more", where(r));
		return EX_NOT_FOUND;
	case ENODEV:
		return explain_no_memory(p, r);
	case EOPNOTSUPP:
		pr_err("this kernel has no memory cgroups (CONFIG_MEMCG), only a system-wide policy is possible");
		return EX_UNSUPPORTED;
	case EBUSY:
		if (ftrace_off())
			pr_err("%s was not attached: function tracing is switched off, by which the kernel's OOM killer is redirected: sysctl kernel.ftrace_enabled=1",
			       p->name);
		else if (r->cgroup_id != CGROUP_SYSTEM)
			pr_err("%s was not attached: cgroup %s is being removed, or a live patch holds the kernel's OOM killer ('dmesg' says)",
			       p->name, where(r));
		else
			pr_err("%s was not attached: a live patch holds the kernel's OOM killer ('dmesg' says which function)",
			       p->name);
		return EX_FAILED;
	case EPERM:
		pr_err("%s was not attached: not permitted; needs root outside of user namespaces, and a kernel that is not locked down ('bpfoom status')",
		       p->name);
		return EX_FAILED;
	}
	pr_err("%s was not attached: %s; 'dmesg' may say more", p->name, error_text(err));
	return EX_FAILED;
}

static void print_cgroup_option(const struct request *r)
{
	if (!r->cgroup)
		return;
	fputs(" --cgroup", stderr);
	print_quoted(r->cgroup);
}

/* Returns how many words the option --cgroup has here; 0: this is another option. */
static int cgroup_option_words(const char *word)
{
	if (!strcmp(word, "-c") || !strcmp(word, "--cgroup"))
		return 2;
	return !strncmp(word, "-c", 2) || !strncmp(word, "--cgroup=", 9);
}

/* Names this cgroup only: there may be attachments in the way on others as well. */
static void print_switch(const struct policy *p, const struct request *r)
{
	char *const *word;
	int skip = 0;

	fprintf(stderr, "to switch: bpfoom detach %s", p->name);
	print_cgroup_option(r);
	fputs(" && bpfoom", stderr);
	for (word = r->argv; *word; word++) {
		skip = skip ?: cgroup_option_words(*word);
		if (skip)
			skip--;
		else
			print_quoted(*word);
	}
	print_cgroup_option(r);
	fputc('\n', stderr);
}

/* @a is already attached, under the same name and on the same cgroup. */
static int already_attached(const struct policy *p, const struct request *r,
			    const struct attached *a)
{
	int same = attached_is(a, p);

	if (same < 0) {
		pr_err("policy %s is attached to %s already, and cannot be compared: %s",
		       p->name, where(r), strerror(-same));
		return EX_FAILED;
	}
	if (same && a->pin) {
		printf("policy %s is attached to %s already, with these options\n",
		       p->name, where(r));
		return EX_DONE;
	}
	if (same)
		pr_err("policy %s is attached to %s already, by another program, which may end it",
		       p->name, where(r));
	else
		pr_err("policy %s is attached to %s already, with other options, or it is another of this name",
		       p->name, where(r));
	print_switch(p, r);
	return EX_OTHERWISE;
}

static int check_not_attached(const struct policy *p, const struct request *r,
			      bool *there)
{
	struct attached_list list;
	const struct attached *a;
	int ret;
	size_t i;

	*there = false;
	ret = attached_get(&list);
	for (i = 0; !ret && i < list.nr; i++) {
		a = &list.items[i];
		if (a->cgroup_id != r->cgroup_id || strcmp(a->policy, p->name))
			continue;
		if (a->map_id) {
			*there = true;
			ret = already_attached(p, r, a);
			break;
		}
		/*
		 * A leftover of an attachment that has ended; ids of cgroups are not
		 * reused.
		 */
		attached_end(a);
	}
	attached_put(&list);
	return ret;
}

static int pin(const struct policy *p, const struct request *r,
	       struct bpf_link *link)
{
	char *path = format(LINK_DIR "/%s@%llu", p->name, r->cgroup_id);
	int err;

	err = bpf_link__pin(link, path);
	free(path);
	if (!err)
		return EX_DONE;
	pr_err("%s was not attached, because it cannot be pinned in " LINK_DIR ": %s",
	       p->name, error_text(-err));
	return EX_FAILED;
}

/* On return the policy is attached, and stays so until the link is destroyed. */
static int load_and_link(struct policy *p, const struct request *r,
			 struct bpf_link **link)
{
	int ret;

	ret = bpf_object__load(p->obj);
	if (ret)
		return explain_load(p, -ret);
	ret = cgroup_options_apply(p);
	if (ret)
		return ret;
	*link = bpf_map__attach_struct_ops(p->map);
	if (!*link)
		return explain_attach(p, r, errno);
	warn_no_memory(p);
	return EX_DONE;
}

/* The attachment serves one question only and ends with this process. */
static int load_and_test(struct policy *p, const struct request *r)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);
	struct bpf_link *link = NULL;
	int ret;

	ret = load_and_link(p, r, &link);
	if (!ret && bpf_link_get_info_by_fd(bpf_link__fd(link), &info, &len)) {
		pr_err("cannot ask the kernel for the id of the link: %s", strerror(errno));
		ret = EX_FAILED;
	}
	ret = ret ?: rehearse(info.id);
	bpf_link__destroy(link);
	return ret;
}

static int prepare(struct policy *p, const struct request *r)
{
	int ret, i;

	ret = policy_open(p, r->policy);
	for (i = 0; !ret && i < r->nr_settings; i++)
		ret = policy_set_option(p, r->settings[i]);
	ret = ret ?: policy_set_cgroup(p, r->cgroup_id);
	if (!ret && r->before)
		ret = policy_set_flags(p, BPF_OOM_F_BEFORE);
	if (!ret && r->dry_run)
		ret = policy_set_flags(p, BPF_OOM_F_DRY_RUN);
	return ret;
}

static int check_system(bool to_stay)
{
	if (to_stay && !bpffs_mounted()) {
		pr_err("no BPF file system, which keeps attachments: mount -t bpf none "
		       BPFFS);
		return EX_FAILED;
	}
	return module_get_ready();
}

static int test(struct policy *p, const struct request *r)
{
	int ret;

	if (p->kind != POLICY_OOM) {
		pr_err("%s is not asked about OOMs: it is a policy of pressure", p->name);
		return EX_BAD_USAGE;
	}
	ret = policy_set_flags(p, BPF_OOM_F_REHEARSAL);
	return ret ?: load_and_test(p, r);
}

/**
 * struct target - a cgroup to attach to, or the system
 * @r: the request for it
 * @p: the policy, opened once per target: a map can be attached only once
 * @link: the attachment; NULL if there is none yet
 * @there: the policy is attached there already, with these options
 */
struct target {
	struct request r;
	struct policy p;
	struct bpf_link *link;
	bool there;
};

static int attach_to(struct target *t)
{
	int ret;

	ret = check_not_attached(&t->p, &t->r, &t->there);
	if (ret || t->there)
		return ret;
	return load_and_link(&t->p, &t->r, &t->link);
}

/* Detaches again: to be attached to some of the cgroups is worse than to none. */
static void take_back(struct target *t, int nr)
{
	int i;

	for (i = 0; i < nr; i++) {
		if (!t[i].link)
			continue;
		if (bpf_link__pin_path(t[i].link))
			bpf_link__unpin(t[i].link);
		bpf_link__detach(t[i].link);
		if (nr > 1)
			pr_err("so %s was taken back from %s", t[i].p.name, where(&t[i].r));
	}
}

static void tell(const struct target *t)
{
	struct attached_list list;
	const struct attached *a;
	size_t i;

	printf("policy %s is attached to %s%s\n", t->p.name, where(&t->r),
	       t->r.dry_run ? ", for a dry run" : "");
	if (t->p.kind != POLICY_PSI)
		return;
	if (!attached_get(&list)) {
		for (i = 0; i < list.nr; i++) {
			a = &list.items[i];
			if (a->cgroup_id == t->r.cgroup_id && !strcmp(a->policy, t->p.name))
				watched_tell(a);
		}
	}
	attached_put(&list);
}

static int attach(struct target *t, int nr)
{
	int ret, i;

	ret = attached_lock();
	for (i = 0; !ret && i < nr; i++)
		ret = attach_to(&t[i]);
	for (i = 0; !ret && i < nr; i++) {
		if (t[i].link)
			ret = pin(&t[i].p, &t[i].r, t[i].link);
	}
	if (ret)
		take_back(t, nr);
	for (i = 0; i < nr; i++) {
		if (!ret && t[i].link)
			tell(&t[i]);
		bpf_link__destroy(t[i].link);
	}
	return ret;
}

/* Makes the checks that do not need the kernel. */
static int prepare_target(struct target *t, const struct request *r, int i)
{
	int ret = EX_DONE, j;

	t->r = *r;
	if (r->nr_cgroups) {
		t->r.cgroup = r->cgroups[i];
		ret = cgroup_id_of(t->r.cgroup, &t->r.cgroup_id);
	}
	for (j = 1; !ret && j <= i; j++) {
		if (t[-j].r.cgroup_id == t->r.cgroup_id)
			return bad_usage("%s and %s are the same cgroup", where(&t[-j].r),
					 where(&t->r));
	}
	ret = ret ?: prepare(&t->p, &t->r);
	if (!ret && !cgroup_inside(t->r.cgroup_id))
		ret = explain_outside(&t->p, &t->r);
	return ret;
}

static int run_request(const struct request *r, bool for_test)
{
	int nr = r->nr_cgroups ?: 1, ret, i;
	struct target *t = calloc(nr, sizeof(*t));

	if (!t)
		return EX_FAILED;
	messages_capture();
	ret = need_root();
	for (i = 0; !ret && i < nr; i++)
		ret = prepare_target(&t[i], r, i);
	ret = ret ?: check_system(!for_test);
	if (!ret)
		ret = for_test ? test(&t->p, &t->r) : attach(t, nr);
	for (i = 0; i < nr; i++)
		policy_close(&t[i].p);
	free(t);
	return ret;
}

static int run(int argc, char **argv, bool for_test)
{
	struct request r = { .cgroup_id = CGROUP_SYSTEM, .argv = argv };
	int ret = EX_FAILED;

	r.settings = calloc(argc, sizeof(*r.settings));
	r.cgroups = calloc(argc, sizeof(*r.cgroups));
	if (r.settings && r.cgroups)
		ret = parse(argc, argv, &r, for_test) ?: run_request(&r, for_test);
	free(r.settings);
	free(r.cgroups);
	return ret < 0 ? print_help(argv[0]) : ret;
}

int cmd_attach(int argc, char **argv)
{
	return run(argc, argv, false);
}

int cmd_test(int argc, char **argv)
{
	return run(argc, argv, true);
}
