// SPDX-License-Identifier: GPL-2.0-only
/* /dev/bpf_oom: a record as text, and reading the device */
#include "kernel.h"

#include "record/device.h"
#include "record/record.h"
#include "unit.h"

/* Size of the buffer, larger than any record; reads may use less of it. */
#define ROOM 65536

static struct file file = { .f_flags = O_NONBLOCK };
static char text[ROOM];

static u64 rehearsed;
static int rehearse_ret;
static unsigned int settled;

static int rehearse(u64 attachment)
{
	rehearsed = attachment;
	return rehearse_ret;
}

static void settle(void)
{
	settled++;
}

static const struct device_user user = { .settle = settle, .rehearse = rehearse };

static void begin(void)
{
	CHECK_EQ(bpf_oom_record_init(), 0);
	CHECK_EQ(bpf_oom_device_init(&user), 0);
	CHECK_EQ(kernel_misc->fops->open(NULL, &file), 0);
}

static void end(void)
{
	CHECK_EQ(kernel_misc->fops->release(NULL, &file), 0);
	bpf_oom_device_exit();
	bpf_oom_record_exit();
}

static ssize_t read_into(char *buf, size_t size)
{
	loff_t pos = 0;

	return kernel_misc->fops->read(&file, buf, size, &pos);
}

static ssize_t read_text(void)
{
	ssize_t len = read_into(text, sizeof(text) - 1);

	text[len > 0 ? len : 0] = '\0';
	return len;
}

static ssize_t write_text(const char *command)
{
	loff_t pos = 0;

	return kernel_misc->fops->write(&file, command, strlen(command), &pos);
}

static const char *text_of(struct record *r)
{
	ssize_t len;

	begin();
	/* The ring is new, but record numbers go on. */
	kernel_misc->fops->llseek(&file, 0, SEEK_END);
	bpf_oom_record_commit(r);
	len = read_text();
	CHECK(len > 0, "read returned %zd", len);
	CHECK_EQ(strlen(text), len);
	end();
	return text;
}

static unsigned int count(const char *in, const char *what)
{
	unsigned int nr = 0;

	for (; (in = strstr(in, what)); in++)
		nr++;
	return nr;
}

static void fill(char *to, size_t size, char with)
{
	memset(to, with, size - 1);
	to[size - 1] = '\0';
}

/* Each member has its maximum size. */
static void fill_record(struct record *r)
{
	unsigned int i;

	*r = (struct record) {
		.time_ns = -1ULL, .repeats = -1ULL, .attachment = -1ULL, .cgroup_id = -1ULL,
		.policy_cgroup_id = -1ULL, .latency_ns = -1ULL, .order = INT_MIN,
		.asked = -1U, .kills = -1U, .nr_considered = -1U, .result = BPF_OOM_RESULT_DEFAULT,
		.kernel = "wait", .kernel_pid = INT_MIN, .kernel_score = LONG_MIN,
		.victim = { .pid = INT_MIN, .uid = -2U, .rss_kb = -1ULL },
		.dry_run = true, .rehearsal = true,
	};
	fill(r->declared_by, sizeof(r->declared_by), 'd');
	fill(r->cgroup, sizeof(r->cgroup), 'c');
	fill(r->constraint, sizeof(r->constraint), 'o');
	fill(r->policy, sizeof(r->policy), 'p');
	fill(r->policy_cgroup, sizeof(r->policy_cgroup), 'g');
	fill(r->victim.comm, sizeof(r->victim.comm), 'm');
	fill(r->victim.cgroup, sizeof(r->victim.cgroup), 'v');
	fill(r->reason, sizeof(r->reason), 'r');
	fill(r->kernel_comm, sizeof(r->kernel_comm), 'k');
	r->nr_others = RECORD_OTHERS;
	for (i = 0; i < RECORD_OTHERS; i++)
		r->others[i] = INT_MIN;
	r->nr_declined = RECORD_DECLINED;
	for (i = 0; i < RECORD_DECLINED; i++) {
		fill(r->declined[i].name, sizeof(r->declined[i].name), 'n');
		fill(r->declined[i].reason, sizeof(r->declined[i].reason), 'e');
		r->declined[i].cgroup_id = -1ULL;
		r->declined[i].ret = INT_MIN;
		r->declined[i].why = "nothing-done";
	}
	r->nr_candidates = RECORD_CANDIDATES;
	for (i = 0; i < RECORD_CANDIDATES; i++) {
		r->candidates[i].score = LLONG_MIN;
		r->candidates[i].pid = INT_MIN;
		r->candidates[i].cgroup_id = -1ULL;
		r->candidates[i].chosen = true;
		fill(r->candidates[i].text, sizeof(r->candidates[i].text), 't');
		fill(r->candidates[i].why, sizeof(r->candidates[i].why), 'w');
	}
}

/* For tests of the tool, which must parse this record. */
const char *unit_largest_record(void)
{
	static struct record r;

	fill_record(&r);
	return text_of(&r);
}

TEST(text_of_an_empty_record)
{
	struct record r = {};

	CHECK_STR(text_of(&r), "seq=1\ntime_ns=0\ndomain=system\ncgroup=\ncgroup_id=0\norder=0\n"
		  "constraint=\npolicy=\npolicy_cgroup=\npolicy_cgroup_id=0\nattachment=0\n"
		  "result=default\ndry_run=0\nrehearsal=0\nasked=0\nkills=0\nlatency_ns=0\n\n");
}

TEST(text_of_a_kill)
{
	struct record r = {
		.memcg = true, .cgroup_id = 12, .cgroup = "/a", .order = 3,
		.constraint = "CONSTRAINT_MEMCG", .policy = "largest", .attachment = 4,
		.policy_cgroup = "/", .policy_cgroup_id = 1, .result = BPF_OOM_RESULT_KILL,
		.asked = 1, .kills = 2, .latency_ns = 99, .repeats = 3,
		.victim = { .pid = 5, .uid = 6, .rss_kb = 7, .comm = "x", .cgroup = "/a/b" },
		.reason = "because", .nr_others = 1, .others = { 8 },
	};

	CHECK_STR(text_of(&r), "seq=1\ntime_ns=0\ndomain=memcg\ncgroup=/a\ncgroup_id=12\norder=3\n"
		  "constraint=CONSTRAINT_MEMCG\npolicy=largest\npolicy_cgroup=/\n"
		  "policy_cgroup_id=1\nattachment=4\nresult=kill\ndry_run=0\nrehearsal=0\n"
		  "asked=1\nkills=2\nlatency_ns=99\nrepeats=3\nvictim_pid=5\nvictim_uid=6\n"
		  "victim_rss_kb=7\nvictim_comm=x\nvictim_cgroup=/a/b\nreason=because\n"
		  "also_killed=8\n\n");
}

TEST(text_names_every_result)
{
	static const char *const names[] = {
		"result=default\n", "result=kill\n", "result=wait\n", "result=raise\n",
		"result=freed\n",
	};
	unsigned int i;

	for (i = BPF_OOM_RESULT_DEFAULT; i <= BPF_OOM_RESULT_FREED; i++) {
		struct record r = { .result = i };

		CHECK_HAS(text_of(&r), names[i]);
	}
}

TEST(text_of_a_declared_oom)
{
	struct record r = { .declared_by = "psi-guard", .constraint = "pressure" };

	CHECK_HAS(text_of(&r), "\nconstraint=pressure\ndeclared=1\ndeclared_by=psi-guard\n");
}

TEST(text_of_the_kernels_rule)
{
	struct record none = { .kernel = "none" }, some = {
		.kernel = "kill", .kernel_pid = 5, .kernel_score = -6, .kernel_comm = "y"
	};

	CHECK_HAS(text_of(&none), "\nkernel=none\n\n");
	CHECK_HAS(text_of(&some),
		  "\nkernel=kill\nkernel_pid=5\nkernel_score=-6\nkernel_comm=y\n\n");
}

TEST(text_of_candidates_and_those_who_declined)
{
	struct record r = {
		.nr_considered = 20, .nr_candidates = 2, .nr_declined = 2,
		.candidates = {
			{ .score = -9, .pid = 5, .cgroup_id = 6, .text = "a b", .chosen = true },
			{ .score = 1, .cgroup_id = 7, .text = "/c", .why = "it is protected" },
		},
		.declined = {
			{ .name = "first", .cgroup_id = 8, .ret = -22, .why = "error" },
			{ .name = "second", .cgroup_id = 9, .why = "declined",
			  .reason = "not mine" },
		},
	};

	CHECK_HAS(text_of(&r), "\ndeclined=first 8 -22 error\n"
		  "declined=second 9 0 declined\ndeclined_why=not mine\n"
		  "candidates=20\ncandidate=-9 5 6 a b\ncandidate_chosen=1\n"
		  "candidate=1 0 7 /c\ncandidate_why=it is protected\n\n");
}

/* Otherwise a name could add keys. */
TEST(text_a_name_with_a_newline_stays_in_its_line)
{
	struct record r = {
		.cgroup = "/a\nkills=7", .nr_candidates = 1, .nr_considered = 1,
		.victim = { .pid = 1, .comm = "\x1b[31m\x7f" },
		.candidates = { { .pid = 1, .text = "x\nresult=kill" } },
	};

	CHECK_HAS(text_of(&r), "\ncgroup=/a?kills=7\n");
	CHECK_HAS(text, "\nvictim_comm=?[31m?\n");
	CHECK_HAS(text, "candidate=0 1 0 x?result=kill\n");
}

TEST(text_keeps_bytes_that_are_no_ascii)
{
	struct record r = { .cgroup = "/m\xc3\xbcll \xff" };

	CHECK_HAS(text_of(&r), "\ncgroup=/m\xc3\xbcll \xff\n");
}

TEST(text_of_the_largest_record_is_whole)
{
	const char *end = unit_largest_record() + strlen(text);

	CHECK_EQ(count(text, "\ncandidate="), RECORD_CANDIDATES);
	CHECK_EQ(count(text, "\ndeclined="), RECORD_DECLINED);
	CHECK_EQ(count(text, "\nalso_killed="), RECORD_OTHERS);
	CHECK_STR(end - 3, "w\n\n");
}

TEST(text_of_the_largest_record_fits_in_what_readers_are_told_to_have)
{
	unit_largest_record();
	CHECK(strlen(text) <= SZ_16K, "%zu bytes", strlen(text));
}

/* --- reading ----------------------------------------------------------------- */

static void commit(int order)
{
	struct record r = { .order = order };

	bpf_oom_record_commit(&r);
}

TEST(device_needs_the_capability)
{
	bpf_oom_record_init();
	bpf_oom_device_init(&user);
	kernel_capable = false;
	CHECK_EQ(kernel_misc->fops->open(NULL, &file), -EPERM);
	bpf_oom_device_exit();
	bpf_oom_record_exit();
}

TEST(device_is_closed_to_cgroup_namespaces)
{
	struct cgroup below = { .id = 5, .path = "/a" };
	struct css_set cset = { .dfl_cgrp = &below };
	struct cgroup_namespace ns = { .root_cset = &cset };
	struct nsproxy proxy = { .cgroup_ns = &ns };

	bpf_oom_record_init();
	bpf_oom_device_init(&user);
	current->nsproxy = &proxy;
	CHECK_EQ(kernel_misc->fops->open(NULL, &file), -EPERM);
	bpf_oom_device_exit();
	bpf_oom_record_exit();
}

TEST(device_is_roots)
{
	bpf_oom_device_init(&user);
	CHECK_EQ(kernel_misc->mode, 0600);
	CHECK_STR(kernel_misc->name, "bpf_oom");
	bpf_oom_device_exit();
}

TEST(read_gives_one_record_at_a_time)
{
	begin();
	commit(5);
	commit(6);
	CHECK(read_text() > 0, "nothing");
	CHECK_HAS(text, "\norder=5\n");
	CHECK(read_text() > 0, "nothing");
	CHECK_HAS(text, "\norder=6\n");
	CHECK_EQ(read_text(), -EAGAIN);
	end();
}

TEST(read_begins_with_the_oldest)
{
	int i;

	begin();
	kernel_misc->fops->release(NULL, &file);
	for (i = 0; i < RECORDS + 5; i++)
		commit(i);
	CHECK_EQ(kernel_misc->fops->open(NULL, &file), 0);
	CHECK(read_text() > 0, "nothing");
	CHECK_HAS(text, "seq=6\n");
	end();
}

TEST(read_tells_a_slow_reader_once_that_it_has_lost_some)
{
	int i;

	begin();
	for (i = 0; i < RECORDS + 5; i++)
		commit(i);
	CHECK_EQ(read_text(), -EPIPE);
	CHECK(read_text() > 0, "nothing");
	CHECK_HAS(text, "seq=6\n");
	end();
}

TEST(read_with_too_little_room_loses_nothing)
{
	ssize_t len;
	char *exact;

	begin();
	commit(5);
	CHECK_EQ(read_into(text, 10), -EINVAL);
	len = read_text();
	kernel_misc->fops->llseek(&file, 0, SEEK_SET);
	exact = malloc((size_t)len);
	CHECK_EQ(read_into(exact, (size_t)len - 1), -EINVAL);
	CHECK_EQ(read_into(exact, (size_t)len), len);
	free(exact);
	end();
}

TEST(read_to_a_bad_address_loses_nothing)
{
	begin();
	commit(5);
	CHECK_EQ(read_into(NULL, ROOM), -EFAULT);
	CHECK(read_text() > 0, "nothing");
	end();
}

TEST(read_settles_the_last_oom_first)
{
	begin();
	settled = 0;
	read_text();
	CHECK(settled, "it did not");
	end();
}

static void commit_one(void)
{
	commit(7);
}

TEST(read_waits_for_a_record)
{
	begin();
	file.f_flags = 0;
	kernel_on_wait = commit_one;
	CHECK(read_text() > 0, "nothing");
	CHECK_HAS(text, "\norder=7\n");
	end();
}

TEST(read_that_waits_is_ended_by_a_signal)
{
	begin();
	file.f_flags = 0;
	CHECK_EQ(read_text(), -ERESTARTSYS);
	end();
}

TEST(seek_goes_to_the_oldest_and_behind_the_last)
{
	begin();
	commit(5);
	CHECK_EQ(kernel_misc->fops->llseek(&file, 0, SEEK_END), 0);
	CHECK_EQ(read_text(), -EAGAIN);
	CHECK_EQ(kernel_misc->fops->llseek(&file, 0, SEEK_SET), 0);
	CHECK(read_text() > 0, "nothing");
	end();
}

TEST(seek_goes_nowhere_else)
{
	begin();
	CHECK_EQ(kernel_misc->fops->llseek(&file, 1, SEEK_SET), -ESPIPE);
	CHECK_EQ(kernel_misc->fops->llseek(&file, 0, SEEK_CUR), -EINVAL);
	end();
}

TEST(poll_tells_of_records_and_of_lost_ones)
{
	int i;

	begin();
	CHECK_EQ(kernel_misc->fops->poll(&file, NULL), 0);
	commit(5);
	CHECK_EQ(kernel_misc->fops->poll(&file, NULL), EPOLLIN | EPOLLRDNORM);
	for (i = 0; i < RECORDS; i++)
		commit(i);
	CHECK_EQ(kernel_misc->fops->poll(&file, NULL),
		 EPOLLIN | EPOLLRDNORM | EPOLLERR | EPOLLPRI);
	end();
}

/* --- writing ----------------------------------------------------------------- */

TEST(write_asks_for_a_rehearsal)
{
	begin();
	CHECK_EQ(write_text("rehearse 18446744073709551615\n"), 30);
	CHECK_EQ(rehearsed, -1ULL);
	end();
}

TEST(write_of_39_characters_is_taken)
{
	begin();
	CHECK_EQ(write_text("rehearse 000000000000000000000000000005"), 39);
	CHECK_EQ(rehearsed, 5);
	end();
}

TEST(write_of_40_characters_is_refused)
{
	begin();
	CHECK_EQ(write_text("rehearse 0000000000000000000000000000005"), -EINVAL);
	end();
}

TEST(write_hands_on_what_went_wrong)
{
	begin();
	rehearse_ret = -ENOENT;
	CHECK_EQ(write_text("rehearse 5"), -ENOENT);
	end();
}

TEST(write_of_anything_else_is_refused)
{
	static const char *const bad[] = {
		"", "rehearse", "rehearse ", "rehearse x", "rehearse 5 6", "rehearse 5x",
		"reset 5", "5",
	};
	size_t i;

	begin();
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(write_text(bad[i]) == -EINVAL, "'%s' was taken", bad[i]);
	CHECK_EQ(rehearsed, 0);
	end();
}
