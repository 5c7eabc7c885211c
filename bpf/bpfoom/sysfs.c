// SPDX-License-Identifier: GPL-2.0-only
/* Attachments as the module shows them in sysfs */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfoom.h"

#define ATTACHMENTS "/sys/kernel/bpf_oom/attachments"

const char *const shown_counters[SHOWN_COUNTERS] = {
	"asked", "handled", "kills", "waits", "declined", "errors", "bypassed",
	"time_total_ns", "time_max_ns",
};

static bool read_file(__u64 id, const char *file, char *buf, size_t size)
{
	char *path = format(ATTACHMENTS "/%llu/%s", id, file);
	bool ok = read_line(path, buf, size);

	free(path);
	return ok;
}

static bool read_number(__u64 id, const char *file, __u64 *value)
{
	char buf[32];

	if (!read_file(id, file, buf, sizeof(buf)))
		return false;
	*value = strtoull(buf, NULL, 10);
	return true;
}

/* The file has a line for each bypass, or "armed". */
static bool read_bypasses(__u64 id, struct shown *s)
{
	char *path = format(ATTACHMENTS "/%llu/breaker", id);
	FILE *f = fopen(path, "re");
	char line[64];

	free(path);
	s->nr_bypasses = 0;
	if (!f)
		return false;
	while (s->nr_bypasses < SHOWN_BYPASSES && fgets(line, sizeof(line), f)) {
		struct bypass *b = &s->bypasses[s->nr_bypasses];

		if (sscanf(line, "%15s %llu %u", b->why, &b->cgroup_id, &b->seconds) != 3)
			break;
		if (!b->cgroup_id)
			b->cgroup_id = CGROUP_SYSTEM;
		s->nr_bypasses++;
	}
	fclose(f);
	return true;
}

/* Returns false if the attachment goes away while its files are read. */
static bool read_shown(__u64 id, struct shown *s)
{
	__u64 dry_run, link_id;
	int i;

	s->id = id;
	if (!read_file(id, "name", s->policy, sizeof(s->policy)) ||
	    !read_number(id, "cgroup_id", &s->cgroup_id) ||
	    !read_number(id, "link_id", &link_id) ||
	    !read_number(id, "dry_run", &dry_run) ||
	    !read_bypasses(id, s))
		return false;
	s->link_id = link_id;
	s->dry_run = dry_run;
	for (i = 0; i < SHOWN_COUNTERS; i++) {
		if (!read_number(id, shown_counters[i], &s->counters[i]))
			return false;
	}
	return true;
}

/**
 * shown_each() - call a function for all attachments
 * @fn: the function; ends the iteration by returning true
 * @arg: passed to @fn
 *
 * Return: true if @fn ended the iteration.
 */
bool shown_each(bool (*fn)(const struct shown *s, void *arg), void *arg)
{
	struct dirent *entry;
	struct shown s;
	bool done = false;
	DIR *dir;

	dir = opendir(ATTACHMENTS);
	if (!dir)
		return false;
	while (!done && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.' &&
		    read_shown(strtoull(entry->d_name, NULL, 10), &s))
			done = fn(&s, arg);
	}
	closedir(dir);
	return done;
}

struct search {
	__u32 link_id;
	const char *policy;
	__u64 cgroup_id;
	struct shown *found;
};

static bool is_it(const struct shown *s, void *arg)
{
	const struct search *search = arg;

	if (s->link_id != search->link_id)
		return false;
	if (!s->link_id && (strcmp(s->policy, search->policy) ||
			    s->cgroup_id != search->cgroup_id))
		return false;
	*search->found = *s;
	return true;
}

/**
 * shown_find() - find the attributes of an attachment
 * @link_id: its link; 0: none, find it by the other two
 * @policy: its name
 * @cgroup_id: its cgroup
 * @s: filled in
 *
 * Return: true if there is such an attachment.
 */
bool shown_find(__u32 link_id, const char *policy, __u64 cgroup_id, struct shown *s)
{
	struct search search = { link_id, policy, cgroup_id, s };

	return shown_each(is_it, &search);
}

/* Resets the breaker, so that the policy is asked again. On failure errno is set. */
bool shown_reset(const struct shown *s)
{
	char *path = format(ATTACHMENTS "/%llu/breaker", s->id);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok;

	free(path);
	if (fd < 0)
		return false;
	ok = write(fd, "armed", 5) == 5;
	close(fd);
	return ok;
}

static const char *describe_limit(const char *why)
{
	if (!strcmp(why, "kills"))
		return "too many kills";
	if (!strcmp(why, "failures"))
		return "too many failures in a row";
	return !strcmp(why, "time") ? "too much CPU time" : why;
}

/* Prints it as text, without a newline. */
void bypass_print(const struct bypass *b)
{
	char *cgroup = cgroup_describe(b->cgroup_id);

	printf("not asked about OOMs of ");
	print_name(b->cgroup_id == CGROUP_SYSTEM ? "the system" : cgroup);
	printf(" for %u s (%s)", b->seconds, describe_limit(b->why));
	free(cgroup);
}

/* Prints the members of a JSON object, without braces. */
void bypass_print_json(const struct bypass *b)
{
	char *path;

	cgroup_find(b->cgroup_id, &path);
	printf("\"oom_cgroup\":");
	print_json_string(path);
	printf(",\"oom_cgroup_id\":%llu,\"why\":", b->cgroup_id);
	print_json_string(b->why);
	printf(",\"seconds\":%u", b->seconds);
	free(path);
}
