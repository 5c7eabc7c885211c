// SPDX-License-Identifier: GPL-2.0-only
/* Parts of sentences about a record */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bpfoom.h"

static long long clock_ns(clockid_t clock)
{
	struct timespec ts = {};

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* Time stamps are of CLOCK_BOOTTIME, which cannot be set. */
void record_print_time(const struct decision *r)
{
	unsigned long long since_boot = record_number(r, "time_ns");
	long long ns = since_boot + clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);
	time_t t = ns / 1000000000;
	struct tm tm = {};
	char when[32];

	localtime_r(&t, &tm);
	strftime(when, sizeof(when), "%F %T", &tm);
	fputs(when, stdout);
}

void record_print_value(const struct decision *r, const char *key)
{
	char value[RECORD_VALUE_SIZE];

	record_value(r, key, value);
	print_name(value);
}

/* "271 (batch)" */
void record_print_process(const struct decision *r, const char *pid, const char *comm)
{
	printf("%lld (", record_number(r, pid));
	record_print_value(r, comm);
	putchar(')');
}

/* Prints what was out of memory, or was said to be. */
void record_print_domain(const struct decision *r)
{
	if (record_is(r, "constraint", "CONSTRAINT_CPUSET"))
		printf("the nodes of a cpuset");
	else if (record_is(r, "constraint", "CONSTRAINT_MEMORY_POLICY"))
		printf("the nodes of a memory policy");
	else if (record_is(r, "domain", "system"))
		printf("the system");
	else
		record_print_value(r, "cgroup");
}

/* Prints who declared the OOM. */
void record_print_declarer(const struct decision *r)
{
	char name[RECORD_VALUE_SIZE];

	if (record_value(r, "declared_by", name) && *name)
		print_name(name);
	else
		printf("a BPF program");
}

/* "once", "3 times" */
void record_print_repeats(const struct decision *r)
{
	long long repeats = record_number(r, "repeats");

	if (repeats == 1)
		printf("once");
	else
		printf("%lld times", repeats);
}
