// SPDX-License-Identifier: GPL-2.0-only
/* Kills that are refused, after which the OOM is settled without them */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/types.h>
#include <bpf_oom/oom.h>

#include "harness.h"
#include "held.skel.h"
#include "hooktest.h"
#include "klog.h"
#include "util.h"

/* The policy's kill of @pid fails with @err, and the kernel kills. */
static void refused(pid_t pid, int err)
{
	struct policy *p = policy_on("refused", "dom", 0);
	struct policy_control *ctl = policy_control(p);
	pid_t eats;

	ctl->kill_pid[0] = pid;
	ctl->ret_if_killed = 1;
	cg_make("dom/eat");
	eats = oom_in("dom/eat");
	CHECK(killed(eats), "the kernel did not kill");
	CHECK_EQ(ctl->kill_ret[0], -err);
	CHECK(!klog_count("oom_policy=refused"), "a policy that did not act is named");
	policy_close(p);
}

TEST(kill_of_init_is_refused)
{
	cg_make_limited("dom", 60);
	/* Otherwise it would be refused because of its oom_score_adj. */
	CHECK(!write_file("/proc/1/oom_score_adj", "0"), "oom_score_adj of init");
	refused(1, EPERM);
}

TEST(kill_of_a_kernel_thread_is_refused)
{
	cg_make_limited("dom", 60);
	refused(2, EPERM); /* kthreadd */
}

TEST(kill_of_a_task_with_oom_score_adj_minus_1000_is_refused)
{
	pid_t pid;

	cg_make_limited("dom", 60);
	cg_make("dom/a");
	pid = hog("dom/a", 10, -1000);
	refused(pid, EPERM);
	CHECK(alive(pid), "it died");
	reap(pid);
}

TEST(kill_of_a_task_outside_the_memcg_is_refused)
{
	pid_t pid;

	cg_make_limited("dom", 60);
	cg_make("other");
	pid = hog("other", 10, 0);
	refused(pid, EXDEV);
	CHECK(alive(pid), "it died");
	reap(pid);
}

TEST(kill_of_a_zombie_is_refused)
{
	pid_t pid;

	cg_make_limited("dom", 60);
	cg_make("dom/a");
	pid = hog("dom/a", 1, 0);
	kill(pid, SIGKILL);
	CHECK(killed(pid), "no zombie");
	refused(pid, ESRCH);
	reap(pid);
}

static __attribute__((noreturn)) void *tell_and_wait(void *tid)
{
	__atomic_store_n((pid_t *)tid, gettid(), __ATOMIC_RELEASE);
	for (;;)
		pause();
}

/* Starts a process of two threads; *@second is the id of the second. */
static pid_t two_threads(pid_t *second)
{
	pid_t pid, *tid;

	tid = mmap(NULL, sizeof(*tid), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(tid != MAP_FAILED, "mmap: %s", strerror(errno));
	pid = fork();
	if (!pid) {
		pthread_t thread;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* Otherwise it would be refused because of its oom_score_adj. */
		write_file("/proc/self/oom_score_adj", "0");
		pthread_create(&thread, NULL, tell_and_wait, tid);
		for (;;)
			pause();
	}
	CHECK(WAIT_FOR(__atomic_load_n(tid, __ATOMIC_ACQUIRE), 30), "no thread");
	*second = *tid;
	return pid;
}

/* The first thread has been freed; a debug kernel notices if it is accessed. */
TEST(kill_of_a_thread_of_a_process_that_is_gone_is_refused)
{
	struct held_bpf *held = held_bpf__open();
	struct bpf_oom_ops *ops;
	struct bpf_link *link;
	pid_t pid;

	CHECK(held, "cannot open the test policy: %s", strerror(errno));
	cg_make_limited("dom", 60);
	hog("dom", 5, 0);
	hog("dom", 5, 0);
	ops = bpf_map__initial_value(held->maps.policy, NULL);
	ops->cgroup_id = cg_id("dom");
	CHECK(!held_bpf__load(held), "it does not load");
	link = bpf_map__attach_struct_ops(held->maps.policy);
	CHECK(link, "it does not attach: %s", strerror(errno));
	pid = two_threads(&held->bss->tid);
	one_oom("dom");
	CHECK_EQ(held->bss->taken, 1);
	reap(pid);
	/* The kernel frees it some time later. */
	usleep((unsigned int)(slow_ns(200000000) / 1000));
	held->bss->kill_ret = 1;
	one_oom("dom");
	CHECK_EQ(held->bss->candidate_ret, 0);
	CHECK_EQ(held->bss->kill_ret, -ESRCH);
	CHECK_EQ(held->bss->wait_ret, -ESRCH);
	bpf_link__destroy(link);
	held_bpf__destroy(held);
}

TEST(a_second_kill_of_the_same_victim_does_no_harm)
{
	struct policy *p;
	struct policy_control *ctl;
	pid_t victim, eats;

	/*
	 * Kills the same victim twice in one decision: it is dying, but will free memory.
	 */
	cg_make_limited("dom", 80);
	cg_make("dom/a");
	cg_make("dom/eat");
	victim = hog("dom/a", 20, 0);
	p = policy_on("twice", "dom", 1);
	ctl = policy_control(p);
	ctl->kill_pid[0] = victim;
	ctl->kill_pid[1] = victim;
	eats = eater("dom/eat", 0, 20000);
	CHECK(killed(victim), "the policy's choice lives");
	CHECK_EQ(ctl->kill_ret[0], 0);
	/* The process may be gone by then. */
	CHECK(ctl->kill_ret[1] == 0 || ctl->kill_ret[1] == -ESRCH,
	      "second kill: %d", ctl->kill_ret[1]);
	CHECK_EQ(cg_key("dom/a", "memory.events", "oom_kill"), 1);
	check_report("twice", "/test/dom", "MEMCG", "/test/dom", 1);
	reap(eats);
	policy_close(p);
}

static void pin(const char *cg, const char *node)
{
	cg_make(cg);
	cg_write(cg, "cpuset.mems", "%s", node);
}

TEST(kill_of_a_task_outside_the_cpuset_is_refused)
{
	struct policy_control *ctl;
	struct policy *p;
	pid_t here, there, me;

	if (access("/sys/devices/system/node/node1", F_OK))
		test_skip("one NUMA node: boot with numa=fake=2");
	cg_write("", "cgroup.subtree_control", "+cpuset");
	pin("node0", "0");
	pin("node1", "1");
	here = hog("node0", 5, 0);
	there = hog("node1", 5, 0);
	p = policy_on("cpuset", NULL, 1);
	ctl = policy_control(p);
	ctl->kill_pid[0] = there;
	ctl->kill_pid[1] = here;
	hooktest_load();
	me = fork();
	if (!me) {
		cg_write("node0", "cgroup.procs", "0");
		hooktest("oom 0");
		_exit(0);
	}
	CHECK(killed(here), "the task of this cpuset lives");
	CHECK(alive(there), "the task of another cpuset died");
	CHECK_EQ(ctl->kill_ret[0], -EXDEV);
	CHECK_EQ(ctl->kill_ret[1], 0);
	reap(me);
	reap(there);
	policy_close(p);
}
