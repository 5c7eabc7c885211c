// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory controller: where it is missing, and how to get it
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfoom.h"

static bool has_word(const char *line, const char *word, const char *separators)
{
	char *words = format("%s", line), *rest = words, *w;
	bool found = false;

	while (!found && (w = strsep(&rest, separators)))
		found = !strcmp(w, word);
	free(words);
	return found;
}

/* Does this file of a cgroup list the memory controller? */
static bool names_memory(const char *dir, const char *file)
{
	char *path = format("%s/%s", dir, file), line[256];
	bool found = read_line(path, line, sizeof(line)) &&
		     has_word(line, "memory", " ");

	free(path);
	return found;
}

static void read_type(const char *dir, char *type, size_t size)
{
	char *path = format("%s/cgroup.type", dir);

	/* The root has no such file. */
	read_line(path, type, size);
	free(path);
}

static bool has_processes(const char *dir)
{
	char *path = format("%s/cgroup.procs", dir), line[32];
	bool any = read_line(path, line, sizeof(line));

	free(path);
	return any;
}

static bool is_root(const char *dir)
{
	char type[32];

	read_type(dir, type, sizeof(type));
	return !*type;
}

static bool disabled_at_boot(void)
{
	static const char option[] = "cgroup_disable=";
	char line[4096], *rest = line, *word;

	read_line("/proc/cmdline", line, sizeof(line));
	while ((word = strsep(&rest, " "))) {
		if (!strncmp(word, option, strlen(option)) &&
		    has_word(word + strlen(option), "memory", ","))
			return true;
	}
	return false;
}

static bool used_by_v1(void)
{
	FILE *f = fopen("/proc/cgroups", "re");
	unsigned int hierarchy;
	bool used = false;
	char line[128];

	while (f && !used && fgets(line, sizeof(line), f))
		used = sscanf(line, "memory %u", &hierarchy) == 1 && hierarchy;
	if (f)
		fclose(f);
	return used;
}

/**
 * memory_missing() - does cgroup2, which must be mounted, lack the controller?
 * @why: set to the reason, which completes "the memory controller ..."
 * @action: set to what the user can do
 *
 * Return: true if so.
 */
bool memory_missing(const char **why, const char **action)
{
	if (names_memory(cgroup_mount(), "cgroup.controllers"))
		return false;
	if (!is_root(cgroup_mount())) {
		*why = "was not delegated to this container";
		*action = "write +memory to cgroup.subtree_control above it, outside";
	} else if (used_by_v1()) {
		*why = "is in use by cgroup v1";
		*action = "boot with systemd.unified_cgroup_hierarchy=1, or unmount that";
	} else if (disabled_at_boot()) {
		*why = "is switched off by cgroup_disable=memory on the kernel's command line";
		*action = "boot without cgroup_disable=memory";
	} else {
		*why = "is missing in this kernel (CONFIG_MEMCG)";
		*action = "boot another kernel";
	}
	return true;
}

/* Removes the last component of the path; returns false at the mount point. */
static bool to_parent(char *dir)
{
	if (!strcmp(dir, cgroup_mount()))
		return false;
	*strrchr(dir, '/') = '\0';
	return true;
}

/* Prints what must be done in @dir and above so that its children have the controller. */
static void print_commands(const char *dir)
{
	char *parent = format("%s", dir);

	if (to_parent(parent))
		print_commands(parent);
	free(parent);
	if (names_memory(dir, "cgroup.subtree_control"))
		return;
	if (has_processes(dir) && !is_root(dir))
		fprintf(stderr, "  (first move the processes in %s to a cgroup below it)\n",
			dir);
	fprintf(stderr, "  echo +memory > '%s/cgroup.subtree_control'\n", dir);
}

static void explain_not_enabled(char *dir)
{
	pr_err("cgroup %s has no memory controller; enable it:", dir);
	if (to_parent(dir))
		print_commands(dir);
}

static bool is_threaded(const char *dir)
{
	char type[32];

	read_type(dir, type, sizeof(type));
	/*
	 * "domain invalid": child of a threaded cgroup that is not made threaded itself
	 */
	return !strcmp(type, "threaded") || !strcmp(type, "domain invalid");
}

static void explain_threaded(const char *path, const char *domain)
{
	const char *below = domain + strlen(cgroup_mount());

	if (is_root(domain))
		pr_err("cgroup %s is threaded: its memory is that of the root; attach to the whole system, without --cgroup",
		       path);
	else
		pr_err("cgroup %s is threaded: its memory is that of the cgroup above; attach there: --cgroup '%s'",
		       path, *below ? below : "/");
}

/**
 * memory_explain() - tell why a cgroup has no memory controller, and what to do
 * @path: as for cgroup_id_of()
 */
void memory_explain(const char *path)
{
	const char *why, *action;
	char *dir;

	if (memory_missing(&why, &action)) {
		pr_err("cgroup %s has no memory controller, which %s: %s", path, why, action);
		pr_err("until then a policy can only be attached to the whole system, without --cgroup");
		return;
	}
	dir = cgroup_directory(path);
	if (is_threaded(dir)) {
		while (is_threaded(dir) && to_parent(dir))
			;
		explain_threaded(path, dir);
	} else if (names_memory(dir, "cgroup.controllers")) {
		pr_err("cgroup %s has got its memory controller this moment: try again", path);
	}
	if (!names_memory(dir, "cgroup.controllers"))
		explain_not_enabled(dir);
	free(dir);
}
