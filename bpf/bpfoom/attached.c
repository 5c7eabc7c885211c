// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which policies the kernel has attached
 *
 * The list comes from the kernel, not from our pins, so that it includes what other tools
 * attached. The BTF of the module that defines a struct_ops type describes its maps.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "bpfoom.h"

/* The module, and the prefix that its BTF has for the value type of a policy's map */
#define MODULE "bpf_oom"
#define VALUE_TYPE "bpf_struct_ops_"
/* enum bpf_struct_ops_state: the map is attached without a link */
#define STATE_INUSE 1

/* Caches the last BTF, since maps of one module share it. NULL: failed, see errno. */
static const struct btf *load_btf(__u32 id)
{
	static struct btf *vmlinux, *last;
	static __u32 last_id;

	if (last && id == last_id)
		return last;
	if (!vmlinux)
		vmlinux = btf__load_vmlinux_btf();
	if (!vmlinux)
		return NULL;
	btf__free(last);
	last = btf__load_from_kernel_by_id_split(id, vmlinux);
	last_id = id;
	return last;
}

/*
 * Does this BTF define policies? Returns 1, 0 or a negative errno. Only asks for the name
 * of the BTF, which is large to read.
 */
static int is_our_btf(__u32 id)
{
	struct bpf_btf_info info = {};
	__u32 len = sizeof(info);
	char name[64] = "";
	int fd, ret;

	fd = bpf_btf_get_fd_by_id(id);
	if (fd < 0)
		return fd;
	info.name = (uintptr_t)name;
	info.name_len = sizeof(name);
	ret = bpf_btf_get_info_by_fd(fd, &info, &len);
	close(fd);
	/* ENOSPC: the name is longer than ours */
	if (ret)
		return ret == -ENOSPC ? 0 : ret;
	return !strcmp(name, MODULE);
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

static enum policy_kind kind_of_value(const char *type)
{
	size_t len = strlen(VALUE_TYPE);

	return strncmp(type, VALUE_TYPE, len) ? POLICY_UNKNOWN :
						policy_kind_of(type + len);
}

/*
 * A pressure policy does not tell its cgroup; add_pinned() takes it from the pin's name.
 */
static bool get_cgroup_id(const struct btf *btf, int type_id, const char *value,
			  struct attached *a)
{
	return a->kind == POLICY_PSI ||
	       get_member(btf, type_id, "data.cgroup_id", value, &a->cgroup_id,
			  sizeof(a->cgroup_id));
}

/* Instead of pointers to programs the kernel returns their ids. */
static void get_programs(const struct btf *btf, int type_id, const char *value,
			 struct attached *a)
{
	static const char *const names[] = {
		"data.handle_out_of_memory", "data.evaluate_task", "data.init",
		"data.handle_psi_event", "data.handle_cgroup_online",
		"data.handle_cgroup_offline",
	};
	__u64 id;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (get_member(btf, type_id, names[i], value, &id, sizeof(id)) && id)
			a->programs[a->nr_programs++] = id;
	}
}

/* Returns 1: a policy; 0: something else; or a negative errno. */
static int read_value(int fd, const struct bpf_map_info *info,
		      struct attached *a, __u32 *state)
{
	__u32 id = info->btf_vmlinux_value_type_id, zero = 0;
	const struct btf *btf = load_btf(info->btf_vmlinux_id);
	const struct btf_type *t;
	char *value;
	int ret;

	if (!btf)
		return -errno;
	t = btf__type_by_id(btf, id);
	a->kind = t ? kind_of_value(btf__name_by_offset(btf, t->name_off)) :
		      POLICY_UNKNOWN;
	if (a->kind == POLICY_UNKNOWN)
		return 0;
	value = calloc(1, info->value_size);
	if (!value)
		return -ENOMEM;
	ret = bpf_map_lookup_elem(fd, &zero, value);
	if (!ret)
		ret = get_member(btf, id, "data.name", value, a->policy,
				 sizeof(a->policy)) &&
		      get_cgroup_id(btf, id, value, a) &&
		      get_member(btf, id, "common.state", value, state,
				 sizeof(*state)) ? 1 : -EPROTO;
	if (ret == 1) {
		/* Only OOM policies have flags. */
		get_member(btf, id, "data.flags", value, &a->flags, sizeof(a->flags));
		get_programs(btf, id, value, a);
	}
	free(value);
	a->policy[sizeof(a->policy) - 1] = '\0';
	if (!a->cgroup_id)
		a->cgroup_id = CGROUP_SYSTEM;
	return ret;
}

/* Returns 1: a policy; 0: something else, or gone; or a negative errno. */
static int read_map(__u32 map_id, struct attached *a, __u32 *flags,
		    __u32 *state)
{
	struct bpf_map_info info = {};
	__u32 len = sizeof(info);
	int fd, ret;

	fd = bpf_map_get_fd_by_id(map_id);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	ret = bpf_map_get_info_by_fd(fd, &info, &len);
	if (!ret && info.type == BPF_MAP_TYPE_STRUCT_OPS) {
		ret = is_our_btf(info.btf_vmlinux_id);
		if (ret > 0)
			ret = read_value(fd, &info, a, state);
	}
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

/* Returns 1: a struct_ops link; 0: something else; or a negative errno. */
static int read_link(int fd, struct bpf_link_info *info)
{
	__u32 len = sizeof(*info);
	int ret;

	memset(info, 0, sizeof(*info));
	ret = bpf_link_get_info_by_fd(fd, info, &len);
	/* EINVAL: the pinned object is no link */
	if (ret)
		return ret == -EINVAL ? 0 : ret;
	return info->type == BPF_LINK_TYPE_STRUCT_OPS;
}

static int add_link(struct attached_list *list, __u32 id)
{
	struct attached a = { .link_id = id };
	struct bpf_link_info info;
	__u32 flags, state;
	int fd, ret;

	fd = bpf_link_get_fd_by_id(id);
	/* EAGAIN: another task is creating it */
	if (fd < 0)
		return fd == -ENOENT || fd == -EAGAIN ? 0 : fd;
	ret = read_link(fd, &info);
	close(fd);
	/* A link without a map has been detached. */
	if (ret > 0)
		ret = !!info.struct_ops.map_id;
	if (ret > 0)
		ret = read_map(info.struct_ops.map_id, &a, &flags, &state);
	return ret > 0 ? append(list, &a) : ret;
}

static int add_links(struct attached_list *list)
{
	__u32 id = 0;
	int ret = 0;

	while (!ret) {
		ret = bpf_link_get_next_id(id, &id);
		if (ret)
			return ret == -ENOENT ? 0 : ret;
		ret = add_link(list, id);
	}
	return ret;
}

static int add_map(struct attached_list *list, __u32 id)
{
	__u32 flags = 0, state = 0;
	struct attached a = {};
	int ret;

	ret = read_map(id, &a, &flags, &state);
	if (ret > 0)
		ret = !(flags & BPF_F_LINK) && state == STATE_INUSE ?
		      append(list, &a) : 0;
	return ret;
}

static int add_maps(struct attached_list *list)
{
	__u32 id = 0;
	int ret = 0;

	while (!ret) {
		ret = bpf_map_get_next_id(id, &id);
		if (ret)
			return ret == -ENOENT ? 0 : ret;
		ret = add_map(list, id);
	}
	return ret;
}

/* Parses the id in "NAME@ID". */
static __u64 id_in_pin(const char *pin)
{
	return strtoull(strrchr(pin, '@') + 1, NULL, 10);
}

/* Of a detached link only the name of its pin tells what it was. */
static bool parse_pin(const char *file, struct attached *a)
{
	const char *at = strrchr(file, '@');

	if (!at || (size_t)(at - file) >= sizeof(a->policy))
		return false;
	memcpy(a->policy, file, at - file);
	a->cgroup_id = id_in_pin(file);
	return true;
}

static struct attached *find_link(const struct attached_list *list, __u32 id)
{
	size_t i;

	for (i = 0; i < list->nr; i++) {
		if (list->items[i].link_id == id)
			return &list->items[i];
	}
	return NULL;
}

/*
 * A link that is not in the list was detached, or created after the list had been read.
 * Only a detached link has no map.
 */
static int add_pinned(struct attached_list *list, const char *file,
		      const struct bpf_link_info *info)
{
	struct attached *known, a = { .link_id = info->id };
	__u32 flags, state;
	int ret;

	known = find_link(list, info->id);
	if (!known) {
		ret = info->struct_ops.map_id ?
		      read_map(info->struct_ops.map_id, &a, &flags, &state) :
		      parse_pin(file, &a);
		ret = ret > 0 ? append(list, &a) : ret;
		if (ret)
			return ret;
		known = find_link(list, info->id);
	}
	if (!known || known->pin)
		return 0;
	known->pin = format(LINK_DIR "/%s", file);
	if (known->kind == POLICY_PSI && strchr(file, '@'))
		known->cgroup_id = id_in_pin(file);
	return 0;
}

static int add_pin(struct attached_list *list, const char *file)
{
	char *pin = format(LINK_DIR "/%s", file);
	struct bpf_link_info info;
	int fd, ret;

	fd = bpf_obj_get(pin);
	free(pin);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	ret = read_link(fd, &info);
	close(fd);
	return ret > 0 ? add_pinned(list, file, &info) : ret;
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
 * attached_lock() - keep other runs of bpfoom from attaching and detaching
 *
 * The list of attached_get() must stay true until we act on it. Otherwise two runs could
 * attach the same policy twice, or one could remove a pin whose name another run has
 * reused. The lock ends with the process.
 *
 * Return: an exit code; tells the user what is wrong.
 */
int attached_lock(void)
{
	int fd;

	/* Without bpffs no other run can attach. */
	if (!bpffs_mounted())
		return EX_DONE;
	if ((mkdir(PIN_DIR, 0700) && errno != EEXIST) ||
	    (mkdir(LINK_DIR, 0700) && errno != EEXIST)) {
		pr_err("cannot make " LINK_DIR ", where attachments are kept: %s%s",
		       strerror(errno),
		       errno == EROFS ? "; try: mount -o remount,rw " BPFFS : "");
		return EX_FAILED;
	}
	fd = open(LINK_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && !flock(fd, LOCK_EX))
		return EX_DONE;
	pr_err("cannot lock " LINK_DIR ": %s", strerror(errno));
	return EX_FAILED;
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
 * After unlink() of the pin the kernel would detach some time later. So this detaches the
 * link first, which returns when no handler of the policy is running.
 *
 * Return: 0 or a negative errno.
 */
int attached_end(const struct attached *a)
{
	int ret = 0;

	if (a->map_id)
		ret = a->link_id ? detach_link(a->link_id) : detach_map(a->map_id);
	/* It has ended by itself meanwhile. */
	if (ret == -ENOENT || ret == -ENOLINK || (ret == -EINVAL && a->link_id))
		ret = 0;
	if (!ret && a->pin && unlink(a->pin) && errno != ENOENT)
		ret = -errno;
	return ret;
}
