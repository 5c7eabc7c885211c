// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a record of a decision says
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfoom.h"

/**
 * record_line() - walk the lines of a record
 * @r: the record
 * @pos: where we are, NULL at the beginning
 * @key: filled in
 * @value: filled in
 *
 * Return: false after the last one.
 */
bool record_line(const struct decision *r, const char **pos, char key[32],
		 char value[RECORD_VALUE_SIZE])
{
	const char *line = *pos ?: r->text, *equals, *end = strchr(line, '\n');

	equals = strchr(line, '=');
	if (!end || !equals || equals > end)
		return false;
	snprintf(key, 32, "%.*s", (int)(equals - line), line);
	snprintf(value, RECORD_VALUE_SIZE, "%.*s", (int)(end - equals - 1), equals + 1);
	*pos = end + 1;
	return true;
}

/**
 * record_value() - look up a key
 * @r: the record
 * @key: the key
 * @nr: the how manieth of those with this key, from 0
 * @value: filled in, "" if there is none
 *
 * Return: whether there is one.
 */
bool record_value(const struct decision *r, const char *key, int nr,
		  char value[RECORD_VALUE_SIZE])
{
	const char *pos = NULL;
	char name[32];

	while (record_line(r, &pos, name, value)) {
		if (!strcmp(name, key) && !nr--)
			return true;
	}
	value[0] = '\0';
	return false;
}

/* 0 if it is not there. */
long long record_number(const struct decision *r, const char *key)
{
	char value[RECORD_VALUE_SIZE];

	record_value(r, key, 0, value);
	return strtoll(value, NULL, 10);
}

bool record_is(const struct decision *r, const char *key, const char *want)
{
	char value[RECORD_VALUE_SIZE];

	return record_value(r, key, 0, value) && !strcmp(value, want);
}
