// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
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

void set_param(const char *param, const char *value)
{
	char path[PATH_MAX];
	int err;

	snprintf(path, sizeof(path), "/sys/module/bpf_oom/parameters/%s", param);
	err = write_file(path, "%s", value);
	CHECK(!err, "%s: %s", param, strerror(-err));
}
