// SPDX-License-Identifier: GPL-2.0-only
/* How the tool parses the text of a record, complete or not */
#include "bpfoom.h"
#include "unit.h"

static struct decision record;

static const struct decision *of(const char *text)
{
	snprintf(record.text, sizeof(record.text), "%s", text);
	return &record;
}

static const char *value(const char *key)
{
	static char found[RECORD_VALUE_SIZE];

	return record_value(&record, key, found) ? found : "(none)";
}

/* Adds a line "KEY=xxx...x" with a value of @len characters at the end of the text. */
static void add_long_line(const char *key, size_t len)
{
	char *end = record.text + strlen(record.text);

	end += sprintf(end, "%s=", key);
	memset(end, 'x', len);
	sprintf(end + len, "\n");
}

TEST(parser_finds_values)
{
	of("seq=5\npolicy=largest\nreason=\n\n");
	CHECK_STR(value("seq"), "5");
	CHECK_STR(value("policy"), "largest");
	CHECK_STR(value("reason"), "");
	CHECK_STR(value("kills"), "(none)");
}

TEST(parser_a_value_may_have_equals_signs)
{
	of("cgroup=/a=b=\n\n");
	CHECK_STR(value("cgroup"), "/a=b=");
}

TEST(parser_keys_are_whole_words)
{
	of("kernel_pid=5\nkernel=kill\n\n");
	CHECK_STR(value("kernel"), "kill");
	CHECK_STR(value("kern"), "(none)");
	CHECK_STR(value("kernel_pid_"), "(none)");
}

TEST(parser_the_first_of_a_key_counts)
{
	of("kills=1\nkills=2\n\n");
	CHECK_EQ(record_number(&record, "kills"), 1);
}

TEST(parser_a_number_that_is_missing_or_none_is_0)
{
	of("kills=x\n\n");
	CHECK_EQ(record_number(&record, "kills"), 0);
	CHECK_EQ(record_number(&record, "asked"), 0);
}

TEST(parser_an_empty_text_has_nothing)
{
	const char *pos = NULL;
	struct candidate *c = calloc(1, sizeof(*c));

	of("");
	CHECK_STR(value("seq"), "(none)");
	CHECK(!record_candidate(&record, &pos, c), "a candidate");
	free(c);
}

TEST(parser_a_truncated_line_is_none)
{
	of("seq=5\npolicy=large");
	CHECK_STR(value("seq"), "5");
	CHECK_STR(value("policy"), "(none)");
	of("seq=5\npoli");
	CHECK_STR(value("poli"), "(none)");
}

/* The rest of the text cannot be trusted. */
TEST(parser_ends_at_a_line_without_equals_sign)
{
	of("seq=5\ngarbage\npolicy=largest\n\n");
	CHECK_STR(value("seq"), "5");
	CHECK_STR(value("policy"), "(none)");
}

TEST(parser_a_value_that_just_fits_is_whole)
{
	of("");
	add_long_line("cgroup", RECORD_VALUE_SIZE - 1);
	add_long_line("reason", 1);
	CHECK_EQ(strlen(value("cgroup")), RECORD_VALUE_SIZE - 1);
	CHECK_STR(value("reason"), "x");
}

TEST(parser_a_value_that_is_too_long_is_cut)
{
	of("");
	add_long_line("cgroup", 3 * RECORD_VALUE_SIZE);
	add_long_line("reason", 1);
	CHECK_EQ(strlen(value("cgroup")), RECORD_VALUE_SIZE - 1);
	CHECK_STR(value("reason"), "x");
}

TEST(parser_a_key_that_is_too_long_does_no_harm)
{
	of("this_key_has_more_than_thirty_two_characters=1\nseq=5\n\n");
	CHECK_STR(value("seq"), "5");
}

/* --- candidates and policies that declined ------------------------------------ */

TEST(parser_candidates_have_their_own_details)
{
	struct candidate *c = calloc(1, sizeof(*c));
	const char *pos = NULL;

	of("candidates=3\ncandidate=9 5 6 a b\ncandidate_chosen=1\n"
	   "candidate=-8 0 7 /c\ncandidate_why=it is protected\ncandidate=1 2 3\x20\n\n");
	CHECK(record_candidate(&record, &pos, c), "no first");
	CHECK_EQ(c->score, 9);
	CHECK_EQ(c->pid, 5);
	CHECK_EQ(c->cgroup_id, 6);
	CHECK_STR(c->text, "a b");
	CHECK_EQ(c->chosen, true);
	CHECK_STR(c->why, "");
	CHECK(record_candidate(&record, &pos, c), "no second");
	CHECK_EQ(c->score, -8);
	CHECK_STR(c->text, "/c");
	CHECK_EQ(c->chosen, false);
	CHECK_STR(c->why, "it is protected");
	CHECK(record_candidate(&record, &pos, c), "no third");
	CHECK_STR(c->text, "");
	CHECK_STR(c->why, "");
	CHECK(!record_candidate(&record, &pos, c), "a fourth");
	free(c);
}

TEST(parser_details_of_a_newer_module_are_skipped)
{
	struct candidate *c = calloc(1, sizeof(*c));
	const char *pos = NULL;

	of("candidate=9 5 6 a\ncandidate_colour=red\ncandidate_why=small\n\n");
	CHECK(record_candidate(&record, &pos, c), "none");
	CHECK_STR(c->why, "small");
	free(c);
}

TEST(parser_candidates_that_are_garbled_are_skipped)
{
	struct candidate *c = calloc(1, sizeof(*c));
	const char *pos = NULL;

	of("candidate=\ncandidate=9 5\ncandidate=x 5 6 a\ncandidate=9 5 6 a\n\n");
	CHECK(record_candidate(&record, &pos, c), "none");
	CHECK_EQ(c->score, 9);
	CHECK_STR(c->text, "a");
	CHECK(!record_candidate(&record, &pos, c), "a second");
	free(c);
}

TEST(parser_those_who_declined_have_their_own_reason)
{
	struct declined *d = calloc(1, sizeof(*d));
	const char *pos = NULL;

	of("declined=first 8 -22 error\ndeclined=second 9 0 declined\ndeclined_why=not mine\n\n");
	CHECK(record_declined(&record, &pos, d), "no first");
	CHECK_STR(d->policy, "first");
	CHECK_EQ(d->cgroup_id, 8);
	CHECK_EQ(d->ret, -22);
	CHECK_STR(d->why, "error");
	CHECK_STR(d->reason, "");
	CHECK(record_declined(&record, &pos, d), "no second");
	CHECK_STR(d->reason, "not mine");
	CHECK(!record_declined(&record, &pos, d), "a third");
	free(d);
}

/* A policy's name has at most 63 characters, the reason of the module at most 31. */
TEST(parser_those_who_declined_with_too_long_a_name_are_skipped)
{
	struct declined *d = calloc(1, sizeof(*d));
	const char *pos = NULL;

	of("");
	add_long_line("declined", 64);
	sprintf(record.text + strlen(record.text) - 1, " 8 0 declined\ndeclined=ok 9 0 declined\n");
	CHECK(record_declined(&record, &pos, d), "none");
	CHECK_STR(d->policy, "ok");
	free(d);
}

/* --- kinds of records --------------------------------------------------------- */

TEST(parser_tells_deaths_from_dry_runs)
{
	CHECK(record_is_death(of("result=kill\n\n")), "a kill");
	CHECK(record_is_death(of("result=default\nvictim_pid=5\n\n")), "a kill by the kernel");
	CHECK(!record_is_death(of("result=default\n\n")), "nobody");
	CHECK(!record_is_death(of("result=wait\nvictim_pid=5\n\n")), "a wait");
	CHECK(!record_is_death(of("result=kill\ndry_run=1\n\n")), "a dry run");
	CHECK(!record_is_death(of("result=kill\nrehearsal=1\n\n")), "a rehearsal");
}

TEST(parser_tells_declared_ooms_from_others)
{
	CHECK(record_is_declared(of("declared=1\n\n")), "it says so");
	CHECK(record_is_declared(of("constraint=CONSTRAINT_BPF\n\n")), "without a text");
	CHECK(record_is_declared(of("constraint=pressure\n\n")), "by an older module");
	CHECK(!record_is_declared(of("constraint=CONSTRAINT_MEMCG\n\n")), "a memcg's");
	CHECK(!record_is_declared(of("constraint=?\n\n")), "unknown");
	CHECK(!record_is_declared(of("\n")), "nothing said");
}

TEST(parser_tells_sysrq_from_others)
{
	CHECK(record_is_sysrq(of("domain=system\norder=-1\n\n")), "sysrq");
	CHECK(!record_is_sysrq(of("domain=memcg\norder=-1\n\n")), "a memcg's");
	CHECK(!record_is_sysrq(of("domain=system\norder=0\n\n")), "an order");
	CHECK(!record_is_sysrq(of("domain=system\norder=-1\ndeclared=1\n\n")), "declared");
}

TEST(parser_finds_all_victims)
{
	of("victim_pid=5\nalso_killed=6\nalso_killed=7\n\n");
	CHECK(record_has_victim(&record, 5), "the first");
	CHECK(record_has_victim(&record, 6), "the second");
	CHECK(record_has_victim(&record, 7), "the last");
	CHECK(!record_has_victim(&record, 8), "nobody");
}

TEST(parser_candidates_are_of_the_policy_that_decided)
{
	char name[RECORD_VALUE_SIZE];

	CHECK(record_ranker(of("policy=largest\n\n"), name), "unknown");
	CHECK_STR(name, "largest");
	CHECK(record_ranker(of("policy=default\nasked=1\ndeclined=first 1 0 declined\n"
			       "declined=second 1 0 bypassed\n\n"), name), "unknown");
	CHECK_STR(name, "first");
	CHECK(!record_ranker(of("policy=default\nasked=9\ndeclined=first 1 0 declined\n\n"),
			     name), "the last one is not listed");
}

/* --- JSON --------------------------------------------------------------------- */

static char *json_of(const char *text)
{
	char *json;
	size_t size;
	FILE *real = stdout;

	stdout = open_memstream(&json, &size);
	record_print_json(of(text));
	fclose(stdout);
	stdout = real;
	return json;
}

TEST(json_has_members_once)
{
	char *json = json_of("seq=5\nseq=6\npolicy=a\npolicy=b\n\n");

	CHECK_HAS(json, "{\"seq\":5,\"policy\":\"a\",");
	CHECK_LACKS(json, "6");
	free(json);
}

TEST(json_numbers_that_are_none_are_strings)
{
	char *json = json_of("seq=05\nkills=\norder=-1\nasked=0\nlatency_ns=5x\n\n");

	CHECK_HAS(json, "{\"seq\":\"05\",\"kills\":\"\",\"order\":-1,\"asked\":0,\"latency_ns\":\"5x\",");
	free(json);
}

TEST(json_strings_are_escaped)
{
	char *json = json_of("cgroup=/\"\\\x1b\xff\xc3\xa9\n\n");

	CHECK_HAS(json, "\"cgroup\":\"/\\\"\\\\\\u001b\\ufffd\xc3\xa9\"");
	free(json);
}

/* --- records of the module ---------------------------------------------------- */

TEST(parser_reads_the_largest_record_that_the_module_writes)
{
	struct candidate *c = calloc(1, sizeof(*c));
	struct declined *d = calloc(1, sizeof(*d));
	int candidates = 0, declined = 0;
	const char *pos = NULL;

	of(unit_largest_record());
	while (record_candidate(&record, &pos, c)) {
		candidates++;
		CHECK_EQ(c->score, -9223372036854775807LL - 1);
		CHECK_EQ(strlen(c->text), 255);
		CHECK_EQ(strlen(c->why), 63);
		CHECK(c->cgroup_id == -1ULL, "cgroup %llu", c->cgroup_id);
		CHECK(c->chosen, "not chosen");
	}
	for (pos = NULL; record_declined(&record, &pos, d); declined++) {
		CHECK_EQ(strlen(d->policy), 63);
		CHECK_EQ(strlen(d->reason), 63);
		CHECK_STR(d->why, "nothing-done");
	}
	CHECK_EQ(candidates, 16);
	CHECK_EQ(declined, 8);
	CHECK_EQ(strlen(value("cgroup")), 511);
	CHECK_EQ(strlen(value("declared_by")), 63);
	CHECK_STR(value("repeats"), "18446744073709551615");
	free(c);
	free(d);
}
