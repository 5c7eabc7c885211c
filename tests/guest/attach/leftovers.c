// SPDX-License-Identifier: GPL-2.0-only
/* What stays behind when a policy has been detached */
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "hooktest.h"
#include "seen.h"

/* An idle CPU keeps a reference to the mm that it used last. */
static long holders(void)
{
	for (int cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); cpu++)
		run_on(cpu);
	return hooktest("holders");
}

TEST(leftovers_of_victims_go_with_the_last_policy)
{
	struct policy *p, *last;
	pid_t pid;

	need_memcg();
	cg_make_limited("dom", 60);
	pid = hog("dom", 5, 0);
	CHECK_EQ(hooktest("mm %d", pid), 0);
	last = policy_on("last", NULL, 0);
	p = policy_on("killer", "dom", 1);
	policy_control(p)->kill_pid[0] = pid;
	one_oom("dom");
	CHECK(killed(pid), "the victim lives");
	reap(pid);
	policy_close(p);
	CHECK(holders() > 1, "forgotten while there is a policy");
	policy_close(last);
	CHECK(WAIT_FOR(holders() == 1, 30), "%ld still hold it", holders() - 1);
	CHECK_EQ(hooktest("mm 0"), 0);
}

static bool is_unloading(void)
{
	char state[16] = "";

	if (access("/sys/module/bpf_oom/initstate", R_OK))
		return false;
	read_file("/sys/module/bpf_oom/initstate", state, sizeof(state));
	return !strncmp(state, "going", 5);
}

/* CONFIG_DEBUG_KOBJECT_RELEASE drops the last reference some seconds later. */
TEST(leftovers_of_an_attachment_are_waited_for_by_unload)
{
	struct policy *p;
	int status = 0;
	pid_t pid;

	cg_make("dom");
	p = policy_on("held", "dom", 0);
	CHECK_EQ(hooktest("hold %llu", seen_attachment("held")), 0);
	policy_close(p);
	CHECK(WAIT_FOR(!module_refs("bpf_oom"), 30), "still in use");
	pid = fork();
	if (!pid)
		_exit(!!unload());
	CHECK(WAIT_FOR(is_unloading(), 30), "nobody waits for what is held");
	CHECK(!WAIT_FOR(waitpid(pid, &status, WNOHANG), 2), "unloaded while one is held");
	CHECK_EQ(hooktest("hold 0"), 0);
	CHECK(waitpid(pid, &status, 0) == pid && !status, "not unloaded");
	CHECK(!sh("modprobe bpf_oom"), "modprobe");
}
