// SPDX-License-Identifier: GPL-2.0-only
/* Records of decisions: /dev/bpf_oom */
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/types.h>
#include <bpf_oom/oom.h>

#include "harness.h"
#include "hooktest.h"
#include "klog.h"
#include "seen.h"

#define RECORDS 64

/* A small task, and a larger one that the kernel would kill */
struct scene {
	pid_t small, large;
};

static struct scene make_scene(void)
{
	struct scene s;

	cg_make_limited("dom", 80);
	cg_make("dom/a");
	s.small = hog("dom/a", 10, 0);
	s.large = hog("dom/a", 30, 0);
	return s;
}

static void end_scene(struct scene s)
{
	reap(s.small);
	reap(s.large);
}

TEST(a_record_says_who_was_killed_and_why)
{
	struct scene s = make_scene();
	struct policy *p = policy_on("chooser", "dom", 1);
	int fd = records_open();
	const char *r;

	policy_control(p)->kill_pid[0] = s.small;
	one_oom("dom");
	CHECK(killed(s.small), "the policy's choice lives");
	r = record_of(fd, "chooser");
	check_record(r, "domain", "memcg");
	check_record(r, "cgroup", "/test/dom");
	check_record_number(r, "cgroup_id", (long long)cg_id("dom"));
	check_record_number(r, "order", 0);
	check_record(r, "constraint", "CONSTRAINT_MEMCG");
	check_record(r, "policy_cgroup", "/test/dom");
	check_record_number(r, "policy_cgroup_id", (long long)cg_id("dom"));
	check_record_number(r, "attachment", (long long)seen_attachment("chooser"));
	check_record(r, "result", "kill");
	check_record_number(r, "dry_run", 0);
	check_record_number(r, "rehearsal", 0);
	check_record_number(r, "asked", 1);
	check_record_number(r, "kills", 1);
	check_record_number(r, "victim_pid", s.small);
	check_record_number(r, "victim_uid", 0);
	check_record(r, "victim_comm", "oomtest");
	check_record(r, "victim_cgroup", "/test/dom/a");
	check_record(r, "reason", "Test policy");
	check_record(r, "kernel", "kill");
	check_record_number(r, "kernel_pid", s.large);
	check_record(r, "kernel_comm", "oomtest");
	CHECK(record_number(r, "victim_rss_kb") >= 10 * 1024, "rss_kb %lld",
	      record_number(r, "victim_rss_kb"));
	CHECK(record_number(r, "kernel_score") >= 30 * 256, "score %lld",
	      record_number(r, "kernel_score"));
	CHECK(record_number(r, "latency_ns") > 0, "no latency");
	CHECK(record_number(r, "time_ns") > 0, "no time");
	CHECK(!record_next(fd), "two records for one OOM");
	close(fd);
	end_scene(s);
	policy_close(p);
}

TEST(a_record_says_who_left_it_to_the_kernel)
{
	struct scene s = make_scene();
	struct policy *first = policy_on("first", "dom", -12);
	struct policy *second = policy_on("second", NULL, 1);
	int fd = records_open();
	char want[64];
	const char *r;

	one_oom("dom");
	CHECK(killed(s.large), "the kernel chose somebody else");
	r = record_of(fd, "default");
	check_record(r, "result", "default");
	check_record_number(r, "asked", 2);
	/* The kernel decided this one. */
	check_record_number(r, "kills", 1);
	check_record_number(r, "victim_pid", s.large);
	check_record(r, "victim_comm", "oomtest");
	check_record(r, "victim_cgroup", "/test/dom/a");
	check_record_number(r, "victim_uid", 0);
	CHECK(record_number(r, "victim_rss_kb") >= 30 * 1024, "rss_kb %lld",
	      record_number(r, "victim_rss_kb"));
	check_record_number(r, "kernel_pid", s.large);
	snprintf(want, sizeof(want), "first %llu -12 error", cg_id("dom"));
	check_record(r, "declined", want);
	CHECK(!strcmp(record_has(r, "declined", 1), "second 1 1 nothing-done"),
	      "second: %s", record_value(r, "declined", 1));
	CHECK(!record_value(r, "declined", 2), "three were asked");
	close(fd);
	end_scene(s);
	policy_close(first);
	policy_close(second);
}

TEST(a_record_of_an_oom_of_the_system)
{
	struct policy *p = policy_on("chooser", NULL, 1);
	int fd = records_open();
	const char *r;
	pid_t pid;

	cg_make("a");
	pid = hog("a", 10, 0);
	policy_control(p)->kill_pid[0] = pid;
	one_oom(NULL);
	CHECK(killed(pid), "the policy's choice lives");
	r = record_of(fd, "chooser");
	check_record(r, "domain", "system");
	check_record(r, "cgroup", "/");
	check_record_number(r, "cgroup_id", 1);
	check_record_number(r, "victim_pid", pid);
	close(fd);
	reap(pid);
	policy_close(p);
}

/* The value of a key of candidate @nr (from 0); "" if it has none */
static const char *candidate_key(const char *record, int nr, const char *key)
{
	static char value[256];
	const char *line = record;
	size_t len = strlen(key);

	value[0] = 0;
	for (; nr >= 0; nr--) {
		line = strstr(line, "\ncandidate=");
		CHECK(line, "too few candidates");
		line++;
	}
	while ((line = strchr(line, '\n') + 1) && !strncmp(line, "candidate_", 10)) {
		if (!strncmp(line, key, len) && line[len] == '=')
			snprintf(value, sizeof(value), "%.*s",
				 (int)strcspn(line + len + 1, "\n"), line + len + 1);
	}
	return value;
}

TEST(a_record_has_the_tasks_that_were_ranked)
{
	struct scene s = make_scene();
	struct policy *p = ranker_open("ranker", "dom", false);
	int fd = records_open();
	long long score;
	const char *r;
	int pid;

	policy_control(p)->rank_pid[0] = s.small;
	policy_control(p)->rank[0] = BPF_EVAL_SELECT;
	policy_control(p)->rank_pid[1] = s.large;
	policy_control(p)->rank[1] = BPF_EVAL_NEXT;
	policy_start(p);
	one_oom("dom");
	CHECK(killed(s.small), "the policy's choice lives");
	r = record_of(fd, "ranker");
	check_record_number(r, "victim_pid", s.small);
	check_record(r, "reason", "Out of memory (ranker)");
	check_record_number(r, "candidates", 2);
	CHECK(sscanf(record_has(r, "candidate", 0), "%lld %d %*u oomtest", &score, &pid) == 2,
	      "candidate=%s", record_value(r, "candidate", 0));
	CHECK(pid == s.large && score >= 30 * 256, "%d, %lld", pid, score);
	CHECK(!strcmp(candidate_key(r, 0, "candidate_why"), "the policy skipped it"),
	      "no reason");
	CHECK(!*candidate_key(r, 0, "candidate_chosen"), "chosen, too");
	CHECK(sscanf(record_has(r, "candidate", 1), "%lld %d", &score, &pid) == 2 &&
	      pid == s.small, "candidate=%s", record_value(r, "candidate", 1));
	CHECK(!strcmp(candidate_key(r, 1, "candidate_chosen"), "1"), "not chosen");
	CHECK(!record_value(r, "candidate", 2), "three candidates");
	close(fd);
	end_scene(s);
	policy_close(p);
}

TEST(a_record_keeps_the_selected_task_among_the_best_sixteen)
{
	struct policy *p;
	pid_t pid[20];
	int fd, i;
	const char *r;

	cg_make_limited("dom", 120);
	for (i = 0; i < 20; i++)
		pid[i] = hog("dom", i ? 3 : 1, 0);
	p = ranker_open("ranker", "dom", false);
	policy_control(p)->rank_pid[0] = pid[0];
	policy_control(p)->rank[0] = BPF_EVAL_SELECT;
	policy_start(p);
	fd = records_open();
	one_oom("dom");
	CHECK(killed(pid[0]), "the policy's choice lives");
	r = record_of(fd, "ranker");
	CHECK(!strcmp(candidate_key(r, 15, "candidate_chosen"), "1"),
	      "the last one is %s", record_value(r, "candidate", 15));
	CHECK(!record_value(r, "candidate", 16), "more than 16");
	check_record_number(r, "candidates", 20);
	close(fd);
	for (i = 0; i < 20; i++)
		reap(pid[i]);
	policy_close(p);
}

TEST(a_record_has_the_cgroups_that_largest_compares)
{
	int fd = records_open(), i, found = 0;
	char want[64];
	const char *r, *c;
	pid_t a, b;

	cg_make_limited("dom", 100);
	cg_make("dom/small");
	cg_make("dom/large");
	a = hog("dom/small", 10, 0);
	b = hog("dom/large", 30, 0);
	CHECK(!sh("bpfoom attach largest"), "attach");
	one_oom("dom");
	CHECK(killed(b), "the largest cgroup lives");
	r = record_of(fd, "largest");
	snprintf(want, sizeof(want), " 0 %llu /test/dom/small", cg_id("dom/small"));
	for (i = 0; (c = record_value(r, "candidate", i)); i++)
		found += !!strstr(c, want);
	CHECK_EQ(i, 2);
	CHECK_EQ(found, 1);
	CHECK(strstr(record_has(r, "candidate", 0), " /test/dom/large"), "not the largest first");
	CHECK(!strcmp(candidate_key(r, 0, "candidate_chosen"), "1"), "the largest was not chosen");
	CHECK(!*candidate_key(r, 1, "candidate_chosen"), "the other was chosen, too");
	CHECK(!sh("bpfoom detach largest"), "detach");
	close(fd);
	reap(a);
	reap(b);
}

/* The kernel kills all of a group, and all of it is recorded. */
static void check_group_record(const char *r, const pid_t *pid, int nr)
{
	char died[32];
	int i, j;

	check_record_number(r, "kills", nr);
	for (i = 0; i < nr; i++) {
		CHECK(killed(pid[i]), "one of the group lives");
		if (pid[i] == record_number(r, "victim_pid"))
			continue;
		snprintf(died, sizeof(died), "%d", pid[i]);
		for (j = 0; strcmp(record_has(r, "also_killed", j), died); j++)
			;
	}
	CHECK(!record_value(r, "also_killed", nr - 1), "more than died");
}

static void make_group(pid_t pid[3])
{
	cg_make_limited("dom", 80);
	cg_make("dom/group");
	cg_make("dom/group/a");
	cg_make("dom/group/b");
	cg_write("dom/group", "memory.oom.group", "1");
	pid[0] = hog("dom/group/a", 20, 0);
	pid[1] = hog("dom/group/a", 5, 0);
	pid[2] = hog("dom/group/b", 5, 0);
}

TEST(a_record_says_why_a_policy_passed_over_a_cgroup_and_declined)
{
	struct scene s = make_scene();
	struct policy *p = able_on("lazy", "dom", 0);
	int fd = records_open();
	char want[64];
	const char *r;

	policy_control(p)->pass_over_id = cg_id("dom/a");
	policy_control(p)->says_why = 1;
	one_oom("dom");
	CHECK(killed(s.large), "the kernel chose somebody else");
	r = record_of(fd, "default");
	check_record(r, "declined_why", "it is Sunday");
	snprintf(want, sizeof(want), "7 0 %llu /test/dom/a", cg_id("dom/a"));
	check_record(r, "candidate", want);
	check_record(r, "candidate_why", "it is not its turn");
	close(fd);
	end_scene(s);
	policy_close(p);
}

TEST(a_record_has_the_score_by_which_a_policy_ranks)
{
	struct scene s = make_scene();
	struct policy *p = ranker_open("ranker", "dom", false);
	int fd = records_open(), pid;
	const char *r;
	long long score;

	policy_control(p)->rank_score = 4711;
	policy_start(p);
	one_oom("dom");
	CHECK(killed(s.large), "by the kernel's rule");
	r = record_of(fd, "ranker");
	CHECK(sscanf(record_has(r, "candidate", 0), "%lld %d", &score, &pid) == 2 &&
	      score == 4711, "candidate=%s", record_value(r, "candidate", 0));
	close(fd);
	end_scene(s);
	policy_close(p);
}

TEST(a_record_has_all_whom_memory_oom_group_adds_to_a_kill)
{
	struct policy *p;
	const char *r;
	pid_t pid[3];
	int fd;

	make_group(pid);
	p = policy_on("chooser", "dom", 1);
	policy_control(p)->kill_pid[0] = pid[1];
	fd = records_open();
	one_oom("dom");
	r = record_of(fd, "chooser");
	check_record_number(r, "victim_pid", pid[1]);
	check_group_record(r, pid, 3);
	CHECK_EQ(seen_number("chooser", "kills"), 3);
	check_report("chooser", "/test/dom", "MEMCG", "/test/dom", 3);
	close(fd);
	policy_close(p);
}

TEST(a_record_has_all_whom_the_kernel_kills_by_memory_oom_group)
{
	struct policy *p;
	const char *r;
	pid_t pid[3];
	int fd;

	make_group(pid);
	p = policy_on("declines", "dom", 0);
	fd = records_open();
	one_oom("dom");
	r = record_of(fd, "default");
	check_record(r, "result", "default");
	check_record_number(r, "victim_pid", pid[0]);
	check_group_record(r, pid, 3);
	CHECK_EQ(seen_number("declines", "kills"), 0);
	if (klog_has_soon("oom_policy=default"))
		check_report("default", "/", "MEMCG", "/test/dom", 3);
	close(fd);
	policy_close(p);
}

/* An OOM without a process to kill is recorded without a death. */
TEST(a_record_of_nobody_who_could_be_killed)
{
	struct policy *p;
	const char *r;
	pid_t pid;
	int fd;

	cg_make_limited("dom", 80);
	pid = hog("dom", 5, -1000);
	p = policy_on("declines", "dom", 0);
	fd = records_open();
	hooktest("oom %llu", cg_id("dom"));
	r = record_of(fd, "default");
	check_record_number(r, "kills", 0);
	check_record(r, "victim_pid", NULL);
	CHECK(!klog_has_soon("oom_policy="), "the log tells of a decision");
	close(fd);
	reap(pid);
	policy_close(p);
}

TEST(a_record_without_explanation_has_neither_the_kernels_choice_nor_ranks)
{
	struct scene s = make_scene();
	struct policy *p = ranker_open("ranker", "dom", false);
	int fd = records_open();
	const char *r;

	policy_start(p);
	set_param("explain", "N");
	one_oom("dom");
	set_param("explain", "Y");
	CHECK(killed(s.large), "by the kernel's rule");
	r = record_of(fd, "ranker");
	check_record_number(r, "victim_pid", s.large);
	check_record(r, "kernel", NULL);
	check_record(r, "kernel_pid", NULL);
	check_record(r, "candidate", NULL);
	close(fd);
	end_scene(s);
	policy_close(p);
}

TEST(a_record_is_lines_whatever_a_process_is_called)
{
	struct policy *p;
	const char *r;
	pid_t pid;
	int fd;

	cg_make_limited("dom", 40);
	/* U+009B begins a terminal command. */
	prctl(PR_SET_NAME, "a\nseq=7\xc2\x9b");
	pid = hog("dom", 5, 0);
	prctl(PR_SET_NAME, "oomtest");
	p = policy_on("chooser", "dom", 1);
	policy_control(p)->kill_pid[0] = pid;
	fd = records_open();
	one_oom("dom");
	CHECK(killed(pid), "the policy's choice lives");
	r = record_of(fd, "chooser");
	check_record(r, "victim_comm", "a?seq=7\xc2\x9b");
	CHECK(!record_value(r, "seq", 1), "a name made a line");
	CHECK(!sh("bpfoom why | grep -qF '(a?seq=7?)'"), "it is shown to the terminal as it is");
	close(fd);
	reap(pid);
	policy_close(p);
}

TEST(records_are_read_as_from_kmsg)
{
	struct policy *p;
	struct pollfd pfd = { .events = POLLIN };
	char buf[16384];
	int fd;

	cg_make_limited("dom", 40);
	hog("dom", 5, 0);
	p = policy_on("chooser", "dom", 0);
	fd = records_open();
	pfd.fd = fd;
	CHECK_EQ(read(fd, buf, sizeof(buf)), -1);
	CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(poll(&pfd, 1, 0), 0);
	CHECK_EQ(rehearse("chooser"), 0);
	CHECK_EQ(poll(&pfd, 1, 0), 1);
	CHECK_EQ(pfd.revents, POLLIN);
	CHECK_EQ(read(fd, buf, 20), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK(record_next(fd), "it was lost by a read that was too short");
	CHECK(!record_next(fd), "read twice");
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK(record_next(fd), "nothing after SEEK_SET");
	CHECK_EQ(lseek(fd, 0, SEEK_END), 0);
	CHECK(!record_next(fd), "something after SEEK_END");
	CHECK_EQ(lseek(fd, 1, SEEK_SET), -1);
	CHECK_EQ(errno, ESPIPE);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), -1);
	CHECK_EQ(errno, EINVAL);
	close(fd);
	policy_close(p);
}

TEST(records_wait_for_the_next_one)
{
	struct policy *p;
	pid_t pid;
	int fd, status;

	cg_make_limited("dom", 40);
	hog("dom", 5, 0);
	p = policy_on("chooser", "dom", 0);
	fd = records_open();
	CHECK(!fcntl(fd, F_SETFL, 0), "fcntl");
	pid = fork();
	if (!pid)
		_exit(!record_next(fd));
	usleep(500000);
	CHECK_EQ(waitpid(pid, &status, WNOHANG), 0);
	CHECK_EQ(rehearse("chooser"), 0);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	close(fd);
	policy_close(p);
}

TEST(records_that_are_overwritten_are_missed_loudly)
{
	struct policy *p;
	long long seq;
	char buf[16384];
	int fd, i;

	cg_make_limited("dom", 40);
	hog("dom", 5, 0);
	p = policy_on("chooser", "dom", 0);
	fd = records_open();
	for (i = 0; i <= RECORDS; i++)
		CHECK_EQ(rehearse("chooser"), 0);
	CHECK_EQ(read(fd, buf, sizeof(buf)), -1);
	CHECK_EQ(errno, EPIPE);
	seq = record_number(record_next(fd), "seq");
	for (i = 1; i < RECORDS; i++)
		CHECK_EQ(record_number(record_next(fd), "seq"), seq + i);
	CHECK(!record_next(fd), "more than there were");
	close(fd);
	policy_close(p);
}

/* Returns the error of opening the device after become(), or 0. */
static int open_error_as(bool (*become)(void))
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (!become())
			_exit(255);
		_exit(open("/dev/bpf_oom", O_RDONLY | O_NONBLOCK) < 0 ? errno : 0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status), "it was killed");
	return WEXITSTATUS(status);
}

static bool root(void)
{
	return true;
}

static bool nobody(void)
{
	return !setresuid(65534, 65534, 65534);
}

/* Become like root in a container that has the device node. */
static bool root_without_admin(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return false;
	data[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective &= ~CAP_TO_MASK(CAP_SYS_ADMIN);
	return !syscall(SYS_capset, &header, data);
}

TEST(records_are_for_root_only)
{
	CHECK_EQ(open_error_as(root), 0);
	CHECK_EQ(open_error_as(nobody), EACCES);
	CHECK_EQ(open_error_as(root_without_admin), EPERM);
}

TEST(a_bad_command_to_the_device_is_refused)
{
	CHECK_EQ(write_file("/dev/bpf_oom", "rehearse"), -EINVAL);
	CHECK_EQ(write_file("/dev/bpf_oom", "rehearse x"), -EINVAL);
	CHECK_EQ(write_file("/dev/bpf_oom", "rehearse 1 2"), -EINVAL);
	CHECK_EQ(write_file("/dev/bpf_oom", "%060d", 0), -EINVAL);
	CHECK_EQ(write_file("/dev/bpf_oom", "rehearse 0"), -ENOENT);
	CHECK_EQ(write_file("/dev/bpf_oom", "rehearse 99999999"), -ENOENT);
}

TEST(a_policy_rehearses_without_a_kill)
{
	struct scene s = make_scene();
	struct policy *other = policy_on("other", "dom", 1);
	struct policy *p = policy_on("actor", "dom", 1);
	int fd = records_open();
	const char *r;

	policy_control(p)->kill_pid[0] = s.small;
	CHECK_EQ(rehearse("actor"), 0);
	r = record_of(fd, "actor");
	check_record_number(r, "rehearsal", 1);
	check_record_number(r, "dry_run", 1);
	check_record(r, "result", "kill");
	check_record_number(r, "victim_pid", s.small);
	check_record_number(r, "kernel_pid", s.large);
	CHECK(!record_next(fd), "more than one record");
	CHECK_EQ(policy_control(p)->kill_ret[0], 0);
	CHECK_EQ(policy_control(other)->asked, 0);
	CHECK_EQ(seen_number("actor", "asked"), 0);
	CHECK_EQ(cg_key("dom", "memory.events", "oom_kill"), 0);
	CHECK(!klog_count("oom_policy="), "the log tells of an OOM");
	CHECK(alive(s.small) && alive(s.large), "somebody died");
	close(fd);
	end_scene(s);
	policy_close(p);
	policy_close(other);
}

TEST(a_rehearsal_needs_a_policy_that_has_tasks)
{
	struct policy *p;

	cg_make_limited("empty", 40);
	p = policy_on("actor", "empty", 1);
	CHECK_EQ(rehearse("actor"), -ESRCH);
	policy_close(p);
	CHECK_EQ(rehearse("actor"), -ENOENT);
}

TEST(a_policy_for_rehearsals_is_not_asked_about_ooms)
{
	struct scene s = make_scene();
	struct policy *p = policy_open("actor", "dom");
	int fd = records_open();

	policy_ops(p)->flags = BPF_OOM_F_REHEARSAL;
	policy_start(p);
	one_oom("dom");
	CHECK(killed(s.large), "the kernel chose somebody else");
	CHECK_EQ(policy_control(p)->asked, 0);
	CHECK(!record_next(fd), "a record of nothing");
	CHECK_EQ(rehearse("actor"), 0);
	CHECK_EQ(policy_control(p)->asked, 1);
	close(fd);
	end_scene(s);
	policy_close(p);
}

TEST(a_rehearsal_of_the_system_kills_nobody)
{
	struct policy *p = policy_on("actor", NULL, 1);
	int fd = records_open();
	const char *r;
	pid_t pid;

	cg_make("a");
	pid = hog("a", 10, 1000);
	policy_control(p)->kill_pid[0] = pid;
	CHECK_EQ(rehearse("actor"), 0);
	r = record_of(fd, "actor");
	check_record(r, "domain", "system");
	check_record(r, "result", "kill");
	CHECK(alive(pid), "it was killed");
	close(fd);
	reap(pid);
	policy_close(p);
}
