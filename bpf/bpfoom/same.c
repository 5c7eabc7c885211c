// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is an attached policy the requested one?
 *
 * Only the kernel knows how a policy was attached: the flags are in its struct_ops map,
 * the options in its other maps.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "bpfoom.h"

/* The kernel keeps only the first 15 characters of a map's name. */
static bool is_named(const struct bpf_map_info *info, const char *name)
{
	return !strncmp(info->name, name, sizeof(info->name) - 1);
}

/* Is it libbpf's map of the const volatile variables? */
static bool has_options(const struct bpf_map_info *info)
{
	static const char end[] = ".rodata";
	size_t len = strnlen(info->name, sizeof(info->name));

	return info->type == BPF_MAP_TYPE_ARRAY && len >= strlen(end) &&
	       !memcmp(info->name + len - strlen(end), end, strlen(end));
}

static int compare_options(const struct policy *p, int fd, const struct bpf_map_info *info)
{
	const void *wanted;
	__u32 zero = 0;
	size_t size;
	char *is;
	int ret;

	wanted = policy_options(p, &size);
	if (!wanted || size != info->value_size)
		return 0;
	is = malloc(size);
	if (!is)
		return -ENOMEM;
	ret = bpf_map_lookup_elem(fd, &zero, is);
	if (!ret)
		ret = !memcmp(is, wanted, size);
	free(is);
	return ret;
}

static int compare_cgroup_options(const struct policy *p, int fd,
				  const struct bpf_map_info *info)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, p->obj) {
		if (is_named(info, bpf_map__name(map)))
			return cgroup_options_compare(p, map, fd);
	}
	return 1;
}

static int compare_map(const struct policy *p, __u32 id)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	int fd, ret;

	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0)
		return fd;
	ret = bpf_map_get_info_by_fd(fd, &info, &len);
	if (!ret)
		ret = has_options(&info) ? compare_options(p, fd, &info) :
		      compare_cgroup_options(p, fd, &info);
	close(fd);
	return ret;
}

static int compare_program(const struct policy *p, __u32 id)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info), maps[64], i;
	int fd, ret;

	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0)
		return fd;
	info.map_ids = (uintptr_t)maps;
	info.nr_map_ids = ARRAY_SIZE(maps);
	ret = bpf_prog_get_info_by_fd(fd, &info, &len);
	close(fd);
	if (ret)
		return ret;
	ret = 1;
	for (i = 0; ret == 1 && i < info.nr_map_ids && i < ARRAY_SIZE(maps); i++)
		ret = compare_map(p, maps[i]);
	return ret;
}

/**
 * attached_is() - is a policy attached in the requested way?
 * @a: the attachment, of the same name and on the same cgroup
 * @p: the requested policy, not loaded, with all its options
 *
 * The programs are not compared: a policy from a newer file counts as the same.
 *
 * Return: 1 or 0, or a negative errno.
 */
int attached_is(const struct attached *a, const struct policy *p)
{
	int ret = a->kind == p->kind && a->flags == policy_flags(p), i;

	for (i = 0; ret == 1 && i < a->nr_programs; i++)
		ret = compare_program(p, a->programs[i]);
	return ret;
}
