// SPDX-License-Identifier: GPL-2.0-only
/* A record of a decision as text, in one line */
#include <stdio.h>
#include <string.h>

#include "bpfoom.h"

/* The kernel's name has a space, so no policy can have it. */
static void print_decider(const struct decision *r)
{
	if (record_by_kernel(r))
		printf("the kernel");
	else
		record_print_value(r, "policy");
	if (record_number(r, "rehearsal"))
		printf(" (rehearsal)");
	else if (record_number(r, "dry_run"))
		printf(" (dry run)");
}

static void print_killed(const struct decision *r, bool dry)
{
	long long kills = record_number(r, "kills");

	printf(dry ? "would kill " : "killed ");
	record_print_process(r, "victim_pid", "victim_comm");
	if (kills > 1)
		printf(" and %lld more", kills - 1);
}

static void print_waited(const struct decision *r, bool dry)
{
	printf(dry ? "would wait for " : "waited for ");
	if (record_number(r, "victim_pid"))
		record_print_process(r, "victim_pid", "victim_comm");
	else
		printf("a victim");
}

static void print_decision(const struct decision *r)
{
	bool dry = record_number(r, "dry_run");

	if (record_result(r) == BPF_OOM_RESULT_KILL || record_is_death(r))
		print_killed(r, dry);
	else if (record_result(r) == BPF_OOM_RESULT_WAIT)
		print_waited(r, dry);
	else if (record_result(r) == BPF_OOM_RESULT_RAISE)
		printf(dry ? "would raise a limit" : "raised a limit");
	else if (record_result(r) == BPF_OOM_RESULT_FREED)
		printf("memory came back, no kill was needed");
	else
		printf(record_by_kernel(r) ? "decided" : "left it to the next");
}

static void print_declared(const struct decision *r)
{
	printf("declared by ");
	record_print_declarer(r);
	if (record_is(r, "constraint", "CONSTRAINT_BPF"))
		return;
	printf(": ");
	record_print_value(r, "constraint");
}

/* Prints the kind of the OOM. */
static void print_kind(const struct decision *r)
{
	if (record_is_sysrq(r))
		printf("sysrq-f");
	else if (record_is_declared(r))
		print_declared(r);
	else
		record_print_value(r, "constraint");
}

static void print_where(const struct decision *r)
{
	printf(", for ");
	record_print_domain(r);
	/* A rehearsal has a kind too, but there was no OOM. */
	if (!record_number(r, "rehearsal")) {
		printf(" (");
		print_kind(r);
		putchar(')');
	}
}

static void print_repeats(const struct decision *r)
{
	if (record_number(r, "repeats") <= 0)
		return;
	printf(record_is_death(r) ? "; waited for it " : "; came back ");
	record_print_repeats(r);
}

/* Prints nothing if the kernel killed, which the line says already. */
static void print_kernel(const struct decision *r)
{
	if (!record_number(r, "kernel_pid") || (record_by_kernel(r) && record_is_death(r)))
		return;
	printf(record_by_kernel(r) ? "; its rule: kill " : "; the kernel would kill ");
	record_print_process(r, "kernel_pid", "kernel_comm");
}

void record_print_short(const struct decision *r)
{
	record_print_time(r);
	printf("  ");
	print_decider(r);
	printf(": ");
	print_decision(r);
	print_where(r);
	print_repeats(r);
	print_kernel(r);
	putchar('\n');
}
