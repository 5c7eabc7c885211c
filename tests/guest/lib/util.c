// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/types.h>
#include <bpf/bpf.h>
#include <bpf_oom/oom.h>

#include "harness.h"
#include "klog.h"
#include "policy.h"
#include "able.skel.h"
#include "policy.skel.h"
#include "util.h"

#define TEST_CG CG_ROOT "/test"
/* How long a kill may take; in an OOM of the system its memory must be filled first */
#define WAIT_MS 100000
#define WAIT_DEBUG_MS 180000

static int no_print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (!getenv("VERBOSE"))
		return 0;
	return vfprintf(stderr, fmt, ap);
}

/* --- files ---------------------------------------------------------------- */

/* Does this kernel have memory cgroups? */
static bool memory_controller;

void read_file(const char *path, char *buf, size_t len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, len - 1);

	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = 0;
}

int write_file(const char *path, const char *fmt, ...)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;
	va_list ap;

	if (fd < 0)
		return -errno;
	va_start(ap, fmt);
	if (vdprintf(fd, fmt, ap) < 0)
		ret = -errno;
	va_end(ap);
	close(fd);
	return ret;
}

int sh(const char *fmt, ...)
{
	char cmd[2048];
	va_list ap;
	int ret;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	ret = system(cmd);
	return WIFEXITED(ret) ? WEXITSTATUS(ret) : 128;
}

unsigned long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (unsigned long long)ts.tv_sec * 1000000000 +
	       (unsigned long long)ts.tv_nsec;
}

int module_refs(const char *name)
{
	char path[PATH_MAX], buf[32];

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", name);
	read_file(path, buf, sizeof(buf));
	return *buf ? atoi(buf) : -1;
}

/* Which implementation of the hook is used: "kernel" or "shim" */
const char *provider(void)
{
	static char buf[16];

	read_file("/sys/module/bpf_oom/parameters/provider", buf, sizeof(buf));
	buf[strcspn(buf, "\n")] = 0;
	return buf;
}

/* A kernel that checks locks, memory and more */
bool debug_kernel(void)
{
	return !access("/sys/kernel/debug/kmemleak", F_OK);
}

/* How long to wait until concurrent tasks have surely arrived */
unsigned long long slow_ns(unsigned long long ns)
{
	return debug_kernel() ? 4 * ns : ns;
}

/* Repetitions of a race: a debug kernel notices an error the first time. */
int rounds(int nr)
{
	return debug_kernel() ? (nr + 3) / 4 : nr;
}

bool hook_built_in(void)
{
	return strcmp(provider(), "kernel") == 0;
}

void need_shim(void)
{
	if (hook_built_in())
		test_skip("the hook is built in, nothing is redirected");
}

void need_memcg(void)
{
	if (!memory_controller)
		test_skip("this kernel has no memory cgroups");
}

/* Unloads both modules, or bpf_oom alone if there is no shim. */
int unload(void)
{
	return sh("rmmod bpf_oom%s", hook_built_in() ? "" : " && rmmod oom_hook");
}

/* --- cgroups -------------------------------------------------------------- */

static char *cg_path(const char *cg, const char *file)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s%s%s", TEST_CG, cg, *file ? "/" : "",
		 file);
	return path;
}

void cg_write(const char *cg, const char *file, const char *fmt, ...)
{
	char value[256];
	va_list ap;
	int ret;

	/* A test that needs limits is skipped on a kernel without memory cgroups. */
	if (!strncmp(file, "memory.", 7))
		need_memcg();
	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	ret = write_file(cg_path(cg, file), "%s", value);
	CHECK(!ret, "%s: cannot write %s: %s", cg_path(cg, file), value,
	      strerror(-ret));
}

void cg_make(const char *cg)
{
	char parent[PATH_MAX], *slash;

	CHECK(!mkdir(cg_path(cg, ""), 0755) || errno == EEXIST,
	      "%s: %s", cg, strerror(errno));
	/* Enables the controller for the parent's children; a leaf needs none. */
	snprintf(parent, sizeof(parent), "%s", cg);
	slash = strrchr(parent, '/');
	*(slash ?: parent) = 0;
	if (memory_controller)
		cg_write(parent, "cgroup.subtree_control", "+memory");
}

void cg_make_limited(const char *cg, unsigned int mb)
{
	need_memcg();
	cg_make(cg);
	cg_write(cg, "memory.max", "%uM", mb);
	/* This file exists only if the kernel accounts swap. */
	write_file(cg_path(cg, "memory.swap.max"), "0");
}

long cg_max_mb(const char *cg)
{
	char buf[64];

	read_file(cg_path(cg, "memory.max"), buf, sizeof(buf));
	return *buf == 'm' ? -1 : atol(buf) / (long)MB;
}

void cg_make_without_memory(const char *cg)
{
	CHECK(!mkdir(cg_path(cg, ""), 0755), "%s: %s", cg, strerror(errno));
}

int cg_remove(const char *cg)
{
	for (int i = 0; i < 200; i++) {
		if (!rmdir(cg_path(cg, "")))
			return 0;
		if (errno != EBUSY)
			break;
		usleep(20000);
	}
	return -errno;
}

/* Returns true if nothing is left. In C, since it runs after each test. */
static bool remove_below(const char *path)
{
	struct dirent *entry;
	bool gone = true;
	DIR *dir = opendir(path);

	while (dir && (entry = readdir(dir))) {
		char child[PATH_MAX];

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		snprintf(child, sizeof(child), "%s/%s", path, entry->d_name);
		gone &= remove_below(child) && !rmdir(child);
	}
	if (dir)
		closedir(dir);
	return gone;
}

/*
 * Keeps one limit all the time. A static key says whether there are any limits, so the
 * first one changes code, and emulated CPUs that run in parallel sometimes miss that an
 * instruction has changed.
 */
static void keep_limit(void)
{
	mkdir(CG_ROOT "/limited", 0755);
	write_file(CG_ROOT "/limited/cpu.max", "50000 100000");
}

void cg_throttle_all(bool on)
{
	/* Without the cpu controller this fails, and the test takes longer. */
	write_file(TEST_CG "/cpu.max", on ? "2000 20000" : "max");
}

void cg_slow_all_above(unsigned int mb)
{
	write_file(TEST_CG "/memory.swap.max", "0");
	cg_write("", "memory.high", "%uM", mb);
}

void cg_remove_all(void)
{
	write_file(TEST_CG "/cgroup.kill", "1");
	cg_throttle_all(false);
	write_file(TEST_CG "/memory.high", "max");
	write_file(TEST_CG "/memory.swap.max", "max");
	WAIT_FOR(remove_below(TEST_CG), 30);
}

unsigned long long cg_id(const char *cg)
{
	struct stat st;

	CHECK(!stat(cg_path(cg, ""), &st), "%s: %s", cg, strerror(errno));
	return st.st_ino;
}

long cg_key(const char *cg, const char *file, const char *key)
{
	char buf[8192], *line, *save;
	size_t len = strlen(key);

	read_file(cg_path(cg, file), buf, sizeof(buf));
	for (line = strtok_r(buf, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (!strncmp(line, key, len) && line[len] == ' ')
			return atol(line + len + 1);
	}
	FAIL("%s: no %s", cg_path(cg, file), key);
}

/* --- processes ------------------------------------------------------------ */

static pid_t spawn(const char *cg, int adj, int *ready)
{
	int fds[2];
	pid_t pid;

	CHECK(!pipe(fds), "pipe: %s", strerror(errno));
	pid = fork();
	CHECK(pid >= 0, "fork: %s", strerror(errno));
	if (pid) {
		close(fds[1]);
		*ready = fds[0];
		return pid;
	}
	/* Close all others, above all the link: it would stay attached until we exit. */
	dup2(fds[1], 3);
	close_range(4, ~0U, 0);
	*ready = 3;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (cg && write_file(cg_path(cg, "cgroup.procs"), "0"))
		_exit(3);
	if (write_file("/proc/self/oom_score_adj", "%d", adj))
		_exit(4);
	return 0;
}

static void wait_ready(const char *what, pid_t pid, int fd)
{
	char c;

	if (read(fd, &c, 1) != 1) {
		int status = 0;

		waitpid(pid, &status, 0);
		FAIL("%s: ended early, status %#x", what, status);
	}
	close(fd);
}

static char *reserve(size_t len)
{
	char *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		_exit(5);
	return p;
}

static void touch(char *p, size_t len)
{
	for (size_t i = 0; i < len; i += 4096)
		p[i] = 1;
}

static void __attribute__((noreturn)) tell_ready_and_sleep(int fd)
{
	if (write(fd, "", 1) != 1)
		_exit(6);
	for (;;)
		pause();
}

pid_t hog(const char *cg, unsigned int mb, int adj)
{
	pid_t pid;
	int fd;

	pid = spawn(cg, adj, &fd);
	if (!pid) {
		touch(reserve(mb * MB), mb * MB);
		tell_ready_and_sleep(fd);
	}
	wait_ready("hog", pid, fd);
	return pid;
}

static void *other_thread(void *fd)
{
	tell_ready_and_sleep(*(int *)fd);
}

pid_t hog_by_its_other_thread(const char *cg, unsigned int mb, int adj)
{
	pthread_t thread;
	pid_t pid;
	int fd;

	pid = spawn(cg, adj, &fd);
	if (!pid) {
		touch(reserve(mb * MB), mb * MB);
		if (pthread_create(&thread, NULL, other_thread, &fd))
			_exit(7);
		/* Exits this thread only. */
		syscall(SYS_exit, 0);
	}
	wait_ready("hog", pid, fd);
	CHECK(WAIT_FOR(in_state(pid, "Z"), 60), "its first thread does not exit");
	return pid;
}

int large_file(void)
{
	glob_t found;
	int fd = -1;

	if (!glob("/usr/lib/x86_64-linux-gnu/libLLVM.so.*", 0, NULL, &found))
		fd = open(found.gl_pathv[0], O_RDONLY | O_CLOEXEC);
	globfree(&found);
	/* A page is charged to the task that reads it first, so drop cached ones. */
	if (fd >= 0)
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	return fd;
}

pid_t cache_hog(const char *cg, unsigned int mb)
{
	pid_t pid;
	int fd;

	pid = spawn(cg, 0, &fd);
	if (!pid) {
		int file = large_file();
		char buf[65536];
		ssize_t n = 1;

		for (size_t done = 0; done < mb * MB && n > 0; done += (size_t)n)
			n = read(file, buf, sizeof(buf));
		if (n <= 0)
			_exit(7);
		tell_ready_and_sleep(fd);
	}
	wait_ready("cache_hog", pid, fd);
	return pid;
}

/* Sends to ourselves by the loopback device, 2 MB each. Returns the buffered bytes. */
static size_t fill_connection(int listener, const struct sockaddr_in *addr)
{
	static char buf[65536];
	int size = 2 * MB, out, in;
	size_t sent = 0;
	ssize_t n;

	out = socket(AF_INET, SOCK_STREAM, 0);
	if (setsockopt(out, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) ||
	    connect(out, (const void *)addr, sizeof(*addr)))
		_exit(8);
	in = accept(listener, NULL, NULL);
	while ((n = send(out, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		sent += (size_t)n;
	return in < 0 ? 0 : sent;
}

pid_t socket_hog(const char *cg, unsigned int mb)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	size_t sent = 0;
	int fd, listener;
	pid_t pid;

	sh("ip link set lo up");
	pid = spawn(cg, 0, &fd);
	if (!pid) {
		listener = socket(AF_INET, SOCK_STREAM, 0);
		if (bind(listener, (void *)&addr, len) || listen(listener, 1) ||
		    getsockname(listener, (void *)&addr, &len))
			_exit(7);
		while (sent < mb * MB)
			sent += fill_connection(listener, &addr);
		tell_ready_and_sleep(fd);
	}
	wait_ready("socket_hog", pid, fd);
	return pid;
}

/* More memory than any VM has */
#define ENDLESS (64UL << 30)

#define ANY_CPU (-1)

static pid_t eat(const char *cg, int adj, unsigned int mb, unsigned int pause_us, int cpu)
{
	char *p;
	pid_t pid;
	int fd;

	pid = spawn(cg, adj, &fd);
	if (!pid) {
		if (cpu != ANY_CPU)
			run_on(cpu);
		/*
		 * Lock the text, or near the end the task would only read its own text
		 * again.
		 */
		mlockall(MCL_CURRENT);
		if (mb)
			touch(reserve(mb * MB), mb * MB);
		/*
		 * Allocates one large mapping, so that huge pages fit in. Slow eaters do
		 * not: tests of pressure need them to stall.
		 */
		p = reserve(ENDLESS);
		if (write(fd, "", 1) != 1)
			_exit(6);
		for (;; p += MB) {
			touch(pause_us ? reserve(MB) : p, MB);
			if (pause_us)
				usleep(pause_us);
		}
	}
	wait_ready("eater", pid, fd);
	return pid;
}

pid_t eater(const char *cg, int adj, unsigned int pause_us)
{
	return eat(cg, adj, 0, pause_us, ANY_CPU);
}

pid_t leak(const char *cg, unsigned int mb, unsigned int pause_us)
{
	return eat(cg, 0, mb, pause_us, ANY_CPU);
}

bool alive(pid_t pid)
{
	siginfo_t si = { };

	return !waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) &&
	       !si.si_pid;
}

bool killed(pid_t pid)
{
	int limit = debug_kernel() ? WAIT_DEBUG_MS : WAIT_MS;
	siginfo_t si;

	for (int ms = 0; ms < limit; ms += 20) {
		memset(&si, 0, sizeof(si));
		if (waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT))
			return false;
		if (si.si_pid)
			return si.si_code == CLD_KILLED && si.si_status == SIGKILL;
		usleep(20000);
	}
	return false;
}

void reap(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

pid_t oom_in(const char *cg)
{
	return eater(cg, 0, 0);
}

void oom_is_the_kernels(const char *cg)
{
	pid_t pid = oom_in(cg);

	CHECK(killed(pid), "nobody killed the eater");
	reap(pid);
}

pid_t storm(const char *cg)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	setpgid(0, 0);
	for (;;)
		waitpid(oom_in(cg), NULL, 0);
}

void end_storm(pid_t pid)
{
	CHECK(alive(pid), "the storm ended early");
	kill(-pid, SIGKILL);
	reap(pid);
}

void need_cpus(int nr)
{
	if (sysconf(_SC_NPROCESSORS_ONLN) < nr)
		test_skip("there are fewer than %d CPUs", nr);
}

void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	CHECK(!sched_setaffinity(0, sizeof(set), &set), "CPU %d: %s", cpu,
	      strerror(errno));
}

/*
 * Runs on another CPU: on a kernel without preemption a slow handler keeps all other
 * tasks from its CPU.
 */
pid_t oom_in_handler(struct policy_control *ctl, const char *cg)
{
	pid_t pid;

	need_cpus(2);
	ctl->go_on = 0;
	ctl->spin_ns = UNTIL_TOLD_NS;
	run_on(0);
	pid = eat(cg, 0, 0, 20000, 1);
	CHECK(WAIT_FOR(ctl->asked, 30), "the policy is not asked");
	CHECK_EQ(ctl->finished, 0);
	return pid;
}

bool in_state(pid_t pid, const char *states)
{
	char path[64], stat[256], *end;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	read_file(path, stat, sizeof(stat));
	/* The name ends at the last parenthesis. */
	end = strrchr(stat, ')');
	return end && end[1] && end[2] && strchr(states, end[2]);
}

/* If the caller's main thread sleeps for so long, it is waiting. */
#define WAITS_NS 300000000

/*
 * A thread, not a process, which would keep file descriptors open that the test closes.
 */
static void *go_on_thread(void *arg)
{
	unsigned int *go_on = arg;
	unsigned long long since = now_ns();

	while (now_ns() - since < slow_ns(WAITS_NS)) {
		usleep(10000);
		if (!in_state(getpid(), "DS"))
			since = now_ns();
	}
	*go_on = 1;
	return NULL;
}

void go_on_soon(unsigned int *go_on)
{
	pthread_t thread;

	CHECK(!pthread_create(&thread, NULL, go_on_thread, go_on), "thread");
	pthread_detach(thread);
}

/* --- policies ------------------------------------------------------------- */

struct policy {
	struct bpf_object *obj;
	struct bpf_map *map;
	struct bpf_link *link;
};

static struct bpf_program *program(struct policy *p, const char *name)
{
	return bpf_object__find_program_by_name(p->obj, name);
}

static struct policy *open_elf(const void *elf, size_t size, const char *name, const char *cg)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "policy");
	struct bpf_oom_ops *ops;
	struct policy *p;

	if (cg)
		need_memcg();
	p = calloc(1, sizeof(*p));
	CHECK(p, "no memory");
	p->obj = bpf_object__open_mem(elf, size, &opts);
	CHECK(p->obj, "cannot open the test policy: %s", strerror(errno));
	p->map = bpf_object__find_map_by_name(p->obj, "policy");
	ops = policy_ops(p);
	CHECK(ops, "struct_ops map without a value");
	memset(ops->name, 0, sizeof(ops->name));
	memcpy(ops->name, name, strnlen(name, sizeof(ops->name) - 1));
	ops->cgroup_id = cg ? cg_id(cg) : 0;
	/* On a debug kernel, loading this program takes as long as a test. */
	ops->evaluate_task = NULL;
	bpf_program__set_autoload(program(p, "policy_evaluate"), false);
	ops->handle_cgroup_offline = NULL;
	bpf_program__set_autoload(program(p, "policy_offline"), false);
	return p;
}

struct policy *policy_open(const char *name, const char *cg)
{
	size_t size;
	const void *elf = policy_bpf__elf_bytes(&size);

	return open_elf(elf, size, name, cg);
}

struct policy *able_open(const char *name, const char *cg)
{
	size_t size;
	const void *elf = able_bpf__elf_bytes(&size);

	return open_elf(elf, size, name, cg);
}

struct bpf_oom_ops *policy_ops(struct policy *p)
{
	return bpf_map__initial_value(p->map, NULL);
}

struct policy *ranker_open(const char *name, const char *cg, bool with_handler)
{
	struct policy *p = policy_open(name, cg);

	/* In this struct libbpf wants programs, not functions. */
	policy_ops(p)->evaluate_task = (void *)program(p, "policy_evaluate");
	bpf_program__set_autoload(program(p, "policy_evaluate"), true);
	if (!with_handler)
		policy_ops(p)->handle_out_of_memory = NULL;
	return p;
}

struct policy *listener_open(const char *name, const char *cg)
{
	struct policy *p = policy_open(name, cg);

	policy_ops(p)->handle_cgroup_offline = (void *)program(p, "policy_offline");
	bpf_program__set_autoload(program(p, "policy_offline"), true);
	return p;
}

/* The policy's .bss */
struct policy_control *policy_control(struct policy *p)
{
	size_t size;

	return bpf_map__initial_value(bpf_object__find_map_by_name(p->obj, ".bss"), &size);
}

struct bpf_map *policy_map(struct policy *p)
{
	return p->map;
}

int policy_load(struct policy *p)
{
	return bpf_object__load(p->obj);
}

int policy_attach(struct policy *p)
{
	p->link = bpf_map__attach_struct_ops(p->map);
	return p->link ? 0 : -errno;
}

int policy_link_fd(struct policy *p)
{
	return bpf_link__fd(p->link);
}

struct bpf_link *policy_link(struct policy *p)
{
	return p->link;
}

int policy_replace(struct policy *p, struct policy *by)
{
	int err = bpf_link__update_map(p->link, policy_map(by));

	if (err)
		return err;
	by->link = p->link;
	p->link = NULL;
	return 0;
}

void policy_detach(struct policy *p)
{
	bpf_link__destroy(p->link);
	p->link = NULL;
}

void policy_close(struct policy *p)
{
	policy_detach(p);
	bpf_object__close(p->obj);
	free(p);
}

struct policy *policy_loaded(const char *name, const char *cg)
{
	struct policy *p = policy_open(name, cg);
	int err = policy_load(p);

	CHECK(!err, "%s does not load: %s", name, strerror(-err));
	return p;
}

void policy_start(struct policy *p)
{
	const char *name = policy_ops(p)->name;
	int err;

	err = policy_load(p);
	CHECK(!err, "%s does not load: %s", name, strerror(-err));
	err = policy_attach(p);
	CHECK(!err, "%s does not attach: %s", name, strerror(-err));
}

static struct policy *start(struct policy *p, int ret)
{
	policy_control(p)->ret = ret;
	policy_start(p);
	return p;
}

struct policy *policy_on(const char *name, const char *cg, int ret)
{
	return start(policy_open(name, cg), ret);
}

struct policy *able_on(const char *name, const char *cg, int ret)
{
	return start(able_open(name, cg), ret);
}

void check_report(const char *policy, const char *policy_cg,
		  const char *constraint, const char *oom_cg, int killed)
{
	char want[512];

	snprintf(want, sizeof(want),
		 "oom_policy=%s,policy_cgroup=%s,constraint=CONSTRAINT_%s,oom_cgroup=%s,killed=%d",
		 policy, policy_cg, constraint, oom_cg, killed);
	CHECK(klog_has(want), "no '%s' but: %s", want,
	      klog_line("oom_policy=") ?: "no such line");
}

/* libbpf probes the kernel's features once per process; children inherit the result. */
static void learn_features(void)
{
	struct policy *p = policy_open("features", NULL);

	policy_load(p);
	policy_close(p);
}

void util_init(bool quiet)
{
	libbpf_set_print(no_print);
	if (quiet)
		return;
	/* We must survive a global OOM; tests set oom_score_adj of their tasks. */
	write_file("/proc/self/oom_score_adj", "-1000");
	/* Ignore leaks from before the tests. */
	write_file("/sys/kernel/debug/kmemleak", "scan");
	write_file("/sys/kernel/debug/kmemleak", "clear");
	/*
	 * No test should trip a breaker by accident, not even after the module was
	 * reloaded.
	 */
	mkdir("/run/modprobe.d", 0755);
	sh("echo options bpf_oom %s > /run/modprobe.d/bpf_oom.conf",
	   "breaker_kills=0 breaker_failures=0 breaker_ms=0");
	sh("modprobe bpf_oom");
	mkdir(TEST_CG, 0755);
	keep_limit();
	write_file(CG_ROOT "/cgroup.subtree_control", "+memory");
	write_file(TEST_CG "/cgroup.subtree_control", "+memory");
	memory_controller = !access(TEST_CG "/memory.max", F_OK);
	learn_features();
}
