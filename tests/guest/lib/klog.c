// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <unistd.h>

#include "harness.h"
#include "klog.h"

/* A constant of syslog(2) for which glibc has no name */
#define SYSLOG_ACTION_CLEAR 5

/*
 * Calls fn for each record since the mark, until fn returns true. A record is
 * "prio,seq,time,flags;text\n KEY=value\n".
 */
static bool klog_walk(bool (*fn)(const char *text, void *arg), void *arg)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	bool found = false;
	char buf[8192];

	/* Begin after the mark: reading all earlier records takes seconds. */
	if (fd < 0 || lseek(fd, 0, SEEK_DATA) < 0) {
		perror("/dev/kmsg");
		exit(2);
	}
	while (!found) {
		ssize_t n = read(fd, buf, sizeof(buf) - 1);
		char *text;

		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (n <= 0)
			break;
		buf[n] = 0;
		text = strchr(buf, ';');
		if (!text)
			continue;
		text[1 + strcspn(text + 1, "\n")] = 0;
		found = fn(text + 1, arg);
	}
	close(fd);
	return found;
}

/* Deletes nothing, but reads from SEEK_DATA, which dmesg uses too, begin here. */
void klog_mark(void)
{
	if (klogctl(SYSLOG_ACTION_CLEAR, NULL, 0)) {
		perror("klogctl");
		exit(2);
	}
}

struct search {
	const char *text;
	int count;
	char line[1024];
};

static bool count_line(const char *text, void *arg)
{
	struct search *s = arg;

	if (strstr(text, s->text)) {
		s->count++;
		if (!s->line[0])
			snprintf(s->line, sizeof(s->line), "%s", text);
	}
	return false;
}

int klog_count(const char *text)
{
	struct search s = { .text = text };

	klog_walk(count_line, &s);
	return s.count;
}

static bool comes(const char *text, int seconds)
{
	for (int i = 0; i < seconds * 20; i++) {
		if (klog_count(text))
			return true;
		usleep(50000);
	}
	return false;
}

bool klog_has(const char *text)
{
	return comes(text, 30);
}

bool klog_has_soon(const char *text)
{
	return comes(text, 2);
}

const char *klog_line(const char *text)
{
	static struct search s;

	memset(&s, 0, sizeof(s));
	s.text = text;
	klog_walk(count_line, &s);
	return s.line[0] ? s.line : NULL;
}

bool klog_try_again_for(const char *text)
{
	static int times;

	if (klog_has_soon(text) || times++ == 3)
		return false;
	sleep(5);
	return true;
}

static const char *const bad[] = {
	"BUG:", "WARNING:", "Oops", "KASAN:", "UBSAN:", "general protection",
	"possible recursive locking", "circular locking", "blocked for more than",
	"soft lockup", "hard LOCKUP", "rcu: INFO:", "Call Trace of stall",
	"unreferenced object", "list_add corruption", "list_del corruption",
	"scheduling while atomic", "sleeping function called", "refcount_t:",
	"System is deadlocked", "deprecated workqueue",
	"INFO: trying to register", "turning off the locking correctness",
};

static bool bad_line(const char *text, void *arg)
{
	struct search *s = arg;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (strstr(text, bad[i])) {
			snprintf(s->line, sizeof(s->line), "%s", text);
			return true;
		}
	}
	return false;
}

bool klog_bad(char *line, size_t len)
{
	struct search s = { };

	if (!klog_walk(bad_line, &s))
		return false;
	snprintf(line, len, "%s", s.line);
	return true;
}

static bool print_line(const char *text, void *arg)
{
	printf("    # %s\n", text);
	return false;
}

void klog_dump_tail(void)
{
	printf("    # kernel log of this test:\n");
	klog_walk(print_line, NULL);
	fflush(stdout);
}
