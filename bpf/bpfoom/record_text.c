// SPDX-License-Identifier: GPL-2.0-only
/* A record of a decision as text, in sentences */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bpfoom.h"

/* --- what happened -------------------------------------------------------- */

static void print_rehearsal(const struct decision *r)
{
	printf("Rehearsal: what if ");
	record_print_domain(r);
	puts(" were out of memory?");
}

static void print_declared(const struct decision *r)
{
	record_print_declarer(r);
	printf(" declared the OOM of ");
	record_print_domain(r);
	if (record_is(r, "constraint", "CONSTRAINT_BPF")) {
		puts(" and did not say why.");
		return;
	}
	printf(" because: ");
	record_print_value(r, "constraint");
	puts(".");
}

static void print_out_of_memory(const struct decision *r)
{
	bool nodes = record_is(r, "constraint", "CONSTRAINT_CPUSET") ||
		     record_is(r, "constraint", "CONSTRAINT_MEMORY_POLICY");

	record_print_domain(r);
	printf(" %s out of memory (", nodes ? "were" : "was");
	record_print_value(r, "constraint");
	printf(", order %lld).\n", record_number(r, "order"));
}

static void print_event(const struct decision *r)
{
	if (record_number(r, "rehearsal")) {
		print_rehearsal(r);
		return;
	}
	printf("At ");
	record_print_time(r);
	putchar(' ');
	if (record_is_sysrq(r))
		puts("somebody asked for the OOM killer by sysrq (Alt+SysRq+F).");
	else if (record_is_declared(r))
		print_declared(r);
	else
		print_out_of_memory(r);
}

/* --- who was asked and did not decide ------------------------------------- */

/* Explains why a policy that was asked did not decide. */
static const char *explain_declined(const char *why)
{
	static const char *const whys[][2] = {
		{ BPF_OOM_WHY_NOTHING, "said that it had handled it, but had done nothing" },
		{ BPF_OOM_WHY_ERROR, "failed" },
		{ BPF_OOM_WHY_REFUSED, "wanted to kill whom it may not" },
		{ BPF_OOM_WHY_BYPASSED,
		  "was not asked for a while, since its breaker has tripped (see 'bpfoom list')" },
		{ BPF_OOM_WHY_DRY_RUN,
		  "was asked in a dry run ('bpfoom events' tells what it would have done)" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(whys); i++) {
		if (!strcmp(why, whys[i][0]))
			return whys[i][1];
	}
	return "left it to the next one";
}

static void print_declined(const struct declined *d)
{
	printf("Policy ");
	print_name(d->policy);
	printf(" %s", explain_declined(d->why));
	if (d->ret < 0 && d->ret > -4096)
		printf(" (%s)", strerror(-d->ret));
	if (*d->reason) {
		printf(", because ");
		print_name(d->reason);
	}
	puts(".");
}

static void print_asked(const struct decision *r)
{
	const char *pos = NULL;
	struct declined d;
	bool any = false;

	while (record_declined(r, &pos, &d)) {
		print_declined(&d);
		any = true;
	}
	/* No policy is asked while the kernel waits for a victim. */
	if (!any && record_by_kernel(r) && !record_number(r, "asked") &&
	    record_result(r) != BPF_OOM_RESULT_WAIT)
		puts("No OOM policy was asked: none is attached there, or they are switched off.");
}

/* --- who decided, and what ------------------------------------------------ */

/* Completes "It killed " and similar beginnings. */
static void print_victims(const struct decision *r)
{
	long long kills = record_number(r, "kills");

	if (kills > 1)
		printf("%lld processes, the first of them ", kills);
	record_print_process(r, "victim_pid", "victim_comm");
	printf(" of user %lld in cgroup ", record_number(r, "victim_uid"));
	record_print_value(r, "victim_cgroup");
	printf(", with ");
	print_size(record_number(r, "victim_rss_kb") * 1024ULL);
	puts(" in memory.");
}

static void print_reason(const struct decision *r)
{
	char reason[RECORD_VALUE_SIZE];

	if (!record_value(r, "reason", reason) || !*reason)
		return;
	printf("The reason that it gave: ");
	print_name(reason);
	puts(".");
}

static void print_also_killed(const struct decision *r)
{
	char pid[RECORD_VALUE_SIZE];
	const char *pos = NULL;
	int i;

	for (i = 0; record_next(r, &pos, "also_killed", pid); i++) {
		printf(i ? ", " : "The others: ");
		print_name(pid);
	}
	if (i)
		printf("%s.\n", record_number(r, "kills") - 1 > i ? ", and more" : "");
}

static void print_kill(const struct decision *r, bool dry)
{
	printf(dry ? "It would have killed " : "It killed ");
	print_victims(r);
	print_reason(r);
	print_also_killed(r);
}

static void print_wait(const struct decision *r)
{
	printf("It killed nobody, because a victim was on its way out");
	if (record_number(r, "victim_pid")) {
		printf(": ");
		record_print_process(r, "victim_pid", "victim_comm");
	}
	puts(".");
}

static void print_policy_decision(const struct decision *r, bool dry)
{
	if (record_result(r) == BPF_OOM_RESULT_KILL)
		print_kill(r, dry);
	else if (record_result(r) == BPF_OOM_RESULT_FREED)
		puts("It killed nobody, because memory came back by itself.");
	else if (record_result(r) == BPF_OOM_RESULT_WAIT)
		print_wait(r);
	else if (record_result(r) == BPF_OOM_RESULT_RAISE)
		printf("It killed nobody but %s a limit.\n", dry ? "would have raised" : "raised");
	else
		puts("It killed nobody and left it to the next one.");
}

static void print_policy(const struct decision *r)
{
	bool dry = record_number(r, "dry_run");

	printf("Policy ");
	record_print_value(r, "policy");
	printf(", attached to ");
	if (record_is(r, "policy_cgroup", "/"))
		printf("the whole system");
	else
		record_print_value(r, "policy_cgroup");
	printf(", decided in %.3f ms%s.\n", (double)record_number(r, "latency_ns") / 1e6,
	       dry && !record_number(r, "rehearsal") ? "; it was a dry run" : "");
	print_policy_decision(r, dry);
}

static void print_kernel_waited(const struct decision *r)
{
	printf("The kernel waited for ");
	if (record_number(r, "victim_pid"))
		record_print_process(r, "victim_pid", "victim_comm");
	else
		printf("a victim");
	puts(" on its way out, and killed nobody.");
}

static void print_kernel_decision(const struct decision *r)
{
	char kernel[RECORD_VALUE_SIZE];

	if (record_result(r) == BPF_OOM_RESULT_FREED) {
		puts("Memory came back meanwhile, so nobody had to decide.");
	} else if (record_result(r) == BPF_OOM_RESULT_WAIT) {
		print_kernel_waited(r);
	} else if (record_number(r, "victim_pid")) {
		printf("The kernel decided, and killed ");
		print_victims(r);
		print_also_killed(r);
	} else if (record_is_declared(r) && !record_value(r, "kernel", kernel)) {
		/* Without policies the module does not learn about kills. */
		puts("The kernel decided; 'dmesg' has whom it killed, if anybody.");
	} else {
		puts("The kernel decided.");
	}
}

/* --- what else there is to say -------------------------------------------- */

static void print_repeats(const struct decision *r)
{
	if (record_number(r, "repeats") <= 0)
		return;
	printf("The same OOM came back ");
	record_print_repeats(r);
	if (!record_number(r, "dry_run") && record_number(r, "victim_pid")) {
		printf(" while ");
		record_print_process(r, "victim_pid", "victim_comm");
		printf(" was on its way out, and nobody else was killed");
	}
	puts(".");
}

/* The kernel's score is a size plus a share for oom_score_adj, so it may be negative. */
static void print_kernel_rule(const struct decision *r)
{
	if (record_number(r, "kernel_pid")) {
		printf("The kernel alone would have killed ");
		record_print_process(r, "kernel_pid", "kernel_comm");
		printf(", with a score of %.1f MiB.\n",
		       record_number(r, "kernel_score") *
		       (double)sysconf(_SC_PAGESIZE) / (1024 * 1024));
	} else if (record_is(r, "kernel", BPF_OOM_KERNEL_WAIT)) {
		puts("The kernel alone would have waited for a victim that is on its way out.");
	} else if (record_is(r, "kernel", "none")) {
		puts("The kernel alone would have found nobody to kill.");
	}
}

/* Prints everything that the record has. */
void record_print_long(const struct decision *r)
{
	print_event(r);
	print_asked(r);
	if (record_by_kernel(r))
		print_kernel_decision(r);
	else
		print_policy(r);
	print_repeats(r);
	print_kernel_rule(r);
	record_print_candidates(r);
}
