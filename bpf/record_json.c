// SPDX-License-Identifier: GPL-2.0-only
/*
 * A record of a decision for programs
 */
#include <stdio.h>
#include <string.h>

#include "bpfoom.h"

static bool is_one_of(const char *key, const char *const *keys)
{
	for (; *keys; keys++) {
		if (!strcmp(key, *keys))
			return true;
	}
	return false;
}

static void print_member(const char *key, const char *value)
{
	static const char *const numbers[] = {
		"seq", "time_ns", "cgroup_id", "order", "policy_cgroup_id",
		"attachment", "asked", "kills", "latency_ns", "victim_pid",
		"victim_uid", "victim_rss_kb", "kernel_pid", "kernel_score", NULL
	};
	static const char *const bools[] = { "dry_run", "rehearsal", NULL };

	printf("\"%s\":", key);
	if (is_one_of(key, numbers))
		fputs(value, stdout);
	else if (is_one_of(key, bools))
		fputs(*value == '1' ? "true" : "false", stdout);
	else
		print_json_string(value);
}

/* The first words are numbers, by these names; the rest is the text. */
static void print_candidate(const char *value)
{
	long long score, pid;
	unsigned long long id;
	int used = 0;

	if (sscanf(value, "%lld %lld %llu %n", &score, &pid, &id, &used) != 3)
		return;
	printf("{\"score\":%lld,\"pid\":%lld,\"cgroup_id\":%llu,\"text\":", score,
	       pid, id);
	print_json_string(value + used);
	putchar('}');
}

static void print_declined(const char *value)
{
	char name[64], why[32];
	unsigned long long id;
	int ret;

	if (sscanf(value, "%63s %llu %d %31s", name, &id, &ret, why) != 4)
		return;
	printf("{\"policy\":");
	print_json_string(name);
	printf(",\"cgroup_id\":%llu,\"ret\":%d,\"why\":", id, ret);
	print_json_string(why);
	putchar('}');
}

static void print_number(const char *value)
{
	fputs(value, stdout);
}

static void print_array(const struct decision *r, const char *key, const char *name,
			void (*print)(const char *value))
{
	char value[RECORD_VALUE_SIZE];
	int i;

	printf(",\"%s\":[", name);
	for (i = 0; record_value(r, key, i, value); i++) {
		if (i)
			putchar(',');
		print(value);
	}
	putchar(']');
}

void record_print_json(const struct decision *r)
{
	static const char *const arrays[] = {
		"also_killed", "candidate", "declined", NULL
	};
	char key[32], value[RECORD_VALUE_SIZE];
	const char *pos = NULL;
	bool first = true;

	putchar('{');
	while (record_line(r, &pos, key, value)) {
		if (is_one_of(key, arrays))
			continue;
		if (!first)
			putchar(',');
		first = false;
		print_member(key, value);
	}
	print_array(r, "also_killed", "also_killed", print_number);
	print_array(r, "declined", "declined", print_declined);
	print_array(r, "candidate", "candidates", print_candidate);
	puts("}");
}
