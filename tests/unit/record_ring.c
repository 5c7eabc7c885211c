// SPDX-License-Identifier: GPL-2.0-only
/* The ring of records: which are kept, which are shown, and which have a death */
#include "kernel.h"

#include "record/record.h"
#include "unit.h"

static struct record record;

static void begin(void)
{
	CHECK_EQ(bpf_oom_record_init(), 0);
}

/* Commits a record with this order, which identifies it; returns its number. */
static u64 commit(int order)
{
	struct record r = { .order = order };

	bpf_oom_record_commit(&r);
	return r.seq;
}

static u64 open_one(int order)
{
	struct record r = { .order = order };

	bpf_oom_record_open(&r);
	return r.seq;
}

static int get(u64 seq)
{
	return bpf_oom_record_get(&seq, &record);
}

static void check_range(u64 first, u64 next)
{
	u64 is_first, is_next;

	bpf_oom_record_range(&is_first, &is_next);
	CHECK_EQ(is_first, first);
	CHECK_EQ(is_next, next);
}

static struct record_victim victim(pid_t pid)
{
	return (struct record_victim) { .pid = pid, .comm = "victim" };
}

/* Commits a record of a kill. */
static u64 commit_death(pid_t pid)
{
	struct record r = { .kills = 1, .victim = victim(pid) };

	bpf_oom_record_commit(&r);
	return r.seq;
}

TEST(ring_is_empty_at_first)
{
	begin();
	check_range(1, 1);
	CHECK_EQ(get(1), -EAGAIN);
	bpf_oom_record_exit();
}

TEST(ring_numbers_records_from_1)
{
	begin();
	CHECK_EQ(commit(5), 1);
	CHECK_EQ(commit(6), 2);
	CHECK_EQ(get(1), 0);
	CHECK_EQ(record.order, 5);
	CHECK_EQ(get(2), 0);
	CHECK_EQ(record.order, 6);
	CHECK_EQ(record.seq, 2);
	CHECK_EQ(get(3), -EAGAIN);
	bpf_oom_record_exit();
}

TEST(ring_wakes_who_waits_for_each_record)
{
	begin();
	commit(0);
	CHECK_EQ(bpf_oom_record_wait()->wakeups, 1);
	commit(0);
	CHECK_EQ(bpf_oom_record_wait()->wakeups, 2);
	bpf_oom_record_exit();
}

TEST(ring_keeps_64_records)
{
	int i;

	begin();
	for (i = 1; i <= RECORDS; i++)
		commit(i);
	check_range(1, 65);
	CHECK_EQ(get(1), 0);
	CHECK_EQ(record.order, 1);
	bpf_oom_record_exit();
}

TEST(ring_loses_the_oldest_to_the_65th)
{
	u64 seq = 1;
	int i;

	begin();
	for (i = 1; i <= RECORDS + 1; i++)
		commit(i);
	check_range(2, 66);
	CHECK_EQ(bpf_oom_record_get(&seq, &record), -EPIPE);
	CHECK_EQ(seq, 2);
	CHECK_EQ(bpf_oom_record_get(&seq, &record), 0);
	CHECK_EQ(record.order, 2);
	CHECK_EQ(get(65), 0);
	CHECK_EQ(record.order, 65);
	bpf_oom_record_exit();
}

TEST(ring_goes_round_many_times)
{
	u64 seq, first, next;
	int i;

	begin();
	for (i = 1; i <= 10 * RECORDS + 7; i++)
		commit(i);
	bpf_oom_record_range(&first, &next);
	CHECK_EQ(next - first, RECORDS);
	for (seq = first; seq < next; seq++) {
		CHECK_EQ(get(seq), 0);
		CHECK_EQ(record.order, seq);
	}
	bpf_oom_record_exit();
}

TEST(ring_no_record_has_the_number_0)
{
	u64 seq = 0;
	struct record_victim v = victim(5);

	begin();
	commit(5);
	CHECK_EQ(bpf_oom_record_get(&seq, &record), -EPIPE);
	CHECK_EQ(seq, 1);
	CHECK(!bpf_oom_record_death(0, &v), "there is a record 0");
	bpf_oom_record_exit();
}

TEST(ring_an_open_record_is_not_shown)
{
	begin();
	CHECK_EQ(open_one(5), 1);
	CHECK_EQ(bpf_oom_record_open_seq(), 1);
	CHECK_EQ(get(1), -EAGAIN);
	check_range(1, 1);
	CHECK_EQ(bpf_oom_record_wait()->wakeups, 0);
	bpf_oom_record_exit();
}

TEST(ring_a_closed_record_is_shown_as_it_is_by_then)
{
	struct record_victim v = victim(7);

	begin();
	open_one(5);
	CHECK(bpf_oom_record_death(1, &v), "it is not there");
	CHECK(bpf_oom_record_close(1, &record), "it is not open");
	CHECK_EQ(record.victim.pid, 7);
	CHECK_EQ(bpf_oom_record_open_seq(), 0);
	CHECK_EQ(bpf_oom_record_wait()->wakeups, 1);
	CHECK_EQ(get(1), 0);
	CHECK_EQ(record.victim.pid, 7);
	CHECK_EQ(record.order, 5);
	bpf_oom_record_exit();
}

TEST(ring_a_record_is_closed_once)
{
	begin();
	open_one(5);
	CHECK(!bpf_oom_record_close(2, &record), "another was open");
	CHECK(bpf_oom_record_close(1, &record), "it is not open");
	CHECK(!bpf_oom_record_close(1, &record), "it is still open");
	check_range(1, 2);
	bpf_oom_record_exit();
}

TEST(ring_a_later_record_shows_the_open_one)
{
	begin();
	open_one(5);
	CHECK_EQ(commit(6), 2);
	CHECK(!bpf_oom_record_close(1, &record), "it is still open");
	check_range(1, 3);
	CHECK_EQ(get(1), 0);
	CHECK_EQ(record.order, 5);
	bpf_oom_record_exit();
}

TEST(ring_two_open_records_show_the_first)
{
	begin();
	open_one(5);
	CHECK_EQ(open_one(6), 2);
	check_range(1, 2);
	CHECK_EQ(bpf_oom_record_open_seq(), 2);
	bpf_oom_record_exit();
}

/* An open record occupies a slot but is not shown yet, so one less is readable. */
TEST(ring_an_open_record_takes_the_place_of_the_oldest)
{
	int i;

	begin();
	for (i = 1; i <= RECORDS; i++)
		commit(i);
	open_one(65);
	check_range(2, 65);
	CHECK_EQ(get(1), -EPIPE);
	CHECK_EQ(get(65), -EAGAIN);
	bpf_oom_record_exit();
}

TEST(ring_deaths_after_the_first_are_listed)
{
	struct record_victim first = victim(5), second = victim(6);

	begin();
	commit(0);
	CHECK(bpf_oom_record_death(1, &first), "it is not there");
	CHECK(bpf_oom_record_death(1, &second), "it is not there");
	get(1);
	CHECK_EQ(record.kills, 2);
	CHECK_EQ(record.victim.pid, 5);
	CHECK_EQ(record.nr_others, 1);
	CHECK_EQ(record.others[0], 6);
	bpf_oom_record_exit();
}

TEST(ring_nobody_dies_twice)
{
	struct record_victim first = victim(5), second = victim(6);

	begin();
	commit_death(5);
	bpf_oom_record_death(1, &first);
	bpf_oom_record_death(1, &second);
	bpf_oom_record_death(1, &second);
	get(1);
	CHECK_EQ(record.kills, 2);
	CHECK_EQ(record.nr_others, 1);
	bpf_oom_record_exit();
}

TEST(ring_more_deaths_than_there_is_room_for_are_counted)
{
	struct record_victim v;
	pid_t pid;

	begin();
	commit_death(1);
	for (pid = 2; pid <= RECORD_OTHERS + 3; pid++) {
		v = victim(pid);
		bpf_oom_record_death(1, &v);
	}
	get(1);
	CHECK_EQ(record.nr_others, RECORD_OTHERS);
	CHECK_EQ(record.others[RECORD_OTHERS - 1], RECORD_OTHERS + 1);
	CHECK_EQ(record.kills, RECORD_OTHERS + 3);
	bpf_oom_record_exit();
}

TEST(ring_a_death_comes_too_late_for_a_record_that_is_gone)
{
	struct record_victim v = victim(5);
	int i;

	begin();
	for (i = 0; i <= RECORDS; i++)
		commit(i);
	CHECK(!bpf_oom_record_death(1, &v), "it is there");
	CHECK(bpf_oom_record_death(2, &v), "it is not there");
	CHECK(!bpf_oom_record_death(66, &v), "it is there already");
	bpf_oom_record_exit();
}

TEST(ring_a_repeat_counts_in_the_record_of_the_death)
{
	begin();
	commit_death(5);
	commit_death(6);
	CHECK(bpf_oom_record_repeat(5), "it is not there");
	CHECK(bpf_oom_record_repeat(5), "it is not there");
	CHECK(!bpf_oom_record_repeat(7), "nobody died");
	get(1);
	CHECK_EQ(record.repeats, 2);
	get(2);
	CHECK_EQ(record.repeats, 0);
	bpf_oom_record_exit();
}

TEST(ring_a_repeat_counts_in_the_latest_record_of_a_number_used_twice)
{
	begin();
	commit_death(5);
	commit_death(5);
	CHECK(bpf_oom_record_repeat(5), "it is not there");
	get(1);
	CHECK_EQ(record.repeats, 0);
	get(2);
	CHECK_EQ(record.repeats, 1);
	bpf_oom_record_exit();
}

TEST(ring_a_repeat_counts_in_a_record_that_is_open)
{
	struct record_victim v = victim(5);

	begin();
	open_one(0);
	bpf_oom_record_death(1, &v);
	CHECK(bpf_oom_record_repeat(5), "it is not there");
	CHECK(bpf_oom_record_close(1, &record), "it is not open");
	CHECK_EQ(record.repeats, 1);
	bpf_oom_record_exit();
}

TEST(ring_a_dry_run_is_no_death)
{
	struct record r = { .kills = 1, .dry_run = true, .victim = victim(5) };

	begin();
	bpf_oom_record_commit(&r);
	CHECK(!bpf_oom_record_repeat(5), "it died in a dry run");
	bpf_oom_record_exit();
}

TEST(ring_a_victim_that_was_waited_for_is_no_death)
{
	struct record r = { .kills = 0, .result = BPF_OOM_RESULT_WAIT, .victim = victim(5) };

	begin();
	bpf_oom_record_commit(&r);
	CHECK(!bpf_oom_record_repeat(5), "it died of a wait");
	bpf_oom_record_exit();
}
