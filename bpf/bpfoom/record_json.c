// SPDX-License-Identifier: GPL-2.0-only
/* A record of a decision as JSON */
#include <stdio.h>
#include <stdlib.h>
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

/* Is it a number in JSON? */
static bool is_number(const char *value)
{
	value += *value == '-';
	if (*value == '0' && value[1])
		return false;
	return *value && !value[strspn(value, "0123456789")];
}

static void print_number(const char *value)
{
	if (is_number(value))
		fputs(value, stdout);
	else
		print_json_string(value);
}

static void print_member(const char *key, const char *value)
{
	static const char *const numbers[] = {
		"seq", "time_ns", "cgroup_id", "order", "policy_cgroup_id",
		"attachment", "asked", "kills", "latency_ns", "victim_pid",
		"victim_uid", "victim_rss_kb", "kernel_pid", "kernel_score",
		"repeats", NULL
	};
	static const char *const bools[] = { "dry_run", "rehearsal", "declared", NULL };

	print_json_string(key);
	putchar(':');
	if (is_one_of(key, numbers))
		print_number(value);
	else if (is_one_of(key, bools))
		fputs(*value == '1' ? "true" : "false", stdout);
	else
		print_json_string(value);
}

static bool has_prefix(const char *key, const char *prefix)
{
	return !strncmp(key, prefix, strlen(prefix));
}

/* Is the key printed in an array, or under another name? */
static bool is_told_elsewhere(const char *key)
{
	static const char *const keys[] = {
		"also_killed", "candidate", "candidates", "declined", NULL
	};

	return is_one_of(key, keys) || has_prefix(key, "candidate_") ||
	       has_prefix(key, "declined_");
}

/* A key that comes twice would make an object that parsers read differently. */
static bool is_first(const struct decision *r, const char *key, const char *end)
{
	char value[RECORD_VALUE_SIZE];
	const char *pos = NULL;

	return record_next(r, &pos, key, value) && pos == end;
}

/* Returns the separator to print before the next member. */
static const char *print_members(const struct decision *r)
{
	char key[RECORD_KEY_SIZE], value[RECORD_VALUE_SIZE];
	const char *pos = NULL, *separator = "";

	while (record_line(r, &pos, key, value)) {
		if (is_told_elsewhere(key) || !is_first(r, key, pos))
			continue;
		fputs(separator, stdout);
		separator = ",";
		print_member(key, value);
	}
	if (record_value(r, "victim_rss_kb", value))
		printf("%s\"victim_rss_bytes\":%llu", separator,
		       strtoull(value, NULL, 10) * 1024);
	return separator;
}

static void print_reason(const char *reason)
{
	if (!*reason)
		return;
	printf(",\"reason\":");
	print_json_string(reason);
}

static void print_also_killed(const struct decision *r)
{
	char value[RECORD_VALUE_SIZE];
	const char *pos = NULL, *separator = "";

	printf("\"also_killed\":[");
	while (record_next(r, &pos, "also_killed", value)) {
		fputs(separator, stdout);
		separator = ",";
		print_number(value);
	}
	putchar(']');
}

static void print_declined(const struct decision *r)
{
	const char *pos = NULL, *separator = "";
	struct declined d;

	printf(",\"declined\":[");
	while (record_declined(r, &pos, &d)) {
		printf("%s{\"policy\":", separator);
		separator = ",";
		print_json_string(d.policy);
		printf(",\"cgroup_id\":%llu,\"ret\":%d,\"why\":", d.cgroup_id, d.ret);
		print_json_string(d.why);
		print_reason(d.reason);
		putchar('}');
	}
	putchar(']');
}

static void print_candidates(const struct decision *r)
{
	const char *pos = NULL, *separator = "";
	struct candidate c;

	printf(",\"candidates\":[");
	while (record_candidate(r, &pos, &c)) {
		printf("%s{\"score\":%lld,\"pid\":%lld,\"cgroup_id\":%llu,\"text\":",
		       separator, c.score, c.pid, c.cgroup_id);
		separator = ",";
		print_json_string(c.text);
		printf(",\"chosen\":%s", c.chosen ? "true" : "false");
		print_reason(c.why);
		putchar('}');
	}
	putchar(']');
}

static void print_candidates_total(const struct decision *r)
{
	char total[RECORD_VALUE_SIZE];

	if (!record_value(r, "candidates", total))
		return;
	printf(",\"candidates_total\":");
	print_number(total);
}

/* Prints one object in one line. */
void record_print_json(const struct decision *r)
{
	putchar('{');
	fputs(print_members(r), stdout);
	print_also_killed(r);
	print_declined(r);
	print_candidates(r);
	print_candidates_total(r);
	puts("}");
}
