// SPDX-License-Identifier: GPL-2.0-only
/*
 * Options of a policy for single cgroups: --set NAME@CGROUP=VALUE
 *
 * They are hash maps of the policy, from the id of a cgroup (8 bytes) to a number
 * (4 bytes). They can be filled only after the policy has been loaded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "bpfoom.h"

/**
 * struct cgroup_setting - a value for a map
 * @before: the setting that was given before this one, or NULL
 * @map: the map
 * @cgroup_id: the key
 * @value: the value
 */
struct cgroup_setting {
	struct cgroup_setting *before;
	struct bpf_map *map;
	__u64 cgroup_id;
	__u32 value;
};

static bool is_cgroup_option(const struct bpf_map *map)
{
	return bpf_map__type(map) == BPF_MAP_TYPE_HASH &&
	       bpf_map__key_size(map) == sizeof(__u64) &&
	       bpf_map__value_size(map) == sizeof(__u32);
}

void cgroup_options_print(const struct policy *p)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, p->obj) {
		if (is_cgroup_option(map))
			pr_err("  %s@CGROUP (32-bit integer, not negative)",
			       bpf_map__name(map));
	}
}

static bool parse_value(const char *s, __u32 *value)
{
	unsigned long v;
	char *end;

	errno = 0;
	v = strtoul(s, &end, 0);
	*value = v;
	return end != s && !*end && !errno && v == *value && !strchr(s, '-');
}

static int add(struct policy *p, struct bpf_map *map, const char *path,
	       const char *value)
{
	struct cgroup_setting *s;
	__u64 cgroup_id;
	__u32 v;
	int ret;

	if (!parse_value(value, &v)) {
		pr_err("'%s' is not a value of this option:", value);
		pr_err("  %s@CGROUP (32-bit integer, not negative)", bpf_map__name(map));
		return EX_BAD_USAGE;
	}
	ret = cgroup_id_of(path, &cgroup_id);
	if (ret)
		return ret;
	s = calloc(1, sizeof(*s));
	if (!s)
		return EX_FAILED;
	s->before = p->settings;
	s->map = map;
	s->cgroup_id = cgroup_id;
	s->value = v;
	p->settings = s;
	return EX_DONE;
}

/**
 * cgroup_option_set() - remember an option of a cgroup until the policy is loaded
 * @p: the policy
 * @name_value: "NAME@CGROUP=VALUE"; CGROUP may contain both signs
 *
 * Return: an exit code; tells the user what is wrong.
 */
int cgroup_option_set(struct policy *p, const char *name_value)
{
	char *name = format("%s", name_value);
	char *path = strchr(name, '@'), *value = strrchr(name, '=');
	struct bpf_map *map;
	int ret = EX_BAD_USAGE;

	*path++ = '\0';
	*value++ = '\0';
	map = bpf_object__find_map_by_name(p->obj, name);
	if (!map || !is_cgroup_option(map)) {
		pr_err("policy %s has no option '%s' for single cgroups", p->name, name);
		cgroup_options_print(p);
	} else if (!*path) {
		pr_err("--set wants NAME@CGROUP=VALUE, not '%s'", name_value);
	} else {
		ret = add(p, map, path, value);
	}
	free(name);
	return ret;
}

/* Applies settings in the order given, so that the last one for a cgroup counts. */
static int apply(const struct policy *p, const struct cgroup_setting *s)
{
	int err;

	if (!s)
		return EX_DONE;
	if (apply(p, s->before))
		return EX_FAILED;
	err = bpf_map_update_elem(bpf_map__fd(s->map), &s->cgroup_id, &s->value,
				  BPF_ANY);
	if (!err)
		return EX_DONE;
	pr_err("policy %s was not attached: cannot set %s for cgroup %llu: %s", p->name,
	       bpf_map__name(s->map), s->cgroup_id, strerror(-err));
	return EX_FAILED;
}

/**
 * cgroup_options_apply() - set the options of single cgroups
 * @p: the policy, loaded but not attached
 *
 * Return: an exit code; tells the user what is wrong.
 */
int cgroup_options_apply(struct policy *p)
{
	return apply(p, p->settings);
}

/* Does this setting count? Not if a later one is for the same cgroup. */
static bool counts(const struct policy *p, const struct cgroup_setting *s)
{
	const struct cgroup_setting *later;

	for (later = p->settings; later != s; later = later->before) {
		if (later->map == s->map && later->cgroup_id == s->cgroup_id)
			return false;
	}
	return true;
}

static unsigned int count_entries(int fd)
{
	__u64 key, *last = NULL;
	unsigned int nr = 0;

	while (!bpf_map_get_next_key(fd, last, &key)) {
		last = &key;
		nr++;
	}
	return nr;
}

/**
 * cgroup_options_compare() - does a map hold the requested options?
 * @p: the requested policy
 * @map: a map of it
 * @fd: the corresponding map of the attached policy
 *
 * Return: 1 or 0; also 1 if the map is not for options of cgroups.
 */
int cgroup_options_compare(const struct policy *p, const struct bpf_map *map, int fd)
{
	const struct cgroup_setting *s;
	unsigned int nr = 0;
	__u32 value;

	if (!is_cgroup_option(map))
		return 1;
	for (s = p->settings; s; s = s->before) {
		if (s->map != map || !counts(p, s))
			continue;
		if (bpf_map_lookup_elem(fd, &s->cgroup_id, &value) || value != s->value)
			return 0;
		nr++;
	}
	return nr == count_entries(fd);
}

void cgroup_options_free(struct policy *p)
{
	struct cgroup_setting *s = p->settings, *before;

	for (; s; s = before) {
		before = s->before;
		free(s);
	}
}
