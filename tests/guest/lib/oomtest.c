// SPDX-License-Identifier: GPL-2.0-only
/*
 * oomtest: run the tests inside a virtual machine
 *
 *	oomtest [-l] [-o RESULTFILE] [GLOB]
 *
 * Runs the tests of this program and the executable files in sh/ beside it.
 * For each test RESULTFILE gets "start NAME" before it and "ok NAME", "not ok NAME - why"
 * or "skip NAME - why" after it, and "done N" at the end.
 */
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"
#include "klog.h"
#include "util.h"

#define TIME_LIMIT_S 240
/* Debug kernels take several times as long. */
#define TIME_LIMIT_DEBUG_S 900
#define EXIT_SKIP 77

static struct test *tests, **tests_end = &tests;
static int why_fd = -1;
static FILE *results;
static int nr_run, nr_failed, time_limit_s = TIME_LIMIT_S;

void test_register(struct test *t)
{
	*tests_end = t;
	tests_end = &t->next;
}

static void __attribute__((format(printf, 1, 0)))
say_why(const char *fmt, va_list ap)
{
	char buf[600];
	int n = vsnprintf(buf, sizeof(buf), fmt, ap);

	if (n > (int)sizeof(buf) - 1)
		n = sizeof(buf) - 1;
	if (write(why_fd, buf, (size_t)n) != n)
		_exit(2);
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
	char where[700];
	va_list ap;

	snprintf(where, sizeof(where), "%s:%d: %s", file, line, fmt);
	va_start(ap, fmt);
	say_why(where, ap);
	va_end(ap);
	exit(1);
}

void test_skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_why(fmt, ap);
	va_end(ap);
	exit(EXIT_SKIP);
}

static void result(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	fflush(stdout);
	if (!results)
		return;
	va_start(ap, fmt);
	vfprintf(results, fmt, ap);
	va_end(ap);
	fflush(results);
}

/* Waits for the child to exit, but no longer than the limit. */
static int wait_limited(pid_t pid)
{
	struct pollfd child = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	bool ended = poll(&child, 1, time_limit_s * 1000) == 1;
	int status;

	close(child.fd);
	if (!ended) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
	}
	waitpid(pid, &status, 0);
	return ended ? status : -1;
}

static void __attribute__((noreturn)) die(const char *what)
{
	perror(what);
	exit(2);
}

static void first_line(char *why)
{
	char *nl = strpbrk(why, "\r\n");

	if (nl)
		*nl = 0;
}

/* Are policies still enabled for the following tests? */
static bool leaves_policies_asked(char *why, size_t len)
{
	char enabled[8];

	read_file("/sys/module/bpf_oom/parameters/enabled", enabled, sizeof(enabled));
	/* Empty: the module is not loaded, and will be loaded with the default, Y. */
	if (!*enabled || *enabled == 'Y')
		return true;
	snprintf(why, len, "it leaves the module's parameter \"enabled\" off");
	return false;
}

/*
 * A test that leaves a policy attached or a program loaded has failed to clean up, or
 * has shown a leak. The kernel frees some things late, so wait.
 */
static bool leaves_nothing(char *why, size_t len)
{
	if (WAIT_FOR(module_refs("bpf_oom") <= 0, 30))
		return true;
	snprintf(why, len, "bpf_oom is still in use (%d references)",
		 module_refs("bpf_oom"));
	return false;
}

static bool left_clean(char *why, size_t len)
{
	char line[400];

	if (klog_bad(line, sizeof(line))) {
		snprintf(why, len, "kernel log: %s", line);
		return false;
	}
	return leaves_nothing(why, len) && leaves_policies_asked(why, len);
}

static pid_t start_test(const struct test *t, const char *script, int out)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	setpgid(0, 0);
	why_fd = out;
	if (script) {
		/* The last line of a shell test's output is the reason of its failure. */
		dup2(out, STDERR_FILENO);
		execl(script, script, NULL);
		_exit(127);
	}
	t->fn();
	exit(0);
}

/* Keep leftovers of a test from failing the following ones. */
static void clean_up(void)
{
	sh("bpfoom detach --all 2>/dev/null; rmmod hooktest 2>/dev/null");
	sh("cd /sys/module/bpf_oom/parameters 2>/dev/null || exit; "
	   "for p in breaker_kills breaker_failures breaker_ms; do echo 0 > $p; done; "
	   "for p in enabled explain; do echo 1 > $p; done; "
	   "[ ! -e breaker_pause ] || echo 60 > breaker_pause");
	write_file("/proc/sys/kernel/printk_delay", "0");
	sh("echo 0 2>/dev/null > /sys/kernel/tracing/events/bpf_oom/enable");
}

static void run(const struct test *t, const char *name, const char *script)
{
	char why[700] = "";
	unsigned long long began = now_ns();
	int out[2], status;
	ssize_t n;
	pid_t pid;

	result("start %s\n", name);
	klog_mark();
	if (pipe2(out, O_NONBLOCK))
		die("pipe");
	pid = start_test(t, script, out[1]);
	if (pid < 0)
		die("fork");
	close(out[1]);
	status = wait_limited(pid);
	n = read(out[0], why, sizeof(why) - 1);
	why[n > 0 ? n : 0] = 0;
	close(out[0]);
	first_line(why);
	kill(-pid, SIGKILL);
	cg_remove_all();

	nr_run++;
	printf("    # %.1f s\n", (double)(now_ns() - began) / 1e9);
	if (status == -1) {
		snprintf(why, sizeof(why), "no end after %d s", time_limit_s);
	} else if (WIFSIGNALED(status)) {
		snprintf(why, sizeof(why), "killed by signal %d", WTERMSIG(status));
	} else if ((WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == EXIT_SKIP) &&
		   left_clean(why, sizeof(why))) {
		if (WEXITSTATUS(status) == EXIT_SKIP)
			result("skip %s - %s\n", name, why);
		else
			result("ok %s\n", name);
		return;
	}
	nr_failed++;
	clean_up();
	result("not ok %s - %s\n", name, *why ? why : "exit status not 0");
	klog_dump_tail();
}

/* One glob selects tests, others exclude some of them. */
static const char *glob = "*";
#define MAX_WITHOUT 16
static const char *without[MAX_WITHOUT];
static int nr_without;

static bool is_selected(const char *name)
{
	for (int i = 0; i < nr_without; i++) {
		if (!fnmatch(without[i], name, 0))
			return false;
	}
	return !fnmatch(glob, name, 0);
}

static void run_scripts(const char *self, bool list)
{
	char dir[PATH_MAX], path[2 * PATH_MAX];
	struct dirent **names;
	int n;

	snprintf(dir, sizeof(dir), "%s/sh", self);
	n = scandir(dir, &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		if (stat(path, &st) || !S_ISREG(st.st_mode) ||
		    access(path, X_OK) || !is_selected(names[i]->d_name))
			continue;
		if (list)
			puts(names[i]->d_name);
		else
			run(NULL, names[i]->d_name, path);
	}
}

int main(int argc, char **argv)
{
	char self[PATH_MAX];
	bool list = false;
	int c;

	while ((c = getopt(argc, argv, "lo:x:")) != -1) {
		if (c == 'l') {
			list = true;
		} else if (c == 'o') {
			results = fopen(optarg, "w");
			if (!results) {
				perror(optarg);
				return 2;
			}
		} else if (c == 'x' && nr_without < MAX_WITHOUT) {
			without[nr_without++] = optarg;
		} else {
			fprintf(stderr, "usage: oomtest [-l] [-o RESULTFILE] [-x GLOB]... [GLOB]\n");
			return 2;
		}
	}
	if (optind < argc)
		glob = argv[optind];
	if (!realpath("/proc/self/exe", self))
		return 2;
	util_init(list);
	if (debug_kernel())
		time_limit_s = TIME_LIMIT_DEBUG_S;
	for (struct test *t = tests; t; t = t->next) {
		if (!is_selected(t->name))
			continue;
		if (list)
			puts(t->name);
		else
			run(t, t->name, NULL);
	}
	run_scripts(dirname(self), list);
	if (list)
		return 0;
	result("done %d\n", nr_run);
	return nr_failed ? 1 : 0;
}
