// SPDX-License-Identifier: GPL-2.0-only
/*
 * The content of a record of a decision
 *
 * It is text, lines "key=value". Unknown keys, from a newer module, are ignored; missing
 * ones, from an older module, count as 0 or as "".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfoom.h"

/**
 * record_line() - iterate over the lines of a record
 * @r: the record
 * @pos: position of the iteration; NULL at the beginning
 * @key: filled in
 * @value: filled in
 *
 * Return: false after the last one.
 */
bool record_line(const struct decision *r, const char **pos, char key[RECORD_KEY_SIZE],
		 char value[RECORD_VALUE_SIZE])
{
	const char *line = *pos ?: r->text, *equals, *end = strchr(line, '\n');

	equals = strchr(line, '=');
	if (!end || !equals || equals > end)
		return false;
	snprintf(key, RECORD_KEY_SIZE, "%.*s", (int)(equals - line), line);
	snprintf(value, RECORD_VALUE_SIZE, "%.*s", (int)(end - equals - 1), equals + 1);
	*pos = end + 1;
	return true;
}

/**
 * record_next() - iterate over the lines with one key
 * @r: the record
 * @pos: position of the iteration; NULL at the beginning
 * @key: the key
 * @value: filled in; "" if there is none
 *
 * Return: false after the last one.
 */
bool record_next(const struct decision *r, const char **pos, const char *key,
		 char value[RECORD_VALUE_SIZE])
{
	char name[RECORD_KEY_SIZE];

	while (record_line(r, pos, name, value)) {
		if (!strcmp(name, key))
			return true;
	}
	value[0] = '\0';
	return false;
}

/**
 * record_value() - look up a key
 * @r: the record
 * @key: the key
 * @value: filled in; "" if there is no such line
 *
 * Return: true if there is one.
 */
bool record_value(const struct decision *r, const char *key, char value[RECORD_VALUE_SIZE])
{
	const char *pos = NULL;

	return record_next(r, &pos, key, value);
}

/* Returns 0 if there is no such key. */
long long record_number(const struct decision *r, const char *key)
{
	char value[RECORD_VALUE_SIZE];

	record_value(r, key, value);
	return strtoll(value, NULL, 10);
}

bool record_is(const struct decision *r, const char *key, const char *want)
{
	char value[RECORD_VALUE_SIZE];

	return record_value(r, key, value) && !strcmp(value, want);
}

/* Returns BPF_OOM_RESULT_*; -1 if the result is unknown. */
int record_result(const struct decision *r)
{
	static const struct {
		int result;
		const char *name;
	} names[] = { BPF_OOM_RESULT_NAMES };
	char value[RECORD_VALUE_SIZE];
	size_t i;

	record_value(r, "result", value);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(value, names[i].name))
			return names[i].result;
	}
	return -1;
}

/*
 * Lines "OWNER_DETAIL=..." belong to the line "OWNER=..." before them; @pos is the
 * position after that line.
 */
static bool read_detail(const struct decision *r, const char *pos, const char *owner,
			const char *detail, char value[RECORD_VALUE_SIZE])
{
	char key[RECORD_KEY_SIZE];
	size_t len = strlen(owner);

	while (record_line(r, &pos, key, value)) {
		if (strncmp(key, owner, len) || key[len] != '_')
			break;
		if (!strcmp(key + len + 1, detail))
			return true;
	}
	value[0] = '\0';
	return false;
}

/**
 * record_candidate() - iterate over the candidates
 * @r: the record
 * @pos: position of the iteration; NULL at the beginning
 * @c: filled in
 *
 * Return: false after the last one.
 */
bool record_candidate(const struct decision *r, const char **pos, struct candidate *c)
{
	char value[RECORD_VALUE_SIZE];
	int text = 0;

	while (record_next(r, pos, "candidate", value)) {
		if (sscanf(value, "%lld %lld %llu %n", &c->score, &c->pid,
			   &c->cgroup_id, &text) != 3)
			continue;
		snprintf(c->text, sizeof(c->text), "%s", value + text);
		c->chosen = read_detail(r, *pos, "candidate", "chosen", value) &&
			    *value == '1';
		read_detail(r, *pos, "candidate", "why", c->why);
		return true;
	}
	return false;
}

/**
 * record_declined() - iterate over the policies that were asked but did not decide
 * @r: the record
 * @pos: position of the iteration; NULL at the beginning
 * @d: filled in
 *
 * Return: false after the last one.
 */
bool record_declined(const struct decision *r, const char **pos, struct declined *d)
{
	char value[RECORD_VALUE_SIZE];

	while (record_next(r, pos, "declined", value)) {
		if (sscanf(value, "%63s %llu %d %31s", d->policy, &d->cgroup_id,
			   &d->ret, d->why) != 4)
			continue;
		read_detail(r, *pos, "declined", "why", d->reason);
		return true;
	}
	return false;
}

/* Did the kernel decide, not a policy? */
bool record_by_kernel(const struct decision *r)
{
	return record_is(r, "policy", BPF_OOM_POLICY_DEFAULT);
}

/* Did a program declare this OOM? Other OOMs have one of the kernel's constraints. */
bool record_is_declared(const struct decision *r)
{
	char constraint[RECORD_VALUE_SIZE];

	if (record_number(r, "declared"))
		return true;
	record_value(r, "constraint", constraint);
	return *constraint && strcmp(constraint, "?") &&
	       (strncmp(constraint, "CONSTRAINT_", 11) || !strcmp(constraint, "CONSTRAINT_BPF"));
}

/* The kernel marks OOMs by sysrq with an order of -1, which no allocation has. */
bool record_is_sysrq(const struct decision *r)
{
	return record_number(r, "order") == -1 && record_is(r, "domain", "system") &&
	       !record_is_declared(r);
}

/* Did the victim of this record die because of this OOM? */
bool record_is_death(const struct decision *r)
{
	if (record_number(r, "dry_run") || record_number(r, "rehearsal"))
		return false;
	return record_result(r) == BPF_OOM_RESULT_KILL ||
	       (record_result(r) == BPF_OOM_RESULT_DEFAULT && record_number(r, "victim_pid"));
}

/* Is that process a victim of this OOM, or would it have been one? */
bool record_has_victim(const struct decision *r, long long pid)
{
	char other[RECORD_VALUE_SIZE];
	const char *pos = NULL;

	if (record_number(r, "victim_pid") == pid)
		return true;
	while (record_next(r, &pos, "also_killed", other)) {
		if (strtoll(other, NULL, 10) == pid)
			return true;
	}
	return false;
}

/**
 * record_ranker() - find the policy whose candidates the record has
 * @r: the record
 * @name: filled in: the policy that decided, or the last one that was asked if none
 *	decided
 *
 * Return: false if the record does not tell.
 */
bool record_ranker(const struct decision *r, char name[RECORD_VALUE_SIZE])
{
	const char *pos = NULL;
	struct declined d;
	long long nr = 0;

	record_value(r, "policy", name);
	if (!record_by_kernel(r))
		return *name;
	while (record_declined(r, &pos, &d)) {
		if (!strcmp(d.why, BPF_OOM_WHY_BYPASSED))
			continue;
		nr++;
		snprintf(name, RECORD_VALUE_SIZE, "%s", d.policy);
	}
	/* The record lists only the first policies. */
	return nr && nr >= record_number(r, "asked");
}
