// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which policies the kernel has attached
 *
 * The kernel is asked, not our pins: what other tools attached shows as well.
 * What is in a struct_ops map is told by the BTF of the module that defines it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "bpfoom.h"

/* What bpf_oom's BTF calls the content of the map of a policy. */
#define VALUE_TYPE "bpf_struct_ops_bpf_oom_ops"
/* enum bpf_struct_ops_state: a map that is attached by itself, without a link. */
#define STATE_INUSE 1

/* Maps of one module share it, so the last one is kept. */
static const struct btf *load_btf(__u32 id)
{
	static struct btf *vmlinux, *last;
	static __u32 last_id;

	if (id == last_id)
		return last;
	if (!vmlinux)
		vmlinux = btf__load_vmlinux_btf();
	btf__free(last);
	last = vmlinux ? btf__load_from_kernel_by_id_split(id, vmlinux) : NULL;
	last_id = id;
	return last;
}

/* BTF of a module is large to read; that of the kernel itself has no policies. */
static bool is_module_btf(__u32 id)
{
	struct bpf_btf_info info = {};
	__u32 len = sizeof(info);
	char name[64] = "";
	int fd;

	fd = bpf_btf_get_fd_by_id(id);
	if (fd < 0)
		return false;
	info.name = (uintptr_t)name;
	info.name_len = sizeof(name);
	if (bpf_btf_get_info_by_fd(fd, &info, &len))
		name[0] = '\0';
	close(fd);
	return name[0] && strcmp(name, "vmlinux");
}

static bool get_member(const struct btf *btf, int type_id, const char *path,
		       const char *value, void *to, size_t to_size)
{
	size_t size;
	int offset;

	offset = btf_member_offset(btf, type_id, path, &size);
	if (offset < 0 || size > to_size)
		return false;
	memcpy(to, value + offset, size);
	return true;
}

/* 1: a policy. 0: something else. */
static int read_value(int fd, const struct bpf_map_info *info,
		      struct attached *a, __u32 *state)
{
	__u32 id = info->btf_vmlinux_value_type_id, zero = 0;
	const struct btf *btf = load_btf(info->btf_vmlinux_id);
	const struct btf_type *t;
	char *value;
	int ret = 0;

	t = btf ? btf__type_by_id(btf, id) : NULL;
	if (!t || strcmp(btf__name_by_offset(btf, t->name_off), VALUE_TYPE))
		return 0;
	value = calloc(1, info->value_size);
	if (value && !bpf_map_lookup_elem(fd, &zero, value))
		ret = get_member(btf, id, "data.name", value, a->policy,
				 sizeof(a->policy)) &&
		      get_member(btf, id, "data.cgroup_id", value, &a->cgroup_id,
				 sizeof(a->cgroup_id)) &&
		      get_member(btf, id, "common.state", value, state,
				 sizeof(*state));
	free(value);
	a->policy[sizeof(a->policy) - 1] = '\0';
	if (!a->cgroup_id)
		a->cgroup_id = CGROUP_SYSTEM;
	return ret;
}

static int read_map(__u32 map_id, struct attached *a, __u32 *flags,
		    __u32 *state)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	int fd, ret = 0;

	fd = bpf_map_get_fd_by_id(map_id);
	if (fd < 0)
		return 0;
	if (!bpf_map_get_info_by_fd(fd, &info, &len) &&
	    info.type == BPF_MAP_TYPE_STRUCT_OPS &&
	    is_module_btf(info.btf_vmlinux_id))
		ret = read_value(fd, &info, a, state);
	close(fd);
	*flags = info.map_flags;
	a->map_id = map_id;
	return ret;
}

static int append(struct attached_list *list, const struct attached *a)
{
	struct attached *items;

	items = realloc(list->items, (list->nr + 1) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	list->items = items;
	items[list->nr++] = *a;
	return 0;
}

static int add_links(struct attached_list *list)
{
	__u32 id = 0, flags, state;
	int fd, ret = 0;

	while (!ret && !bpf_link_get_next_id(id, &id)) {
		struct bpf_link_info info = {};
		__u32 len = sizeof(info);
		struct attached a = {};

		fd = bpf_link_get_fd_by_id(id);
		if (fd < 0)
			continue;
		if (!bpf_link_get_info_by_fd(fd, &info, &len) &&
		    info.type == BPF_LINK_TYPE_STRUCT_OPS &&
		    info.struct_ops.map_id &&
		    read_map(info.struct_ops.map_id, &a, &flags, &state)) {
			a.link_id = id;
			ret = append(list, &a);
		}
		close(fd);
	}
	if (!ret && errno != ENOENT)
		ret = -errno;
	return ret;
}

static int add_maps(struct attached_list *list)
{
	__u32 id = 0, flags = 0, state = 0;
	int ret = 0;

	while (!ret && !bpf_map_get_next_id(id, &id)) {
		struct attached a = {};

		if (read_map(id, &a, &flags, &state) &&
		    !(flags & BPF_F_LINK) && state == STATE_INUSE)
			ret = append(list, &a);
	}
	return ret;
}

/* An attachment that ended with its cgroup is known by the name of its pin only. */
static int add_ended(struct attached_list *list, const char *file, char *pin,
		     __u32 link_id)
{
	const char *at = strrchr(file, '@');
	struct attached a = { .link_id = link_id, .pin = pin };

	if (!at || (size_t)(at - file) >= sizeof(a.policy)) {
		free(pin);
		return 0;
	}
	memcpy(a.policy, file, at - file);
	a.cgroup_id = strtoull(at + 1, NULL, 10);
	return append(list, &a);
}

static int add_pin(struct attached_list *list, const char *file)
{
	char *pin = format(LINK_DIR "/%s", file);
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);
	size_t i;
	int fd;

	fd = bpf_obj_get(pin);
	if (fd < 0 || bpf_link_get_info_by_fd(fd, &info, &len))
		info.type = BPF_LINK_TYPE_UNSPEC;
	if (fd >= 0)
		close(fd);
	if (info.type != BPF_LINK_TYPE_STRUCT_OPS) {
		free(pin);
		return 0;
	}
	for (i = 0; i < list->nr; i++) {
		if (list->items[i].link_id == info.id && !list->items[i].pin) {
			list->items[i].pin = pin;
			return 0;
		}
	}
	return add_ended(list, file, pin, info.id);
}

static int add_pins(struct attached_list *list)
{
	struct dirent *entry;
	int ret = 0;
	DIR *dir;

	dir = opendir(LINK_DIR);
	if (!dir)
		return 0;
	while (!ret && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			ret = add_pin(list, entry->d_name);
	}
	closedir(dir);
	return ret;
}

/**
 * attached_get() - all policies that are attached
 * @list: filled in; to be released with attached_put(), also after an error
 *
 * Return: an exit code; tells the user what is wrong.
 */
int attached_get(struct attached_list *list)
{
	int ret;

	*list = (struct attached_list) {};
	ret = add_links(list);
	ret = ret ?: add_maps(list);
	ret = ret ?: add_pins(list);
	if (!ret)
		return EX_DONE;
	pr_err("cannot ask the kernel what is attached: %s", strerror(-ret));
	return EX_FAILED;
}

void attached_put(struct attached_list *list)
{
	size_t i;

	for (i = 0; i < list->nr; i++)
		free(list->items[i].pin);
	free(list->items);
}

static int detach_map(__u32 map_id)
{
	__u32 zero = 0;
	int fd, ret;

	fd = bpf_map_get_fd_by_id(map_id);
	if (fd < 0)
		return fd;
	ret = bpf_map_delete_elem(fd, &zero);
	close(fd);
	return ret;
}

static int detach_link(__u32 link_id)
{
	int fd, ret;

	fd = bpf_link_get_fd_by_id(link_id);
	if (fd < 0)
		return fd;
	ret = bpf_link_detach(fd);
	close(fd);
	return ret;
}

/**
 * attached_end() - end an attachment
 * @a: the attachment
 *
 * Removing the pin alone would leave the detach to the kernel's leisure, so the
 * link is told first, which returns when no handler of the policy runs.
 *
 * Return: 0 or a negative errno.
 */
int attached_end(const struct attached *a)
{
	int ret = 0;

	if (a->map_id)
		ret = a->link_id ? detach_link(a->link_id) : detach_map(a->map_id);
	/* Ended by itself meanwhile. */
	if (ret == -ENOENT || ret == -ENOLINK || (ret == -EINVAL && a->link_id))
		ret = 0;
	if (!ret && a->pin && unlink(a->pin) && errno != ENOENT)
		ret = -errno;
	return ret;
}
