// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "harness.h"
#include "seen.h"

#define ATTACHMENTS "/sys/kernel/bpf_oom/attachments"

static const char *read_in(const char *dir, const char *file)
{
	static char buf[256];
	char path[PATH_MAX];

	snprintf(path, sizeof(path), ATTACHMENTS "/%s/%s", dir, file);
	read_file(path, buf, sizeof(buf));
	buf[strcspn(buf, "\n")] = 0;
	return buf;
}

unsigned long long seen_attachment(const char *policy)
{
	unsigned long long id = 0;
	struct dirent *entry;
	DIR *dir = opendir(ATTACHMENTS);

	CHECK(dir, ATTACHMENTS ": %s", strerror(errno));
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] != '.' &&
		    !strcmp(read_in(entry->d_name, "name"), policy))
			id = strtoull(entry->d_name, NULL, 10);
	}
	closedir(dir);
	return id;
}

const char *seen_file(const char *policy, const char *file)
{
	char dir[24];

	snprintf(dir, sizeof(dir), "%llu", seen_attachment(policy));
	return read_in(dir, file);
}

long long seen_number(const char *policy, const char *file)
{
	const char *text = seen_file(policy, file);

	CHECK(*text, "%s of %s is not there", file, policy);
	return atoll(text);
}

int seen_write(const char *policy, const char *file, const char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), ATTACHMENTS "/%llu/%s",
		 seen_attachment(policy), file);
	return write_file(path, "%s", text);
}

void set_param(const char *param, const char *value)
{
	char path[PATH_MAX];
	int err;

	snprintf(path, sizeof(path), "/sys/module/bpf_oom/parameters/%s", param);
	err = write_file(path, "%s", value);
	CHECK(!err, "%s: %s", param, strerror(-err));
}

/* Opens the device at its oldest record. */
static int open_device(void)
{
	int fd = open("/dev/bpf_oom", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	CHECK(fd >= 0, "/dev/bpf_oom: %s", strerror(errno));
	return fd;
}

int records_open(void)
{
	int fd = open_device();

	CHECK(!lseek(fd, 0, SEEK_END), "lseek: %s", strerror(errno));
	return fd;
}

const char *record_next(int fd)
{
	static char record[16384];
	ssize_t n;

	n = read(fd, record, sizeof(record) - 1);
	if (n < 0) {
		CHECK(errno == EAGAIN, "read: %s", strerror(errno));
		return NULL;
	}
	record[n] = 0;
	CHECK(n > 2 && !strcmp(record + n - 2, "\n\n"), "no empty line at the end");
	return record;
}

const char *record_value(const char *record, const char *key, int nr)
{
	static char value[1024];
	size_t len = strlen(key);
	const char *line;

	CHECK(record, "no record, which was to have %s", key);
	for (line = record; *line && *line != '\n'; line = strchr(line, '\n') + 1) {
		if (strncmp(line, key, len) || line[len] != '=' || nr--)
			continue;
		snprintf(value, sizeof(value), "%.*s",
			 (int)strcspn(line + len + 1, "\n"), line + len + 1);
		return value;
	}
	return NULL;
}

const char *record_has(const char *record, const char *key, int nr)
{
	const char *value = record_value(record, key, nr);

	CHECK(value, "the record has no %s (%d)", key, nr);
	return value;
}

long long record_number(const char *record, const char *key)
{
	return atoll(record_has(record, key, 0));
}

const char *record_of(int fd, const char *policy)
{
	const char *record, *name;

	while ((record = record_next(fd))) {
		name = record_value(record, "policy", 0);
		if (name && !strcmp(name, policy))
			return record;
	}
	FAIL("no record of %s", policy);
}

void check_record(const char *record, const char *key, const char *want)
{
	const char *got = record_value(record, key, 0);

	CHECK(got ? want && !strcmp(got, want) : !want, "%s is %s, expected %s",
	      key, got ?: "not there", want ?: "nothing");
}

void check_record_number(const char *record, const char *key, long long want)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", want);
	check_record(record, key, text);
}

int rehearse(const char *policy)
{
	return write_file("/dev/bpf_oom", "rehearse %llu\n", seen_attachment(policy));
}

/* Start time of this process by the clock of the records, exact to a tick. */
static long long began_ns(void)
{
	long long ticks = 0;
	char stat[1024], *rest;

	read_file("/proc/self/stat", stat, sizeof(stat));
	rest = strrchr(stat, ')');
	/* Field 22; the first one here is the state, field 3. */
	CHECK(rest && sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %lld",
			     &ticks) == 1, "stat: %s", stat);
	return ticks * (1000000000LL / sysconf(_SC_CLK_TCK));
}

bool kernel_decided(void)
{
	long long began = began_ns();
	int fd = open_device();
	bool found = false;
	const char *record;

	while (!found && (record = record_next(fd))) {
		found = !strcmp(record_has(record, "policy", 0), "default") &&
			!strcmp(record_has(record, "result", 0), "default") &&
			record_number(record, "time_ns") >= began;
	}
	close(fd);
	return found;
}
