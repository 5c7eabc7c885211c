// SPDX-License-Identifier: GPL-2.0-only
/*
 * The records of decisions that the module keeps
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfoom.h"

/**
 * records_open() - begin with the oldest
 * @wait: for new ones, when there is none left
 * @fd: filled in
 *
 * Return: an exit code; tells the user what is wrong.
 */
int records_open(bool wait, int *fd)
{
	/* The records tell of processes and cgroups that are none of a container's. */
	if (cgroup_namespaced()) {
		pr_err("the records of decisions can be read outside of cgroup namespaces (containers) only");
		return EX_FAILED;
	}
	*fd = open(DEVICE, (wait ? 0 : O_NONBLOCK) | O_RDWR | O_CLOEXEC);
	if (*fd >= 0)
		return EX_DONE;
	if (!module_loaded("bpf_oom")) {
		pr_err("the module bpf_oom is not loaded, so nothing has been decided by a policy; see 'bpfoom status'");
		return EX_NOT_ACTIVE;
	}
	pr_err("cannot open " DEVICE ": %s%s", strerror(errno), errno == ENOENT ?
	       " (does something else than devtmpfs make device files here?)" : "");
	return EX_FAILED;
}

/**
 * record_read() - the next record
 * @fd: from records_open()
 * @r: filled in
 *
 * Return: 1; 0 if there is no more; or a negative errno, -EPIPE when some were lost
 * because they came faster than they were read.
 */
int record_read(int fd, struct decision *r)
{
	ssize_t len = read(fd, r->text, sizeof(r->text) - 1);

	if (len < 0)
		return errno == EAGAIN ? 0 : -errno;
	r->text[len] = '\0';
	return 1;
}

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
