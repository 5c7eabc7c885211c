// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpfoom list, bpfoom policies
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfoom.h"

static void print_id(const char *key, __u32 id)
{
	if (id)
		printf(",\"%s\":%u", key, id);
	else
		printf(",\"%s\":null", key);
}

/*
 * Prints null for an attachment without counters: a pressure policy, or one that ended.
 */
static void print_shown(const struct shown *s)
{
	unsigned int i;

	if (!s) {
		printf(",\"dry_run\":null,\"breaker\":null,\"bypassed\":null,\"counters\":null");
		return;
	}
	printf(",\"dry_run\":%s,\"breaker\":", s->dry_run ? "true" : "false");
	print_json_string(s->nr_bypasses ? s->bypasses[0].why : "armed");
	printf(",\"bypassed\":[");
	for (i = 0; i < s->nr_bypasses; i++) {
		printf("%s{", i ? "," : "");
		bypass_print_json(&s->bypasses[i]);
		putchar('}');
	}
	printf("],\"counters\":{");
	for (i = 0; i < SHOWN_COUNTERS; i++)
		printf("%s\"%s\":%llu", i ? "," : "", shown_counters[i],
		       s->counters[i]);
	putchar('}');
}

static void print_watched(const struct attached *a)
{
	struct watched w;

	if (watched_find(a, &w))
		printf(",\"watched\":%llu,\"without_trigger\":%llu", w.watched,
		       w.without_trigger);
	else
		printf(",\"watched\":null,\"without_trigger\":null");
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
		print_watched(a);
		putchar('}');
		free(path);
	}
	printf("]}\n");
}

/* Describes whether the policy acts. */
static const char *describe_state(const struct attached *a, const struct shown *s)
{
	if (!a->map_id)
		return "ended";
	if (s && s->nr_bypasses)
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

/* Details for which the table has no room */
static void print_more(const struct attached *a, const char *cgroup)
{
	printf("  cgroup: ");
	print_name(cgroup);
	printf("\n  pin: %s\n", a->pin ?: "none, it was attached by another program");
}

/* The cgroups in which the policy is not asked */
static void print_bypasses(const struct shown *s)
{
	unsigned int i;

	for (i = 0; s && i < s->nr_bypasses; i++) {
		printf("  ");
		bypass_print(&s->bypasses[i]);
		putchar('\n');
	}
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
	printf("%-16s %-4s %-40s %6s %7s %7s STATE\n", "POLICY", "KIND", "CGROUP", "LINK",
	       "ASKED", "KILLS");
	for (i = 0; i < list->nr; i++) {
		const struct attached *a = &list->items[i];
		char *cgroup = cgroup_describe(a->cgroup_id);
		char link[16] = "-";

		if (a->link_id)
			snprintf(link, sizeof(link), "%u", a->link_id);
		s = find_shown(a, &shown);
		printf("%-16s %-4s ", a->policy, policy_kind_name(a->kind) ?: "-");
		print_path(cgroup, 40);
		printf(" %6s", link);
		print_counters(s);
		printf(" %s\n", describe_state(a, s));
		print_bypasses(s);
		if (verbose)
			print_more(a, cgroup);
		free(cgroup);
	}
	for (i = 0; i < list->nr; i++)
		watched_tell(&list->items[i]);
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
	size_t len = strlen(entry->d_name), end = strlen(POLICY_FILE);

	return len > end && !strcmp(entry->d_name + len - end, POLICY_FILE);
}

/* Does a directory of higher precedence have a policy of this name? */
static bool is_shadowed(const char *const *dir, const char *file)
{
	const char *const *before;
	bool found = false;
	char *path;

	for (before = policy_dirs; !found && before < dir; before++) {
		path = format("%s/%s", *before, file);
		found = !access(path, F_OK);
		free(path);
	}
	return found;
}

static void print_policy(const char *dir, const char *file, bool with_path)
{
	char *path = format("%s/%s", dir, file), *text;
	enum policy_kind kind;

	text = policy_describe(path, &kind);
	printf("%-16.*s %-4s ", (int)(strlen(file) - strlen(POLICY_FILE)), file,
	       policy_kind_name(kind) ?: "-");
	print_name(text);
	putchar('\n');
	if (with_path || dir == policy_dirs[0])
		printf("  in %s\n", path);
	free(text);
	free(path);
}

int cmd_policies(int argc, char **argv)
{
	const char *const *dir;
	struct dirent **entries;
	bool with_paths;
	int ret, nr, i;

	ret = parse_json(argc, argv, NULL);
	if (ret)
		return ret < 0 ? print_help(argv[0]) : ret;
	with_paths = verbose;
	/* libbpf's messages about each of them would fill screens. */
	verbose = false;
	messages_capture();
	for (dir = policy_dirs; *dir; dir++) {
		nr = scandir(*dir, &entries, is_policy_file, alphasort);
		for (i = 0; i < nr; i++) {
			if (!is_shadowed(dir, entries[i]->d_name))
				print_policy(*dir, entries[i]->d_name, with_paths);
			free(entries[i]);
		}
		if (nr >= 0)
			free(entries);
	}
	return EX_DONE;
}
