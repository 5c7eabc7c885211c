// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many cgroups a pressure policy watches, and how many without a trigger
 *
 * A policy tells this in a variable whose members are called watched and without_trigger,
 * which BTF shows.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "bpfoom.h"

static bool get_number(const struct btf *btf, const struct btf_var_secinfo *var,
		       const char *member, const char *value, __u64 *number)
{
	int type = btf__type_by_id(btf, var->type)->type, offset;
	size_t size;

	offset = btf_member_offset(btf, type, member, &size);
	if (offset < 0 || size != sizeof(*number))
		return false;
	memcpy(number, value + var->offset + offset, size);
	return true;
}

static bool find_in_section(const struct btf *btf, __u32 id, const char *value,
			    struct watched *w)
{
	const struct btf_type *section = btf__type_by_id(btf, id);
	const struct btf_var_secinfo *var;
	int i;

	if (!section || !btf_is_datasec(section))
		return false;
	var = btf_var_secinfos(section);
	for (i = 0; i < btf_vlen(section); i++, var++) {
		if (get_number(btf, var, "watched", value, &w->watched) &&
		    get_number(btf, var, "without_trigger", value, &w->without_trigger))
			return true;
	}
	return false;
}

static bool read_map(int fd, const struct bpf_map_info *info, struct watched *w)
{
	struct btf *btf = btf__load_from_kernel_by_id(info->btf_id);
	char *value = calloc(1, info->value_size);
	__u32 zero = 0;
	bool found;

	found = btf && value && !bpf_map_lookup_elem(fd, &zero, value) &&
		find_in_section(btf, info->btf_value_type_id, value, w);
	free(value);
	btf__free(btf);
	return found;
}

static bool find_in_map(__u32 id, struct watched *w)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	bool found;
	int fd;

	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0)
		return false;
	found = !bpf_map_get_info_by_fd(fd, &info, &len) &&
		info.type == BPF_MAP_TYPE_ARRAY && info.max_entries == 1 &&
		info.btf_value_type_id && read_map(fd, &info, w);
	close(fd);
	return found;
}

/**
 * watched_find() - find out how many cgroups a pressure policy watches
 * @a: its attachment
 * @w: filled in
 *
 * Return: false if unknown.
 */
bool watched_find(const struct attached *a, struct watched *w)
{
	__u32 maps[64], len, i;
	struct bpf_prog_info info;
	bool found = false;
	int fd, nr;

	for (nr = 0; a->kind == POLICY_PSI && !found && nr < a->nr_programs; nr++) {
		fd = bpf_prog_get_fd_by_id(a->programs[nr]);
		if (fd < 0)
			continue;
		len = sizeof(info);
		memset(&info, 0, sizeof(info));
		info.map_ids = (uintptr_t)maps;
		info.nr_map_ids = ARRAY_SIZE(maps);
		if (bpf_prog_get_info_by_fd(fd, &info, &len))
			info.nr_map_ids = 0;
		close(fd);
		for (i = 0; !found && i < info.nr_map_ids && i < ARRAY_SIZE(maps); i++)
			found = find_in_map(maps[i], w);
	}
	return found;
}

/**
 * watched_tell() - tell the user of cgroups that a policy watches without a trigger
 * @a: any attachment; prints nothing if there are no such cgroups or it is unknown
 */
void watched_tell(const struct attached *a)
{
	struct watched w;
	char *cgroup;

	if (!watched_find(a, &w) || !w.without_trigger)
		return;
	cgroup = cgroup_describe(a->cgroup_id);
	printf("%s on ", a->policy);
	print_name(cgroup);
	printf(": %llu of %llu cgroups have no trigger of their own, see bpf-oom-policies(7)\n",
	       w.without_trigger, w.watched + w.without_trigger);
	free(cgroup);
}
