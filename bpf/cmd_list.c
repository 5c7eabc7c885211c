// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpfoom list, bpfoom policies
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "bpfoom.h"

static void print_id(const char *key, __u32 id)
{
	if (id)
		printf(",\"%s\":%u", key, id);
	else
		printf(",\"%s\":null", key);
}

static void print_json(const struct attached_list *list)
{
	size_t i;

	printf("{\"attachments\":[");
	for (i = 0; i < list->nr; i++) {
		const struct attached *a = &list->items[i];
		char *path;

		cgroup_find(a->cgroup_id, &path);
		printf("%s{\"policy\":", i ? "," : "");
		print_json_string(a->policy);
		printf(",\"kind\":");
		print_json_string(policy_kind_name(a->kind));
		printf(",\"cgroup\":");
		print_json_string(path);
		printf(",\"cgroup_id\":%llu,\"active\":%s", a->cgroup_id,
		       a->map_id ? "true" : "false");
		print_id("link_id", a->link_id);
		print_id("map_id", a->map_id);
		printf(",\"pin\":");
		print_json_string(a->pin);
		putchar('}');
		free(path);
	}
	printf("]}\n");
}

/* For people; to be freed. */
static char *describe_cgroup(__u64 id)
{
	char *path;

	switch (cgroup_find(id, &path)) {
	case CGROUP_HERE:
		return path;
	case CGROUP_OUTSIDE:
		return format("(outside of this cgroup namespace, id %llu)", id);
	case CGROUP_GONE:
		break;
	}
	return format("(removed, id %llu)", id);
}

static void print_table(const struct attached_list *list)
{
	size_t i;

	if (!list->nr) {
		printf("no policy is attached\n");
		return;
	}
	printf("%-16s %-4s %-40s %6s  %s\n", "POLICY", "KIND", "CGROUP", "LINK",
	       "PIN");
	for (i = 0; i < list->nr; i++) {
		const struct attached *a = &list->items[i];
		char *cgroup = describe_cgroup(a->cgroup_id);
		char link[16] = "-";

		if (a->link_id)
			snprintf(link, sizeof(link), "%u", a->link_id);
		printf("%-16s %-4s %-40s %6s  %s\n", a->policy,
		       policy_kind_name(a->kind) ?: "-", cgroup, link,
		       a->pin ?: "-");
		free(cgroup);
	}
}

int cmd_list(int argc, char **argv)
{
	struct attached_list list;
	bool json = false;
	int ret;

	ret = parse_json(argc, argv, &json);
	if (ret)
		return ret < 0 ? print_help(argv[0]) : ret;
	ret = need_root();
	if (ret)
		return ret;

	messages_capture();
	ret = attached_get(&list);
	if (!ret) {
		if (json)
			print_json(&list);
		else
			print_table(&list);
	}
	attached_put(&list);
	return ret;
}

static int is_policy_file(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 6 && !strcmp(entry->d_name + len - 6, ".bpf.o");
}

int cmd_policies(int argc, char **argv)
{
	const char *const *dir;
	struct dirent **entries;
	int ret, nr, i;

	ret = parse_json(argc, argv, NULL);
	if (ret)
		return ret < 0 ? print_help(argv[0]) : ret;
	for (dir = policy_dirs; *dir; dir++) {
		nr = scandir(*dir, &entries, is_policy_file, alphasort);
		for (i = 0; i < nr; i++) {
			printf("%-16.*s %s/%s\n", (int)strlen(entries[i]->d_name) - 6,
			       entries[i]->d_name, *dir, entries[i]->d_name);
			free(entries[i]);
		}
		if (nr >= 0)
			free(entries);
	}
	return EX_DONE;
}
