// SPDX-License-Identifier: GPL-2.0-only
/*
 * A record of a decision for people
 */
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

/* The kernel tells when by a clock that nobody can set. */
static void format_time(const struct decision *r, char *buf, size_t size)
{
	long long ns = record_number(r, "time_ns") + clock_ns(CLOCK_REALTIME) -
		       clock_ns(CLOCK_BOOTTIME);
	time_t t = ns / 1000000000;
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(buf, size, "%F %T", &tm);
}

static void print_value(const struct decision *r, const char *key)
{
	char value[RECORD_VALUE_SIZE];

	record_value(r, key, 0, value);
	print_name(value);
}

/* "271 (batch)" */
static void print_process(const struct decision *r, const char *pid, const char *comm)
{
	printf("%lld (", record_number(r, pid));
	print_value(r, comm);
	putchar(')');
}

static void print_who(const struct decision *r)
{
	if (record_is(r, "domain", "system"))
		printf("the system");
	else
		print_value(r, "cgroup");
}

/* One line. */
void record_print_short(const struct decision *r)
{
	char value[RECORD_VALUE_SIZE], when[32];
	bool dry = record_number(r, "dry_run");

	format_time(r, when, sizeof(when));
	record_value(r, "policy", 0, value);
	printf("%s  %s%s: ", when, value,
	       record_number(r, "rehearsal") ? " (rehearsal)" : dry ? " (dry run)" : "");
	if (record_is(r, "result", "kill")) {
		printf(dry ? "would kill " : "killed ");
		print_process(r, "victim_pid", "victim_comm");
		if (record_number(r, "kills") > 1)
			printf(" and %lld more", record_number(r, "kills") - 1);
	} else if (record_is(r, "result", "wait")) {
		printf(dry ? "would wait for " : "waits for ");
		if (record_number(r, "victim_pid"))
			print_process(r, "victim_pid", "victim_comm");
		else
			printf("a victim");
	} else if (record_is(r, "result", "raise")) {
		printf(dry ? "would raise a limit" : "raised a limit");
	} else if (record_is(r, "result", "freed")) {
		printf("memory came back, no kill was needed");
	} else {
		printf(record_is(r, "policy", "default") ? "the kernel decides" :
							   "leaves it to the next");
	}
	printf(", for ");
	print_who(r);
	if (record_number(r, "kernel_pid")) {
		printf("; the kernel would kill ");
		print_process(r, "kernel_pid", "kernel_comm");
	}
	putchar('\n');
}

static void print_also_killed(const struct decision *r)
{
	char pid[RECORD_VALUE_SIZE];
	int i;

	for (i = 0; record_value(r, "also_killed", i, pid); i++)
		printf("%s%s", i ? ", " : "The others: ", pid);
	if (i)
		printf("%s.\n", record_number(r, "kills") - 1 > i ? ", and more" : "");
}

static void print_decision(const struct decision *r, bool dry)
{
	long long kills = record_number(r, "kills");

	if (record_is(r, "result", "kill")) {
		printf(dry ? "It would have killed " : "It killed ");
		if (kills > 1)
			printf("%lld processes, the first of them ", kills);
		print_process(r, "victim_pid", "victim_comm");
		printf(" of user %lld in cgroup ", record_number(r, "victim_uid"));
		print_value(r, "victim_cgroup");
		printf(", with %lld kB in memory.\nThe reason that it gave: ",
		       record_number(r, "victim_rss_kb"));
		print_value(r, "reason");
		puts(".");
		print_also_killed(r);
	} else if (record_is(r, "result", "freed")) {
		puts("It killed nobody, because memory came back by itself.");
	} else if (record_is(r, "result", "wait")) {
		printf("It killed nobody, because a victim was on its way out");
		if (record_number(r, "victim_pid")) {
			printf(": ");
			print_process(r, "victim_pid", "victim_comm");
		}
		puts(".");
	} else if (record_is(r, "result", "raise")) {
		printf("It killed nobody but %s a limit.\n", dry ? "would have raised" : "raised");
	} else {
		puts("It killed nobody and left it to the next one.");
	}
}

/* What came of asking a policy that did not decide. */
static const char *explain_declined(const char *why)
{
	static const char *const whys[][2] = {
		{ "nothing-done", "said that it had handled it, but had done nothing" },
		{ "error", "failed" },
		{ "refused", "wanted to kill whom it may not" },
		{ "bypassed",
		  "was not asked, since its breaker has tripped ('bpfoom reset' re-arms it)" },
		{ "dry-run", "was asked in a dry run, of which there is a record of its own" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(whys); i++) {
		if (!strcmp(why, whys[i][0]))
			return whys[i][1];
	}
	return "left it to the next one";
}

static void print_declined_text(const struct decision *r)
{
	char value[RECORD_VALUE_SIZE], name[64], why[32];
	unsigned long long id;
	int i, ret;

	for (i = 0; record_value(r, "declined", i, value); i++) {
		if (sscanf(value, "%63s %llu %d %31s", name, &id, &ret, why) != 4)
			continue;
		printf("Policy %s %s", name, explain_declined(why));
		if (ret < 0)
			printf(" (%s)", strerror(-ret));
		puts(".");
	}
}

static void print_kernel(const struct decision *r)
{
	if (record_number(r, "kernel_pid")) {
		printf("The kernel's own rule: kill ");
		print_process(r, "kernel_pid", "kernel_comm");
		printf(", with a score of %lld.\n", record_number(r, "kernel_score"));
	} else if (record_is(r, "kernel", "wait")) {
		puts("The kernel's own rule: wait for a victim that is on its way out.");
	} else if (record_is(r, "kernel", "none")) {
		puts("The kernel's own rule: it finds nobody to kill.");
	}
}

/* The kernel's are not noted: a record of it has those of the last policy. */
static void print_considered(const struct decision *r)
{
	char policy[RECORD_VALUE_SIZE];

	record_value(r, "policy", 0, policy);
	if (!strcmp(policy, "default"))
		puts("The last policy that was asked considered:");
	else
		printf("Policy %s considered:\n", policy);
	printf("%20s %8s %10s  %s\n", "SCORE", "PID", "CGROUP ID", "WHO");
}

static void print_candidates(const struct decision *r)
{
	char value[RECORD_VALUE_SIZE];
	unsigned long long id;
	long long score, pid;
	int i, used = 0;

	for (i = 0; record_value(r, "candidate", i, value); i++) {
		if (sscanf(value, "%lld %lld %llu %n", &score, &pid, &id, &used) != 3)
			continue;
		if (!i)
			print_considered(r);
		if (pid)
			printf("%20lld %8lld %10llu  ", score, pid, id);
		else
			printf("%20lld %8s %10llu  ", score, "-", id);
		print_name(value + used);
		putchar('\n');
	}
}

static void print_event(const struct decision *r)
{
	char when[32], constraint[RECORD_VALUE_SIZE];

	if (record_number(r, "rehearsal")) {
		printf("Rehearsal: what if ");
		print_who(r);
		puts(" were out of memory?");
		return;
	}
	format_time(r, when, sizeof(when));
	record_value(r, "constraint", 0, constraint);
	printf("At %s ", when);
	print_who(r);
	printf(" was out of memory (%s, order %lld).\n", constraint,
	       record_number(r, "order"));
}

static void print_policy(const struct decision *r)
{
	bool dry = record_number(r, "dry_run");

	printf("Policy ");
	print_value(r, "policy");
	printf(", attached to ");
	if (record_is(r, "policy_cgroup", "/"))
		printf("the whole system");
	else
		print_value(r, "policy_cgroup");
	printf(", decided in %.3f ms%s.\n", (double)record_number(r, "latency_ns") / 1e6,
	       dry && !record_number(r, "rehearsal") ? "; it was a dry run" : "");
	print_decision(r, dry);
}

/* All that is known, in sentences. */
void record_print_long(const struct decision *r)
{
	print_event(r);
	print_declined_text(r);
	if (!record_is(r, "policy", "default"))
		print_policy(r);
	else if (record_is(r, "result", "freed"))
		puts("Memory came back meanwhile, so nobody had to decide.");
	else
		puts("The kernel decided.");
	print_kernel(r);
	print_candidates(r);
}
