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

/* null for what has no counters: a policy of pressure, or one that has ended. */
static void print_shown(const struct shown *s)
{
	int i;

	if (!s) {
		printf(",\"dry_run\":null,\"breaker\":null,\"counters\":null");
		return;
	}
	printf(",\"dry_run\":%s,\"breaker\":", s->dry_run ? "true" : "false");
	print_json_string(s->breaker);
	printf(",\"counters\":{");
	for (i = 0; i < SHOWN_COUNTERS; i++)
		printf("%s\"%s\":%llu", i ? "," : "", shown_counters[i],
		       s->counters[i]);
	putchar('}');
}

static const struct shown *find_shown(const struct attached *a, struct shown *s)
{
	return a->map_id && a->kind == POLICY_OOM &&
	       shown_find(a->link_id, a->policy, a->cgroup_id, s) ? s : NULL;
}

static void print_json(const struct attached_list *list)
{
	struct shown s;
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
		print_shown(find_shown(a, &s));
		putchar('}');
		free(path);
	}
	printf("]}\n");
}

/* Whether it acts. */
static const char *describe_state(const struct attached *a, const struct shown *s)
{
	if (!a->map_id)
		return "ended";
	if (s && strcmp(s->breaker, "armed"))
		return "BYPASSED";
	return s && s->dry_run ? "dry-run" : "active";
}

static void print_counters(const struct shown *s)
{
	if (s)
		printf(" %7llu %7llu", s->counters[SHOWN_ASKED], s->counters[SHOWN_KILLS]);
	else
		printf(" %7s %7s", "-", "-");
}

static void print_table(const struct attached_list *list)
{
	const struct shown *s;
	struct shown shown;
	size_t i;

	if (!list->nr) {
		printf("no policy is attached\n");
		return;
	}
	printf("%-16s %-4s %-40s %6s %7s %7s %-8s  %s\n", "POLICY", "KIND", "CGROUP",
	       "LINK", "ASKED", "KILLS", "STATE", "PIN");
	for (i = 0; i < list->nr; i++) {
		const struct attached *a = &list->items[i];
		char *cgroup = cgroup_describe(a->cgroup_id);
		char link[16] = "-";

		if (a->link_id)
			snprintf(link, sizeof(link), "%u", a->link_id);
		s = find_shown(a, &shown);
		printf("%-16s %-4s %-40s %6s", a->policy,
		       policy_kind_name(a->kind) ?: "-", cgroup, link);
		print_counters(s);
		printf(" %-8s  %s\n", describe_state(a, s), a->pin ?: "-");
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
