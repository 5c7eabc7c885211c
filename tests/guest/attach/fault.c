// SPDX-License-Identifier: GPL-2.0-only
/*
 * Have each allocation fail once: nothing stays half done, nothing leaks (the test
 * unload_leaves_no_memory_behind shows that), and the next attempt works
 */
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "hooktest.h"
#include "psi_util.h"
#include "util.h"

#define FAIL_NTH "/proc/thread-self/fail-nth"
#define DEBUGFS "/sys/kernel/debug/"
/* More than the number of allocations in any path */
#define FAULTS_MAX 100000

static void need_faults(void)
{
	if (access(FAIL_NTH, F_OK))
		test_skip("this kernel cannot inject faults");
	/* Include allocations that may sleep; log no stack traces. */
	write_file(DEBUGFS "failslab/ignore-gfp-wait", "N");
	write_file(DEBUGFS "failslab/verbose", "0");
	write_file(DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N");
	write_file(DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N");
	write_file(DEBUGFS "fail_page_alloc/min-order", "0");
	write_file(DEBUGFS "fail_page_alloc/verbose", "0");
}

/* From now on, the @nth allocation of this thread fails. */
static void fault_begin(int nth)
{
	CHECK(!write_file(FAIL_NTH, "%d", nth), "cannot inject");
}

/* Returns how many allocations were missing; 0: one has failed. */
static int fault_end(void)
{
	char left[16];

	read_file(FAIL_NTH, left, sizeof(left));
	write_file(FAIL_NTH, "0");
	return atoi(left);
}

struct path {
	const char *what;
	int (*go)(void *arg);
	void (*undo)(void *arg);
	void *arg;
};

static void works(const struct path *p, int nth)
{
	int ret = p->go(p->arg);

	CHECK(!ret, "%s: %d after fault %d: not possible any more", p->what, ret,
	      nth);
	p->undo(p->arg);
}

/* Returns false if there were less than @nth allocations. */
static bool one_fails(const struct path *p, int nth)
{
	bool failed;
	int ret;

	fault_begin(nth);
	ret = p->go(p->arg);
	failed = !fault_end();
	if (!ret)
		p->undo(p->arg);
	else
		CHECK(failed, "%s: %d without a fault", p->what, ret);
	if (failed)
		works(p, nth);
	return failed;
}

static int count_allocations(const struct path *p)
{
	int left, ret;

	fault_begin(FAULTS_MAX);
	ret = p->go(p->arg);
	left = fault_end();
	CHECK(!ret, "%s: %d", p->what, ret);
	p->undo(p->arg);
	return FAULTS_MAX - left;
}

static void each_allocation_fails(const struct path *p)
{
	int nth = 1;

	while (one_fails(p, nth))
		nth++;
	CHECK(nth > 1, "%s allocates nothing", p->what);
	printf("    # %s: %d allocations\n", p->what, nth - 1);
}

static int attach(void *arg)
{
	return policy_attach(arg);
}

static void detach(void *arg)
{
	policy_detach(arg);
}

static void attach_with_faults(const char *cg)
{
	struct path path = { .what = "attach", .go = attach, .undo = detach };
	struct policy *p;

	need_faults();
	p = policy_loaded("fault", cg);
	path.arg = p;
	works(&path, 0);
	each_allocation_fails(&path);
	policy_close(p);
}

TEST(each_allocation_of_a_system_wide_attach_fails)
{
	attach_with_faults(NULL);
}

TEST(each_allocation_of_an_attach_to_a_cgroup_fails)
{
	cg_make("dom");
	attach_with_faults("dom");
}

/* As a second attachment, with the hook already registered. */
TEST(each_allocation_of_a_second_attach_fails)
{
	struct policy *first;

	need_faults();
	cg_make("dom");
	first = policy_on("first", "dom", 0);
	attach_with_faults("dom");
	policy_close(first);
}

static void attach_again(void *arg)
{
	CHECK(!policy_attach(arg), "attach");
}

/* Must not fail: otherwise attach_again() would find the map busy. */
static int detach_it(void *arg)
{
	policy_detach(arg);
	return 0;
}

TEST(each_allocation_of_a_detach_fails)
{
	struct path path = { .what = "detach", .go = detach_it,
			     .undo = attach_again };
	struct policy *p;

	need_faults();
	cg_make("dom");
	p = policy_on("fault", "dom", 0);
	path.arg = p;
	/* There may be no such allocation; what matters is that the loop ends. */
	for (int nth = 1; one_fails(&path, nth); nth++)
		;
	policy_close(p);
}

struct commands {
	int fd;
	const char *go, *undo;
};

/* Allocates nothing, except what the command itself does. */
static int go_hooktest(void *arg)
{
	struct commands *c = arg;
	char out[64] = "";

	if (write(c->fd, c->go, strlen(c->go)) < 0)
		return -errno;
	if (pread(c->fd, out, sizeof(out) - 1, 0) < 0)
		return -errno;
	return atoi(out);
}

static void undo_hooktest(void *arg)
{
	struct commands *c = arg;

	CHECK_EQ(hooktest("%s", c->undo), 0);
}

static void hooktest_with_faults(const char *go, const char *undo)
{
	struct commands commands = { .go = go, .undo = undo };
	struct path path = { .what = go, .go = go_hooktest,
			     .undo = undo_hooktest, .arg = &commands };

	need_faults();
	hooktest_load();
	commands.fd = open("/proc/hooktest", O_RDWR | O_CLOEXEC);
	works(&path, 0);
	for (int nth = 1; one_fails(&path, nth); nth++)
		;
	close(commands.fd);
}

TEST(each_allocation_of_a_registration_with_the_hook_fails)
{
	hooktest_with_faults("user 1", "user 0");
}

TEST(each_allocation_of_a_pressure_trigger_of_the_system_fails)
{
	hooktest_with_faults("psi 0 1 0 100000 1000000", "psi 0");
}

TEST(each_allocation_of_a_pressure_trigger_of_a_cgroup_fails)
{
	char cmd[64];

	cg_make("dom");
	snprintf(cmd, sizeof(cmd), "psi %llu 1 0 100000 1000000", cg_id("dom"));
	hooktest_with_faults(cmd, "psi 0");
}

static int attach_psi(void *arg)
{
	struct psi *p = arg;
	int err = psi_attach(p);

	for (unsigned int i = 0; !err && i < p->creates; i++)
		err = p->ctl->in_init[i].ret;
	if (err && p->link)
		psi_off(p);
	return err;
}

static void detach_psi(void *arg)
{
	psi_off(arg);
}

TEST(each_allocation_of_a_pressure_policy_and_its_triggers_fails)
{
	struct path path = { .what = "attach of a pressure policy",
			     .go = attach_psi, .undo = detach_psi };
	struct psi *p;

	need_faults();
	cg_make("dom");
	p = psi_open("fault");
	psi_watch(p, NULL, MEM, 100000, 1000000);
	psi_watch(p, "dom", MEM, 100000, 1000000);
	psi_load(p);
	path.arg = p;
	works(&path, 0);
	each_allocation_fails(&path);
	psi_close(p);
}

static int load_module(void *arg)
{
	int fd = *(int *)arg;

	return syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
}

static void unload_module(void *arg)
{
	CHECK(!syscall(SYS_delete_module, "bpf_oom", O_NONBLOCK), "rmmod: %s",
	      strerror(errno));
}

/*
 * There are hundreds, nearly all of them the module loader's; ours come last. Leave out
 * the earlier ones: where btf_relocate() of 6.12 fails it reads beyond an array.
 */
#define LOAD_OURS 40

TEST(each_allocation_of_loading_the_module_fails)
{
	struct path path = { .what = "insmod", .go = load_module,
			     .undo = unload_module };
	char template[] = "/tmp/bpf_oom.XXXXXX";
	int fd, nr;

	need_faults();
	fd = mkstemp(template);
	close(fd);
	CHECK(!sh("f=$(modinfo -F filename bpf_oom); case $f in *.xz) xz -dc $f ;; *.zst) zstd -qdc $f ;; *) cat $f ;; esac >%s",
		  template), "cannot unpack the module");
	CHECK(!sh("rmmod bpf_oom"), "rmmod");
	fd = open(template, O_RDONLY | O_CLOEXEC);
	unlink(template);
	path.arg = &fd;
	nr = count_allocations(&path);
	for (int nth = nr > LOAD_OURS ? nr - LOAD_OURS : 1; nth <= nr; nth++)
		one_fails(&path, nth);
	close(fd);
	CHECK(!sh("modprobe bpf_oom"), "modprobe");
}
