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

/* Those of the administrator win over those of the package. */
const char *const policy_dirs[] = {
	"/etc/bpf-oom/policies",
	PREFIX "/lib/bpf-oom/policies",
	NULL,
};

/* A name stays below the directories that only root can write to. */
static char *find_file(const char *arg)
{
	const char *const *dir;
	char *path;

	if (strchr(arg, '/'))
		return format("%s", arg);
	for (dir = policy_dirs; *dir; dir++) {
		path = format("%s/%s.bpf.o", *dir, arg);
		if (!access(path, F_OK))
			return path;
		free(path);
	}
	return NULL;
}

static bool is_policy(const struct policy *p, const struct bpf_map *map)
{
	const struct btf *btf = bpf_object__btf(p->obj);
	const struct btf_type *t;

	if (bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS)
		return false;
	t = btf__type_by_id(btf, bpf_map__btf_value_type_id(map));
	return t && !strcmp(btf__name_by_offset(btf, t->name_off), "bpf_oom_ops");
}

/* A member of the policy's own struct bpf_oom_ops, before load. */
static void *ops_member(const struct policy *p, const char *name, size_t *size)
{
	char *ops;
	int offset;

	offset = btf_member_offset(bpf_object__btf(p->obj),
				   bpf_map__btf_value_type_id(p->map), name, size);
	ops = bpf_map__initial_value(p->map, NULL);
	return offset < 0 || !ops ? NULL : ops + offset;
}

/* The name becomes a file name in bpffs, which reserves the dot. */
static int check_name(struct policy *p, const char *file)
{
	size_t size, len, i;

	p->name = ops_member(p, "name", &size);
	len = p->name ? strnlen(p->name, size) : 0;
	if (!len || len == size) {
		pr_err("%s: the policy has no name; set .name in its struct bpf_oom_ops", file);
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
	struct bpf_map *map;
	unsigned int nr = 0;

	bpf_object__for_each_map(map, p->obj) {
		if (!is_policy(p, map))
			continue;
		p->map = map;
		nr++;
	}
	if (nr != 1) {
		pr_err("%s: holds %u policies (struct bpf_oom_ops), must be one", file, nr);
		return EX_FAILED;
	}
	/* Without a link there is nothing to pin. */
	bpf_map__set_map_flags(p->map, bpf_map__map_flags(p->map) | BPF_F_LINK);
	return check_name(p, file);
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
		pr_err("no policy '%s': there is no %s.bpf.o in %s or %s; 'bpfoom policies' lists what is there",
		       arg, arg, policy_dirs[0], policy_dirs[1]);
		return EX_NOT_FOUND;
	}
	p->obj = bpf_object__open_file(file, NULL);
	if (p->obj) {
		ret = find_policy(p, file);
	} else if (errno == ENOENT) {
		pr_err("no policy '%s': no such file", file);
	} else {
		pr_err("%s: cannot be read as a BPF object: %s", file, strerror(errno));
		messages_show_tail(5);
		ret = EX_FAILED;
	}
	free(file);
	return ret;
}

void policy_close(struct policy *p)
{
	bpf_object__close(p->obj);
}

/* Before load. */
int policy_set_cgroup(struct policy *p, __u64 cgroup_id)
{
	size_t size;
	void *member = ops_member(p, "cgroup_id", &size);

	/* In a container the root that we see is not the root. */
	if (cgroup_id == CGROUP_SYSTEM)
		cgroup_id = 0;
	if (member && size == sizeof(cgroup_id)) {
		memcpy(member, &cgroup_id, size);
		return EX_DONE;
	}
	if (!cgroup_id)
		return EX_DONE;
	pr_err("policy %s was built against another struct bpf_oom_ops, which has no cgroup_id: rebuild it",
	       p->name);
	return EX_FAILED;
}
