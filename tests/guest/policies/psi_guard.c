// SPDX-License-Identifier: GPL-2.0-only
/* The shipped policy "psi-guard", attached by the tool as a user would */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

#include "harness.h"
#include "klog.h"
#include "psi_util.h"
#include "util.h"

/* Short durations, so that the tests do not take long */
#define QUICK "--set limit_us=100000 --set limit_duration=2"

static void __attribute__((format(printf, 1, 2))) attach(const char *fmt, ...)
{
	char args[1024];
	va_list ap;

	need_memcg();
	va_start(ap, fmt);
	vsnprintf(args, sizeof(args), fmt, ap);
	va_end(ap);
	/*
	 * Remove an attachment that a failed test has left; it would be taken for ours.
	 */
	sh("rm /sys/fs/bpf/bpf-oom/links/psi-guard@* 2>/dev/null && sleep 1");
	CHECK(!sh("bpfoom attach psi-guard %s %s", QUICK, args),
	      "bpfoom attach psi-guard %s", args);
}

static void detach(void)
{
	CHECK(!sh("bpfoom detach --all"), "bpfoom detach");
}

#define STATS ".data.psi_guard"

/* Finds the statistics map, however the policy was attached. */
static int open_stats(struct bpf_map_info *info)
{
	__u32 id = 0, len = sizeof(*info);
	int fd;

	while (!bpf_map_get_next_id(id, &id)) {
		fd = bpf_map_get_fd_by_id(id);
		memset(info, 0, sizeof(*info));
		if (fd >= 0 && !bpf_map_get_info_by_fd(fd, info, &len) &&
		    !strcmp(info->name, STATS))
			return fd;
		close(fd);
	}
	FAIL("no policy has a map " STATS);
}

/* Finds a member of the only variable in that section. */
static const struct btf_member *find_member(const struct btf *btf, const char *key)
{
	int section = btf__find_by_name_kind(btf, STATS, BTF_KIND_DATASEC);
	const struct btf_member *m;
	const struct btf_type *t;

	CHECK(section > 0, "no type of " STATS);
	t = btf__type_by_id(btf, (__u32)section);
	t = btf__type_by_id(btf, btf_var_secinfos(t)->type);
	t = btf__type_by_id(btf, t->type);
	m = btf_members(t);
	for (int i = 0; i < btf_vlen(t); i++, m++) {
		if (!strcmp(btf__name_by_offset(btf, m->name_off), key))
			return m;
	}
	FAIL("no %s in " STATS, key);
}

/* Reads a counter of the policy. */
static long stat(const char *key)
{
	struct bpf_map_info info;
	int fd = open_stats(&info), zero = 0;
	struct btf *btf = btf__load_from_kernel_by_id(info.btf_id);
	const struct btf_member *m;
	char value[4096];
	long ret;

	CHECK(info.value_size <= sizeof(value), "too large");
	CHECK(btf && !bpf_map_lookup_elem(fd, &zero, value), "no statistics: %s",
	      strerror(errno));
	m = find_member(btf, key);
	ret = *(long *)(value + m->offset / 8);
	btf__free(btf);
	close(fd);
	return ret;
}

/* Waits some seconds for a counter to reach a value. */
static bool stat_reaches(const char *key, long value, int seconds)
{
	for (int i = 0; i < seconds * 10; i++) {
		if (stat(key) >= value)
			return true;
		usleep(100000);
	}
	return false;
}

/* Starts a task that exceeds memory.high, and so waits most of the time. */
static void limit(const char *cg)
{
	cg_make(cg);
	cg_write(cg, "memory.high", "20M");
	cg_write(cg, "memory.max", "400M");
	write_file(CG_ROOT "/test/dom/memory.swap.max", "0");
}

static pid_t thrash(const char *cg)
{
	limit(cg);
	return eater(cg, 0, 20000);
}

/* Starts a task that never waits. */
static pid_t busy(const char *cg)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	cg_write(cg, "cgroup.procs", "0");
	for (;;)
		__asm__ __volatile__("");
}

static void check_report_at_limit(const char *policy, const char *cg, int killed)
{
	char want[256];

	snprintf(want, sizeof(want), "oom_policy=%s,", policy);
	CHECK(klog_has(want), "no '%s' but: %s", want,
	      klog_line("oom_policy=") ?: "no such line");
	snprintf(want, sizeof(want),
		 "constraint=PSI_GUARD_AT_LIMIT,oom_cgroup=/test/%s,killed=%d", cg,
		 killed);
	CHECK(klog_has(want), "no '%s' but: %s", want, klog_line("oom_policy="));
}

TEST(psi_guard_that_only_observes_declares_nothing_and_counts)
{
	pid_t pid;

	cg_make("dom");
	attach("--cgroup /test/dom --set observe_only=true");
	pid = thrash("dom/a");
	CHECK(stat_reaches("observed", 1, 60), "nothing seen in %ld events",
	      stat("events"));
	CHECK_EQ(stat("last_cgroup_id"), cg_id("dom/a"));
	CHECK_EQ(stat("declared"), 0);
	CHECK(alive(pid), "it died");
	CHECK(!klog_count("oom-kill:"), "an OOM was declared");
	CHECK(!sh("bpftool map dump name " STATS " | grep -q '\"observed\": [1-9]'"),
	      "bpftool does not show it");
	reap(pid);
	detach();
}

TEST(psi_guard_has_the_kernel_settle_a_cgroup_at_its_limit)
{
	pid_t pid, neighbour;

	cg_make("dom");
	cg_make("dom/b");
	neighbour = hog("dom/b", 40, 1000);
	pid = thrash("dom/a");
	attach("--cgroup /test/dom");
	CHECK(killed(pid), "it lives, after %ld events, %ld declared", stat("events"),
	      stat("declared"));
	CHECK(alive(neighbour), "the neighbour died");
	CHECK_EQ(cg_key("dom/a", "memory.events", "oom_kill"), 1);
	check_report_at_limit("default", "dom/a", 1);
	/* The policy counts after the kill. */
	CHECK(stat_reaches("killed", 1, 30), "counted: %ld", stat("killed"));
	CHECK_EQ(stat("at_limit"), 1);
	detach();
}

/* The limit and the OOM are in a cgroup above; the policy there chooses. */
TEST(psi_guard_has_an_attached_policy_settle_a_cgroup_at_its_limit)
{
	struct policy *p;
	pid_t pid, chosen;

	cg_make("dom");
	limit("dom/group");
	cg_make("dom/group/a");
	cg_make("dom/group/b");
	chosen = hog("dom/group/b", 5, 0);
	p = policy_on("chooser", "dom", 1);
	policy_control(p)->kill_pid[0] = chosen;
	attach("--cgroup /test/dom --set cooldown_ms=60000");
	pid = eater("dom/group/a", 0, 20000);
	CHECK(killed(chosen), "the policy's choice lives");
	CHECK(alive(pid), "not only the policy's choice died");
	CHECK_EQ(policy_control(p)->memcg_id, cg_id("dom/group"));
	check_report_at_limit("chooser", "dom/group", 1);
	reap(pid);
	detach();
	policy_close(p);
}

TEST(psi_guard_lets_time_pass_after_an_oom)
{
	int seconds = debug_kernel() ? 30 : 12;
	pid_t a, b;

	cg_make("dom");
	limit("dom/b");
	attach("--cgroup /test/dom --set cooldown_ms=%d", seconds * 1000);
	a = thrash("dom/a");
	CHECK(killed(a), "it lives");
	b = eater("dom/b", 0, 20000);
	CHECK(stat_reaches("cooling", 1, seconds), "there was no pressure");
	CHECK(alive(b), "another one died at once");
	CHECK(killed(b), "it is not watched any more");
	CHECK(stat_reaches("killed", 2, 30), "counted: %ld", stat("killed"));
	detach();
}

/* Maps so many MB of shared memory, or 0: allocates as much as it can. */
static void __attribute__((noreturn)) become_victim(const char *cg, unsigned int mb)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	write_file("/proc/self/oom_score_adj", "0");
	cg_write(cg, "cgroup.procs", "0");
	if (mb)
		memset(mmap(NULL, mb * MB, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0), 1, mb * MB);
	while (mb)
		pause();
	for (;;)
		memset(malloc(MB), 1, MB);
}

/* Any user may trace its own child, and so keep it from exiting. */
static void keep_victim_for(const char *cg, unsigned int mb, unsigned int seconds)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		become_victim(cg, mb);
	waitpid(pid, &status, 0);
	ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)PTRACE_O_TRACEEXIT);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	waitpid(pid, &status, 0);
	sleep(seconds);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	waitpid(pid, &status, 0);
}

/* Provides victims nearly all of the time, none of them for long. */
static pid_t victims(const char *cg)
{
	pid_t pid;

	cg_make_limited(cg, 10);
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		keep_victim_for(cg, 0, 6);
		sleep(1);
	}
}

TEST(psi_guard_is_not_stopped_by_a_tenant_whose_victims_take_their_time)
{
	pid_t pid, tenant;

	cg_make("dom");
	tenant = victims("tenant");
	CHECK(WAIT_FOR(cg_key("tenant", "memory.events", "oom_kill") > 0, 30), "no victim");
	attach("--cgroup /test/dom --set limit_duration=6");
	pid = thrash("dom/a");
	CHECK(stat_reaches("killed", 1, 30), "nothing in 30 s, and no time in %ld of %ld windows",
	      stat("cooling"), stat("events"));
	CHECK(stat("cooling"), "there was no victim to wait for");
	CHECK(killed(pid), "somebody else died");
	reap(tenant);
	detach();
}

TEST(psi_guard_kills_so_many_per_minute_and_no_more)
{
	pid_t a, b, c;

	cg_make("dom");
	attach("--cgroup /test/dom --set cooldown_ms=100 --set kills_per_minute=2");
	a = thrash("dom/a");
	b = thrash("dom/b");
	CHECK(killed(a) && killed(b), "two live");
	c = thrash("dom/c");
	CHECK(stat_reaches("too_many", 1, 30), "not counted");
	CHECK(alive(c), "too many died");
	CHECK_EQ(stat("declared"), 2);
	reap(c);
	detach();
}

TEST(psi_guard_follows_cgroups_that_come_and_go)
{
	long watched;
	pid_t pid;

	cg_make("dom");
	attach("--cgroup /test/dom");
	watched = stat("watched");
	CHECK_EQ(watched, 1);
	cg_make("dom/slice");
	cg_make("dom/slice/new");
	pid = thrash("dom/slice/new");
	CHECK(killed(pid), "a new cgroup is not watched");
	CHECK_EQ(stat("watched"), watched + 2);
	CHECK(!cg_remove("dom/slice/new"), "rmdir");
	CHECK(!cg_remove("dom/slice"), "rmdir");
	WAIT_FOR(stat("watched") == watched, 30);
	CHECK_EQ(stat("watched"), watched);
	CHECK_EQ(stat("without_trigger"), 0);
	detach();
}

/* With only one trigger, which the root gets */
TEST(psi_guard_acts_on_cgroups_that_it_has_no_trigger_for)
{
	pid_t before, after;

	cg_make("dom");
	before = thrash("dom/a");
	attach("--cgroup /test/dom --set max_triggers=1 --set cooldown_ms=100");
	CHECK_EQ(stat("watched"), 1);
	CHECK_EQ(stat("without_trigger"), 1);
	CHECK(!sh("bpfoom list | grep -q 'psi-guard on /test/dom: 1 of 2 cgroups have no trigger'"),
	      "bpfoom list does not say it");
	CHECK(!sh("bpfoom list --json | grep -q '\"watched\":1,\"without_trigger\":1'"),
	      "bpfoom list --json does not say it");
	CHECK(stat_reaches("killed", 1, 60), "it lives, after %ld events", stat("events"));
	CHECK(killed(before), "somebody else died");
	after = thrash("dom/b");
	CHECK(stat_reaches("killed", 2, 60), "a new one lives, after %ld events",
	      stat("events"));
	CHECK(killed(after), "somebody else died");
	CHECK_EQ(stat("watched"), 1);
	CHECK_EQ(stat("without_trigger"), 2);
	check_report_at_limit("default", "dom/b", 1);
	detach();
}

/* "full" of a leaf is "some" of the root, which has another, busy leaf. */
TEST(psi_guard_looks_for_stalls_of_all_tasks_without_triggers_too)
{
	pid_t pid, works;

	cg_make("dom");
	cg_make("dom/works");
	works = busy("dom/works");
	pid = thrash("dom/a");
	attach("--cgroup /test/dom --set max_triggers=2 --set some_us=0 --set full_us=50000");
	CHECK_EQ(stat("without_trigger"), 2);
	CHECK(stat_reaches("killed", 1, 60), "it lives, after %ld events", stat("events"));
	CHECK(killed(pid), "somebody else died");
	reap(works);
	detach();
}

TEST(psi_guard_gives_a_trigger_to_who_stalls_when_there_is_one_again)
{
	pid_t pid;

	cg_make("dom");
	cg_make("dom/a");
	attach("--cgroup /test/dom --set max_triggers=2 --set cooldown_ms=100");
	cg_make("dom/b");
	CHECK(stat_reaches("without_trigger", 1, 30), "who is not watched is not counted");
	CHECK_EQ(stat("watched"), 2);
	CHECK(!cg_remove("dom/a"), "rmdir");
	CHECK(WAIT_FOR(stat("watched") == 1, 30), "watched: %ld", stat("watched"));
	pid = thrash("dom/b");
	CHECK(stat_reaches("watched", 2, 60), "it has no trigger");
	CHECK(killed(pid), "it lives");
	CHECK(WAIT_FOR(!stat("without_trigger"), 30), "without: %ld",
	      stat("without_trigger"));
	detach();
}

TEST(psi_guard_says_at_attach_who_has_no_trigger)
{
	need_memcg();
	cg_make("dom");
	cg_make("dom/a");
	CHECK(!sh("bpfoom attach psi-guard --cgroup /test/dom --set max_triggers=1 | grep -q '%s'",
		  "1 of 2 cgroups have no trigger"), "not a word");
	detach();
}

TEST(psi_guard_refuses_more_triggers_than_there_can_be)
{
	need_memcg();
	CHECK_EQ(sh("bpfoom attach psi-guard --set max_triggers=1025 2>/dev/null"), 2);
	CHECK_EQ(sh("bpfoom attach psi-guard --set max_triggers=0 2>&1 | grep -q '%s'",
		    "must be from 1 to 1024"), 0);
}

TEST(psi_guard_looks_at_nothing_outside_of_its_root)
{
	pid_t pid;

	cg_make("dom");
	attach("--cgroup /test/dom");
	pid = thrash("other");
	sleep(4);
	CHECK_EQ(stat("events"), 0);
	CHECK_EQ(stat("watched"), 1);
	CHECK(alive(pid), "it died");
	reap(pid);
	detach();
}

TEST(psi_guard_with_depth_0_looks_at_its_root_only)
{
	pid_t pid;

	cg_make("dom");
	limit("dom/group");
	cg_make("dom/group/a");
	attach("--cgroup /test/dom/group --set depth=0");
	CHECK_EQ(stat("watched"), 1);
	pid = eater("dom/group/a", 0, 20000);
	CHECK(killed(pid), "it lives");
	check_report_at_limit("default", "dom/group", 1);
	detach();
}

TEST(psi_guard_has_thresholds_of_single_cgroups)
{
	pid_t spared, pid;

	cg_make("dom");
	cg_make("dom/spared");
	limit("dom/spared/a");
	limit("dom/b");
	attach("--cgroup /test/dom --set threshold@/test/dom/spared=0 --set threshold@/test/dom/b=60000");
	spared = eater("dom/spared/a", 0, 20000);
	pid = eater("dom/b", 0, 20000);
	CHECK(killed(pid), "it lives");
	sleep(3);
	CHECK(alive(spared), "the one to be spared died");
	CHECK_EQ(stat("watched"), 2);
	reap(spared);
	detach();
}

/*
 * Seen from below, a limit above the root is like a machine without memory, except that
 * the machine does have free memory.
 */
static void make_limit_above(void)
{
	cg_make("dom");
	cg_write("dom", "memory.high", "60M");
	cg_write("dom", "memory.max", "400M");
	write_file(CG_ROOT "/test/dom/memory.swap.max", "0");
	cg_make("dom/root");
}

static void make_shortage_from_above(pid_t *large, pid_t *small)
{
	make_limit_above();
	cg_make("dom/root/large");
	cg_make("dom/root/small");
	*large = hog("dom/root/large", 40, 0);
	*small = hog("dom/root/small", 4, 0);
}

/* Options that ignore whether the machine is short of memory and which leaf grows */
#define SHORT "--cgroup /test/dom/root --set low_percent=100 --set lookahead_s=0 --set cooldown_ms=60000"

TEST(psi_guard_does_nothing_while_there_is_memory)
{
	pid_t large, small, stalls;

	make_shortage_from_above(&large, &small);
	attach("--cgroup /test/dom/root");
	stalls = eater("dom/root/small", 0, 20000);
	CHECK(stat_reaches("plenty", 1, 60), "there was no pressure");
	sleep(3);
	CHECK_EQ(stat("declared"), 0);
	CHECK(alive(large) && alive(small) && alive(stalls), "one died");
	reap(stalls);
	detach();
}

/* The leaf that stalls is smaller. */
TEST(psi_guard_blames_the_largest_leaf_when_memory_is_low)
{
	pid_t large, small, stalls;

	make_shortage_from_above(&large, &small);
	cg_make("dom/root/stalls");
	attach(SHORT);
	stalls = eater("dom/root/stalls", 0, 20000);
	/* Reclaim makes no progress; the eater is throttled for longer and longer. */
	if (!killed(large))
		FAIL("the largest lives: %ld declared, nobody %ld, plenty %ld, swap %ld",
		     stat("declared"), stat("nobody"), stat("plenty"),
		     stat("swapping"));
	CHECK(alive(small) && alive(stalls), "more than one died");
	CHECK(klog_has("constraint=PSI_GUARD,oom_cgroup=/test/dom/root/large,"),
	      "no report but: %s", klog_line("oom_policy=") ?: "no such line");
	reap(stalls);
	detach();
}

TEST(psi_guard_spares_what_is_protected)
{
	pid_t large, small, stalls;

	make_shortage_from_above(&large, &small);
	cg_write("dom/root", "memory.low", "60M");
	cg_write("dom/root/large", "memory.low", "60M");
	/* The leaf that stalls must not be killed. */
	cg_make("dom/root/stalls");
	attach(SHORT);
	stalls = eater("dom/root/stalls", -1000, 20000);
	CHECK(killed(small), "nobody died");
	CHECK(alive(large), "what memory.low protects died");
	CHECK(alive(stalls), "what must not be killed died");
	reap(stalls);
	detach();
}

/*
 * A user may write to a cgroup delegated to it, but protects no more than that cgroup
 * has.
 */
TEST(psi_guard_lets_nobody_protect_more_than_it_has_itself)
{
	pid_t large, small, stalls, tenant;

	make_shortage_from_above(&large, &small);
	reap(large);
	cg_make("dom/root/tenant");
	cg_make("dom/root/tenant/own");
	cg_write("dom/root/tenant/own", "memory.low", "max");
	tenant = hog("dom/root/tenant/own", 40, 0);
	cg_make("dom/root/stalls");
	attach(SHORT);
	stalls = eater("dom/root/stalls", -1000, 20000);
	CHECK(killed(tenant), "it protects itself");
	CHECK(alive(small), "its neighbour pays");
	reap(stalls);
	detach();
}

/*
 * The task holds more than others, but a kill would free nothing, so another is killed.
 */
static void blames_who_stalls_and_not(pid_t pid)
{
	pid_t stalls;

	cg_make("dom/root/stalls");
	attach(SHORT);
	stalls = eater("dom/root/stalls", 0, 20000);
	CHECK(killed(stalls), "it lives: %ld declared, nobody %ld", stat("declared"),
	      stat("nobody"));
	CHECK(alive(pid), "who could not give anything died");
	detach();
}

/* Kubernetes sets this for pods that are not to be killed before others. */
TEST(psi_guard_blames_somebody_where_all_have_a_low_score)
{
	pid_t large, small, stalls;

	make_limit_above();
	cg_make("dom/root/large");
	cg_make("dom/root/small");
	cg_make("dom/root/stalls");
	large = hog("dom/root/large", 40, -997);
	small = hog("dom/root/small", 4, -997);
	attach(SHORT);
	stalls = eater("dom/root/stalls", -997, 20000);
	CHECK(killed(large), "it lives: %ld declared, nobody %ld", stat("declared"),
	      stat("nobody"));
	CHECK(alive(small) && alive(stalls), "somebody else died");
	reap(stalls);
	detach();
}

#define TMPFS "/run/psi_guard"

TEST(psi_guard_blames_nobody_for_files_in_a_tmpfs)
{
	pid_t pid;

	make_limit_above();
	cg_make("dom/root/build");
	/* A failed test may have left one. */
	CHECK(!sh("umount %s 2>/dev/null; mkdir -p %s && mount -t tmpfs none %s", TMPFS,
		  TMPFS, TMPFS), "no tmpfs");
	CHECK(!sh("echo $$ >%s/test/dom/root/build/cgroup.procs; "
		  "dd if=/dev/zero of=%s/file bs=1M count=44 2>/dev/null", CG_ROOT, TMPFS),
	      "nothing in the tmpfs");
	pid = hog("dom/root/build", 1, 0);
	blames_who_stalls_and_not(pid);
	CHECK(!sh("umount %s", TMPFS), "umount");
}

/* Memory stays charged to the cgroup in which the task allocated it. */
TEST(psi_guard_blames_nobody_for_who_has_moved_on)
{
	pid_t moved, beside;

	make_limit_above();
	cg_make("dom/root/old");
	cg_make("dom/root/new");
	moved = hog("dom/root/old", 44, 0);
	beside = hog("dom/root/old", 1, 0);
	cg_write("dom/root/new", "cgroup.procs", "%d", moved);
	blames_who_stalls_and_not(beside);
	CHECK(alive(moved), "it died");
}

/* A victim that is kept from exiting: the OOM reaper does not free shared memory. */
TEST(psi_guard_blames_nobody_who_is_dead_already)
{
	pid_t tenant, stalls;

	make_limit_above();
	cg_make("dom/root/tenant");
	tenant = fork();
	if (!tenant) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		keep_victim_for("dom/root/tenant", 50, 100);
		_exit(0);
	}
	cg_make("dom/root/stalls");
	attach("--cgroup /test/dom/root --set low_percent=100 --set lookahead_s=0 --set cooldown_ms=1000");
	stalls = eater("dom/root/stalls", 0, 20000);
	CHECK(WAIT_FOR(!alive(stalls), 60),
	      "it lives: %ld declared, killed %ld, too many %ld, last_ret %ld",
	      stat("declared"), stat("killed"), stat("too_many"), stat("last_ret"));
	CHECK(alive(tenant), "the tenant ended");
	reap(tenant);
	detach();
}

TEST(psi_guard_blames_nobody_for_who_must_not_be_killed)
{
	pid_t safe, beside;

	make_limit_above();
	cg_make("dom/root/db");
	safe = hog("dom/root/db", 44, -1000);
	beside = hog("dom/root/db", 1, 0);
	blames_who_stalls_and_not(beside);
	CHECK(alive(safe), "what must not be killed died");
}

/* The search walks all processes, so it must not be repeated too often. */
TEST(psi_guard_does_not_look_for_the_cause_for_each_who_waits)
{
	unsigned long long began;
	pid_t stalls[6];
	char cg[32];
	long s;

	make_limit_above();
	for (int i = 0; i < 6; i++) {
		snprintf(cg, sizeof(cg), "dom/root/%d", i);
		cg_make(cg);
		stalls[i] = eater(cg, -1000, 20000);
	}
	attach(SHORT " --set duration=1");
	began = now_ns();
	CHECK(stat_reaches("events", 60, 60), "%ld events", stat("events"));
	s = (long)((now_ns() - began) / 1000000000);
	CHECK(stat("nobody"), "nobody was looked for");
	CHECK(stat("nobody") <= 4 * s + 4, "%ld times in %ld s", stat("nobody"), s);
	for (int i = 0; i < 6; i++)
		reap(stalls[i]);
	detach();
}

TEST(psi_guard_waits_for_pressure_to_last_unless_it_is_urgent)
{
	pid_t large, small, stalls;

	make_shortage_from_above(&large, &small);
	cg_make("dom/root/stalls");
	stalls = eater("dom/root/stalls", 0, 20000);
	attach(SHORT " --set duration=1000 --set urgent_percent=0");
	CHECK(stat_reaches("events", 6, 60), "there was no pressure");
	CHECK_EQ(stat("declared"), 0);
	CHECK(alive(large), "it did not wait");
	detach();
	attach(SHORT " --set duration=1000 --set urgent_percent=100");
	CHECK(killed(large), "the largest lives, after %ld events, nobody %ld",
	      stat("events"), stat("nobody"));
	CHECK(stat("events") < 1000, "it was not urgent");
	reap(stalls);
	detach();
}

/* Compressed swap in memory, until swap_off() or the end of the VM */
static void swap_on(unsigned int mb)
{
	CHECK(!sh("modprobe -q zram; swapoff /dev/zram0 2>/dev/null; echo 1 >/sys/block/zram0/reset && echo %uM >/sys/block/zram0/disksize && mkswap /dev/zram0 >/dev/null && swapon /dev/zram0",
		  mb), "no swap");
}

static void swap_off(void)
{
	CHECK(!sh("swapoff /dev/zram0 && echo 1 >/sys/block/zram0/reset"), "swapoff");
}

/* As make_shortage_from_above(), but with swap for what does not fit. */
static pid_t swap_out(pid_t *large)
{
	pid_t small;

	make_shortage_from_above(large, &small);
	write_file(CG_ROOT "/test/dom/memory.swap.max", "max");
	write_file("/proc/sys/vm/swappiness", "60");
	cg_make("dom/root/leak");
	return eater("dom/root/leak", 0, 50000);
}

TEST(psi_guard_lets_the_machine_swap_for_a_while)
{
	long swapping, declared;
	pid_t large, leak;

	swap_on(4000);
	leak = swap_out(&large);
	attach(SHORT " --set some_us=5000 --set swap_duration=1000 --set urgent_percent=100");
	stat_reaches("swapping", 4, 60);
	swapping = stat("swapping");
	declared = stat("declared");
	detach();
	CHECK(swapping >= 4 && !declared && alive(leak) && alive(large),
	      "%ld windows of swapping, %ld OOMs", swapping, declared);
	attach(SHORT " --set some_us=5000 --set duration=1 --set swap_duration=4");
	CHECK(killed(leak), "the leak lives after %ld events, %ld of swapping",
	      stat("events"), stat("swapping"));
	CHECK(alive(large), "not only the leak died");
	CHECK(stat("swapping"), "it did not wait");
	detach();
	reap(large);
	swap_off();
}

TEST(psi_guard_does_not_wait_when_swap_is_full)
{
	pid_t large, leak;
	long declared;

	swap_on(24);
	leak = swap_out(&large);
	attach(SHORT " --set some_us=5000 --set swap_duration=1000");
	stat_reaches("declared", 1, 60);
	declared = stat("declared");
	CHECK(declared == 1, "%ld OOMs, %ld windows of swapping", declared,
	      stat("swapping"));
	detach();
	reap(leak);
	reap(large);
	swap_off();
}

/* --- a machine that is short of memory ------------------------------------ */

/* Memory use of a server: a mapped file that it reads again and again */
static void __attribute__((noreturn)) read_for_ever(const char *cg, int ready)
{
	int fd = large_file();
	size_t len = (size_t)lseek(fd, 0, SEEK_END);
	char *map;

	cg_write(cg, "cgroup.procs", "0");
	map = mmap(NULL, len, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED)
		_exit(1);
	close(ready);
	for (;;) {
		for (size_t at = 0; at < len; at += 4096)
			__asm__ __volatile__("" : : "r"(map[at]));
	}
}

/* On return it has read all of the file once. */
static pid_t server(const char *cg)
{
	int fds[2];
	pid_t pid;
	char c;

	CHECK(!pipe(fds), "pipe: %s", strerror(errno));
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fds[1], 3);
		close_range(4, ~0U, 0);
		write_file("/proc/self/oom_score_adj", "0");
		read_for_ever(cg, 3);
	}
	close(fds[1]);
	if (read(fds[0], &c, 1))
		FAIL("the server says something");
	close(fds[0]);
	CHECK(alive(pid), "the server has ended");
	return pid;
}

/*
 * The leak is the cause, not the server that waits, nor the database that oom_score_adj
 * would have killed before others of its size. In the end the leak is the largest,
 * however slowly it grows on a busy machine.
 */
TEST(psi_guard_ends_the_leak_before_the_kernel_does)
{
	unsigned long long began;
	pid_t reads, database, leaks;

	if (debug_kernel())
		test_skip("KASAN leaves too little memory for a server, a database and a leak");
	cg_make("server");
	cg_make("database");
	cg_make("leak");
	database = hog("database", 150, 100);
	reads = server("server");
	attach(" ");
	began = now_ns();
	leaks = leak("leak", 250, 10000);
	if (!killed(leaks) && !killed(leaks) && !killed(leaks))
		FAIL("it lives: %ld events, plenty %ld, swapping %ld, nobody %ld, declared %ld in %ld",
		     stat("events"), stat("plenty"), stat("swapping"),
		     stat("nobody"), stat("declared"), stat("last_cgroup_id"));
	printf("    # after %.1f s, with %ld %% of memory to be had\n",
	       (double)(now_ns() - began) / 1e9, stat("percent"));
	CHECK(alive(reads), "the server died");
	CHECK(alive(database), "the database died");
	CHECK(klog_has("constraint=PSI_GUARD,oom_cgroup=/test/leak,"),
	      "the kernel was first: %ld events, plenty %ld, nobody %ld",
	      stat("events"), stat("plenty"), stat("nobody"));
	CHECK_EQ(stat("declared"), 1);
	reap(reads);
	detach();
}

/* In the end the kernel kills it. */
TEST(psi_guard_has_no_leaf_pay_for_a_leak_in_the_root_cgroup)
{
	pid_t reads, web, leaks;

	if (debug_kernel())
		test_skip("KASAN leaves too little memory for a server and a leak");
	cg_make("server");
	cg_make("web");
	web = hog("web", 50, 0);
	reads = server("server");
	attach(" ");
	leaks = leak(NULL, 250, 10000);
	if (!killed(leaks) && !killed(leaks) && !killed(leaks))
		FAIL("it lives: %ld events, plenty %ld, nobody %ld, declared %ld in %ld",
		     stat("events"), stat("plenty"), stat("nobody"), stat("declared"),
		     stat("last_cgroup_id"));
	CHECK(alive(reads), "the server died");
	CHECK(alive(web), "a leaf had to pay");
	CHECK_EQ(stat("declared"), 0);
	reap(reads);
	reap(web);
	detach();
}
