// SPDX-License-Identifier: GPL-2.0-only
/*
 * An object file with one policy in it
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "bpfoom.h"

/* The administrator's policies come before those of the package. */
const char *const policy_dirs[] = {
	"/etc/bpf-oom/policies",
	PREFIX "/lib/bpf-oom/policies",
	NULL,
};

/* A name without a slash can only mean a file in directories that only root can write. */
static char *find_file(const char *arg)
{
	const char *const *dir;
	char *path;

	if (strchr(arg, '/'))
		return format("%s", arg);
	for (dir = policy_dirs; *dir; dir++) {
		path = format("%s/%s" POLICY_FILE, *dir, arg);
		if (!access(path, F_OK))
			return path;
		free(path);
	}
	return NULL;
}

static const char *const kind_types[] = {
	[POLICY_OOM] = "bpf_oom_ops",
	[POLICY_PSI] = "bpf_psi_ops",
};

/* Returns the kind of policy whose struct has this name. */
enum policy_kind policy_kind_of(const char *type)
{
	size_t i;

	for (i = POLICY_OOM; i < ARRAY_SIZE(kind_types); i++) {
		if (!strcmp(type, kind_types[i]))
			return i;
	}
	return POLICY_UNKNOWN;
}

/* The name in the output of list; NULL if unknown */
const char *policy_kind_name(enum policy_kind kind)
{
	static const char *const names[] = {
		[POLICY_OOM] = "oom",
		[POLICY_PSI] = "psi",
	};

	return names[kind];
}

static enum policy_kind kind_of_map(const struct policy *p,
				    const struct bpf_map *map)
{
	const struct btf *btf = bpf_object__btf(p->obj);
	const struct btf_type *t;

	if (bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS)
		return POLICY_UNKNOWN;
	t = btf__type_by_id(btf, bpf_map__btf_value_type_id(map));
	return t ? policy_kind_of(btf__name_by_offset(btf, t->name_off)) :
		   POLICY_UNKNOWN;
}

/* Finds a member of the policy's struct_ops struct, before load. */
static void *ops_member(const struct policy *p, const char *name, size_t *size)
{
	char *ops;
	int offset;

	offset = btf_member_offset(bpf_object__btf(p->obj),
				   bpf_map__btf_value_type_id(p->map), name, size);
	ops = bpf_map__initial_value(p->map, NULL);
	return offset < 0 || !ops ? NULL : ops + offset;
}

/* The name becomes a file name in bpffs, where dots are reserved. */
static int check_name(struct policy *p, const char *file)
{
	size_t size, len, i;

	p->name = ops_member(p, "name", &size);
	len = p->name ? strnlen(p->name, size) : 0;
	if (!len || len == size) {
		pr_err("%s: the policy has no name; set .name in its struct %s",
		       file, kind_types[p->kind]);
		return EX_FAILED;
	}
	for (i = 0; i < len; i++) {
		if (!isalnum((unsigned char)p->name[i]) && !strchr("-_+:", p->name[i])) {
			pr_err("%s: the policy's name '%s' must be of letters, digits and - _ + :",
			       file, p->name);
			return EX_FAILED;
		}
	}
	return EX_DONE;
}

static int find_policy(struct policy *p, const char *file)
{
	enum policy_kind kind;
	struct bpf_map *map;
	unsigned int nr = 0;

	bpf_object__for_each_map(map, p->obj) {
		kind = kind_of_map(p, map);
		if (kind == POLICY_UNKNOWN)
			continue;
		p->map = map;
		p->kind = kind;
		nr++;
	}
	if (nr != 1) {
		pr_err("%s: holds %u policies (struct bpf_oom_ops or bpf_psi_ops), must be one",
		       file, nr);
		return EX_FAILED;
	}
	/* Only an attachment with a link can be pinned. */
	bpf_map__set_map_flags(p->map, bpf_map__map_flags(p->map) | BPF_F_LINK);
	return check_name(p, file);
}

static void explain_no_file(const char *arg)
{
	size_t len = strlen(arg);

	if (len > strlen(POLICY_FILE) && !strcmp(arg + len - strlen(POLICY_FILE), POLICY_FILE))
		pr_err("no policy '%s': a name is without " POLICY_FILE ", and the path of a file has a slash: ./%s",
		       arg, arg);
	else
		pr_err("no policy '%s': there is no %s" POLICY_FILE " in %s or %s; 'bpfoom policies' lists what is there",
		       arg, arg, policy_dirs[0], policy_dirs[1]);
}

/**
 * policy_open() - read the object file of a policy
 * @p: filled in; to be closed with policy_close(), also after an error
 * @arg: a name, or a path if there is a slash in it
 *
 * Return: an exit code; tells the user what is wrong.
 */
int policy_open(struct policy *p, const char *arg)
{
	char *file = find_file(arg);
	int ret = EX_NOT_FOUND;

	if (!file) {
		explain_no_file(arg);
		return EX_NOT_FOUND;
	}
	p->obj = bpf_object__open_file(file, NULL);
	if (p->obj) {
		ret = find_policy(p, file);
	} else if (errno == ENOENT) {
		pr_err("no policy '%s': no such file", file);
	} else {
		pr_err("%s cannot be read as a BPF object file: %s", file, error_text(errno));
		messages_show_tail(5);
		ret = EX_FAILED;
	}
	free(file);
	return ret;
}

void policy_close(struct policy *p)
{
	cgroup_options_free(p);
	bpf_object__close(p->obj);
}

/* Returns the text that a section holds; NULL if there is no such section. */
static const char *text_in(const struct bpf_object *obj, const char *section)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, section);
	const char *text;
	size_t size;

	text = map ? bpf_map__initial_value(map, &size) : NULL;
	return text && *text && memchr(text, '\0', size) ? text : NULL;
}

/**
 * policy_describe() - describe a policy
 * @file: its object file
 * @kind: filled in
 *
 * Return: its own description (BPF_OOM_DESCRIPTION()), or what is wrong with the file; to
 * be freed by the caller.
 */
char *policy_describe(const char *file, enum policy_kind *kind)
{
	struct policy p = { .obj = bpf_object__open_file(file, NULL) };
	struct bpf_map *map;
	char *text;

	*kind = POLICY_UNKNOWN;
	if (!p.obj)
		return format("(cannot be read: %s)", error_text(errno));
	bpf_object__for_each_map(map, p.obj) {
		if (*kind == POLICY_UNKNOWN)
			*kind = kind_of_map(&p, map);
	}
	text = format("%s", *kind == POLICY_UNKNOWN ? "(there is no policy in it)" :
		      text_in(p.obj, ".rodata.description") ?: "");
	policy_close(&p);
	return text;
}

/* Sets the cgroup, before load. */
int policy_set_cgroup(struct policy *p, __u64 cgroup_id)
{
	size_t size;
	void *member = ops_member(p, "cgroup_id", &size);

	/*
	 * Set the root's id, never 0: for that the module logs the advice to name a
	 * cgroup.
	 */
	if (member && size == sizeof(cgroup_id)) {
		memcpy(member, &cgroup_id, size);
		return EX_DONE;
	}
	/*
	 * In a container, the root cgroup that we see is not the root of the hierarchy.
	 */
	if (cgroup_id == CGROUP_SYSTEM)
		cgroup_id = 0;
	/*
	 * The kernel has no cgroup for a pressure policy: the policy chooses what to
	 * watch.
	 */
	if (p->kind == POLICY_PSI && policy_set_root(p, cgroup_id))
		return EX_DONE;
	if (!cgroup_id)
		return EX_DONE;
	if (p->kind == POLICY_PSI) {
		pr_err("policy %s looks at the whole system: it has no variable cgroup_id, which --cgroup sets",
		       p->name);
		return EX_FAILED;
	}
	pr_err("policy %s was built against another struct bpf_oom_ops, which has no cgroup_id: rebuild it",
	       p->name);
	return EX_FAILED;
}

/* Adds flags, before load, to those that the policy was built with. */
int policy_set_flags(struct policy *p, __u64 flags)
{
	size_t size;
	void *member = ops_member(p, "flags", &size);
	__u64 all;

	if (member && size == sizeof(all)) {
		memcpy(&all, member, size);
		all |= flags;
		memcpy(member, &all, size);
		return EX_DONE;
	}
	if (p->kind == POLICY_PSI) {
		pr_err("policy %s acts on pressure: --before and --dry-run are for those that are asked about OOMs",
		       p->name);
		return EX_BAD_USAGE;
	}
	pr_err("policy %s was built against another struct bpf_oom_ops, which has no flags: rebuild it",
	       p->name);
	return EX_FAILED;
}

/* Returns the current flags. */
__u64 policy_flags(const struct policy *p)
{
	size_t size;
	void *member = ops_member(p, "flags", &size);
	__u64 flags = 0;

	if (member && size == sizeof(flags))
		memcpy(&flags, member, size);
	return flags;
}

/*
 * Returns the text in section .data.refusal, in which a policy's init can tell why it
 * failed: it can return no more than an error number. NULL: there is no text.
 */
const char *policy_refusal(const struct policy *p)
{
	return text_in(p->obj, ".data.refusal");
}

/*
 * Does the policy look at the memory of cgroups? If so, the object's BTF has kfuncs of
 * the kernel or the module for that. libbpf has made them global by now.
 */
bool policy_weighs_cgroups(const struct policy *p)
{
	const struct btf *btf = bpf_object__btf(p->obj);
	const struct btf_type *t;
	const char *name;
	__u32 id;

	for (id = 1; id < btf__type_cnt(btf); id++) {
		t = btf__type_by_id(btf, id);
		name = btf__name_by_offset(btf, t->name_off);
		if (btf_is_func(t) && !strncmp(name, "bpf_", 4) &&
		    strstr(name, "mem_cgroup"))
			return true;
	}
	return false;
}
