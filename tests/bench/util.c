// SPDX-License-Identifier: GPL-2.0-only
/* Helpers of psibench and oombench */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define READS 256

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "bench: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, " (%s)\n", strerror(errno));
	va_end(ap);
	exit(1);
}

unsigned long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (unsigned long long)ts.tv_sec * 1000000000ULL +
	       (unsigned long long)ts.tv_nsec;
}

void *shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

void write_file(const char *file, const char *value)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) != (ssize_t)strlen(value))
		die("cannot write %s to %s", value, file);
	close(fd);
}

static void cg_path(char *path, size_t len, const char *cg, const char *file)
{
	snprintf(path, len, CG "%s%s%s%s", *cg ? "/" : "", cg, *file ? "/" : "",
		 file);
}

void cg_make(const char *cg)
{
	char path[256];

	cg_path(path, sizeof(path), cg, "");
	if (mkdir(path, 0755) && errno != EEXIST)
		die("mkdir %s", path);
}

void cg_write(const char *cg, const char *file, const char *value)
{
	char path[256];

	cg_path(path, sizeof(path), cg, file);
	write_file(path, value);
}

unsigned long long cg_id(const char *cg)
{
	char path[256];
	struct stat st;

	cg_path(path, sizeof(path), cg, "");
	if (stat(path, &st))
		die("stat %s", path);
	return st.st_ino;
}

pid_t start_in(const char *cg, const char *name)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, name);
	write_file("/proc/self/oom_score_adj", "0");
	if (cg)
		cg_write(cg, "cgroup.procs", "0");
	return 0;
}

void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void read_at_random(const char *file, size_t bytes, unsigned int pause_us)
{
	unsigned long long x = 88172645463325252ULL;
	char *map;
	int fd;

	fd = open(file, O_RDONLY | O_CLOEXEC);
	map = fd < 0 ? MAP_FAILED : mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		die("%s", file);
	for (int i = 0;; i++) {
		if (pause_us && i % READS == 0)
			usleep(pause_us);
		/* xorshift64 */
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		__asm__ __volatile__("" : : "r"(map[x % bytes]));
	}
}

int main(int argc, char **argv)
{
	for (const struct verb *v = verbs; v->name; v++) {
		if (argc > 1 && !strcmp(argv[1], v->name) && argc - 2 >= v->args)
			return v->run(argc - 2, argv + 2);
	}
	fprintf(stderr, "usage: see the source\n");
	return 2;
}
