// SPDX-License-Identifier: GPL-2.0-only
/*
 * unit [GLOB]: run the unit tests
 *
 * Prints "ok - NAME" or "not ok - NAME" for each, and reasons in lines "# ...". A test
 * passes only if its process exits with 0, since the sanitizers end it with another
 * status.
 */
#include <fnmatch.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#define TIME_LIMIT_S 60

static struct test *tests, **tests_end = &tests;

void test_register(struct test *t)
{
	*tests_end = t;
	tests_end = &t->next;
}

static void __attribute__((format(printf, 1, 0))) say(const char *fmt, va_list args)
{
	vprintf(fmt, args);
	putchar('\n');
	fflush(stdout);
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	printf("%s:%d: ", file, line);
	va_start(args, fmt);
	say(fmt, args);
	va_end(args);
	/* Skip the leak check: the test has failed already. */
	_exit(1);
}

static pid_t start(const struct test *t, int out)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	alarm(TIME_LIMIT_S);
	t->fn();
	kernel_check_balance();
	exit(0);
}

static void print_output(FILE *out)
{
	char line[1000];

	rewind(out);
	while (fgets(line, sizeof(line), out))
		printf("# %s%s", line, strchr(line, '\n') ? "" : "\n");
}

static bool run(const struct test *t)
{
	FILE *out = tmpfile();
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = out ? start(t, fileno(out)) : -1;
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("unit");
		exit(2);
	}
	printf("%s - %s\n", status ? "not ok" : "ok", t->name);
	if (status) {
		print_output(out);
		if (WIFSIGNALED(status))
			printf("# killed by signal %d\n", WTERMSIG(status));
	}
	fclose(out);
	return !status;
}

int main(int argc, char **argv)
{
	const char *glob = argc > 1 ? argv[1] : "*";
	const struct test *t;
	bool passed = true;

	for (t = tests; t; t = t->next) {
		if (!fnmatch(glob, t->name, 0))
			passed &= run(t);
	}
	return !passed;
}
