// SPDX-License-Identifier: GPL-2.0-only
/* A record of a decision as text: the table of candidates */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfoom.h"

/*
 * Show at least this many characters of a path, even if the terminal has to wrap the
 * line.
 */
#define WHO_MIN 24

/**
 * struct table - widths of its columns
 * @unit: unit of the scores; "" if unknown
 * @score: width of the first column
 * @who: width of the third column
 * @why: width of the last column; 0: there is none
 * @shown: number of rows
 */
struct table {
	char unit[RECORD_VALUE_SIZE];
	size_t score;
	size_t who;
	size_t why;
	int shown;
};

static void widen(size_t *column, size_t to)
{
	if (*column < to)
		*column = to;
}

/* The unit may be in the record; that of our own policy "largest" is known anyway. */
static void find_unit(const struct decision *r, char unit[RECORD_VALUE_SIZE])
{
	char ranker[RECORD_VALUE_SIZE];

	if (record_value(r, "score_unit", unit))
		return;
	if (record_ranker(r, ranker) && !strcmp(ranker, "largest"))
		snprintf(unit, RECORD_VALUE_SIZE, "bytes");
}

/* Show bytes in MiB: exact numbers are for programs. */
static bool in_mib(const struct table *t)
{
	return !strcmp(t->unit, "bytes");
}

static char *score_title(const struct table *t)
{
	if (!*t->unit)
		return format("SCORE");
	return format("SCORE (%s)", in_mib(t) ? "MiB" : t->unit);
}

static char *score_text(const struct table *t, const struct candidate *c)
{
	if (in_mib(t))
		return format("%.1f", (double)c->score / (1 << 20));
	return format("%lld", c->score);
}

/* Adds the cgroup, if it still exists, to tell processes of the same name apart. */
static char *who_text(const struct candidate *c)
{
	char *path = NULL, *who;

	if (c->pid && cgroup_find(c->cgroup_id, &path) == CGROUP_HERE)
		who = format("%s in %s", c->text, path);
	else
		who = format("%s", c->text);
	free(path);
	return who;
}

static char *why_text(const struct candidate *c)
{
	if (!*c->why)
		return format("%s", c->chosen ? "chosen" : "");
	return format("%s: %s", c->chosen ? "chosen" : "passed over", c->why);
}

static void measure_row(struct table *t, const struct candidate *c)
{
	char *score = score_text(t, c), *who = who_text(c), *why = why_text(c);

	widen(&t->score, strlen(score));
	widen(&t->who, name_columns(who));
	widen(&t->why, name_columns(why));
	t->shown++;
	free(score);
	free(who);
	free(why);
}

/* PID has 8 columns, and between columns there are 2. */
static size_t before_who(const struct table *t)
{
	return t->score + 2 + 8 + 2;
}

/* Shortens paths if lines would be too long. */
static void fit(struct table *t)
{
	size_t columns = output_columns(), others;

	others = before_who(t) + (t->why ? 2 + t->why : 0);
	if (!columns || others + t->who <= columns)
		return;
	columns = columns > others + WHO_MIN ? columns - others : WHO_MIN;
	if (t->who > columns)
		t->who = columns;
}

static void measure(const struct decision *r, struct table *t)
{
	char *title;
	struct candidate c;
	const char *pos = NULL;

	find_unit(r, t->unit);
	title = score_title(t);
	widen(&t->score, name_columns(title));
	widen(&t->who, strlen("WHO"));
	free(title);
	while (record_candidate(r, &pos, &c))
		measure_row(t, &c);
	fit(t);
}

/*
 * The kernel's candidates are not recorded: if it decided, those of the last policy are.
 */
static void print_title(const struct decision *r, const struct table *t)
{
	char ranker[RECORD_VALUE_SIZE], *title = score_title(t);

	if (!record_ranker(r, ranker)) {
		puts("The last policy that was asked considered:");
	} else {
		printf("Policy ");
		print_name(ranker);
		puts(" considered:");
	}
	printf("%*s", (int)(t->score - name_columns(title)), "");
	print_name(title);
	printf("  %8s  ", "PID");
	if (t->why)
		printf("%-*s  WHY\n", (int)t->who, "WHO");
	else
		puts("WHO");
	free(title);
}

static void print_row(const struct table *t, const struct candidate *c)
{
	char *score = score_text(t, c), *who = who_text(c), *why = why_text(c);
	size_t len = name_columns(who);

	printf("%*s  ", (int)t->score, score);
	if (c->pid)
		printf("%8lld  ", c->pid);
	else
		printf("%8s  ", "-");
	print_name_end(who, t->who);
	if (*why) {
		printf("%*s", (int)(len < t->who ? t->who - len : 0) + 2, "");
		print_name(why);
	}
	putchar('\n');
	free(score);
	free(who);
	free(why);
}

/**
 * record_print_candidates() - print the candidates, and why they were not chosen
 * @r: the record
 */
void record_print_candidates(const struct decision *r)
{
	long long total = record_number(r, "candidates");
	struct candidate c;
	struct table t = {};
	const char *pos = NULL;

	measure(r, &t);
	if (!t.shown)
		return;
	print_title(r, &t);
	while (record_candidate(r, &pos, &c))
		print_row(&t, &c);
	if (total > t.shown)
		printf("%*sand %lld more\n", (int)before_who(&t), "", total - t.shown);
}
