// SPDX-License-Identifier: GPL-2.0-only
/* The processes on a machine: a server, a leak, and one that suffers from the leak */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define STALL_NS 100000000ULL
#define PROBE_PAUSE_US 10000
/* With 1 ms, nothing stalled in earlyoom's runs, so there was nothing to compare. */
#define SERVER_PAUSE_US 0
/* How long after the end of the hog other processes may still suffer */
#define TAIL_US 3000000

/* Half of each page can be compressed; the source of the other half differs. */
static void fill(char *p, size_t bytes)
{
	static unsigned long long noise[4096], x = 88172645463325252ULL;

	for (size_t i = 0; !noise[4095] && i < 4096; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		noise[i] = x;
	}
	for (size_t page = 0; page < bytes; page += 4096)
		memcpy(p + page, (char *)noise + ++x % 16384, 2048);
}

int bench_hog(int argc, char **argv)
{
	char c, *p;
	int fd;

	prctl(PR_SET_NAME, "hog");
	fd = open(argv[0], O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, &c, 1) != 1)
		die("%s", argv[0]);
	for (;;) {
		p = mmap(NULL, MB, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p != MAP_FAILED)
			fill(p, MB);
		usleep(10000);
	}
}

static size_t read_all(int fd)
{
	static char buf[65536];
	size_t bytes = 0;
	ssize_t n;

	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		bytes += (size_t)n;
	return bytes;
}

int bench_server(int argc, char **argv)
{
	size_t bytes;
	int fd;

	prctl(PR_SET_NAME, "server");
	fd = open(argv[0], O_RDONLY | O_CLOEXEC);
	bytes = read_all(fd);
	if (!bytes)
		die("%s", argv[0]);
	close(fd);
	close(open(argv[1], O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	read_at_random(argv[0], bytes, SERVER_PAUSE_US);
}

struct probe {
	bool counts, stop;
	unsigned int rounds;
	unsigned long long stalled_ns, worst_ns;
};

/* Another process sets the two flags. */
static bool is_set(bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static void set(bool *flag)
{
	__atomic_store_n(flag, true, __ATOMIC_RELEASE);
}

static void __attribute__((noreturn)) run_probe(const char *file, struct probe *probe)
{
	unsigned long long began, ns;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	while (!is_set(&probe->stop)) {
		began = now_ns();
		usleep(PROBE_PAUSE_US);
		if (!read_all(fd))
			die("%s", file);
		ns = now_ns() - began;
		if (!is_set(&probe->counts))
			continue;
		probe->rounds++;
		if (ns > probe->worst_ns)
			probe->worst_ns = ns;
		if (ns > STALL_NS)
			probe->stalled_ns += ns;
	}
	_exit(0);
}

/* Prints: ms until the hog was dead, ms of stalls, the longest stall, rounds. */
int bench_watch(int argc, char **argv)
{
	const struct sched_param urgent = { .sched_priority = 10 };
	int timeout_ms = atoi(argv[3]) * 1000;
	struct probe *probe = shared(sizeof(*probe));
	unsigned long long began, ended;
	struct pollfd hog = { .events = POLLIN };
	pid_t pid;
	int fifo;

	hog.fd = (int)syscall(SYS_pidfd_open, atoi(argv[0]), 0);
	fifo = open(argv[1], O_WRONLY | O_CLOEXEC);
	if (hog.fd < 0 || fifo < 0)
		die("no hog");
	pid = start_in(NULL, "probe");
	if (!pid)
		run_probe(argv[2], probe);
	/* The watcher itself must not suffer. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE) ||
	    sched_setscheduler(0, SCHED_FIFO, &urgent))
		die("cannot be urgent");
	usleep(1000000);
	set(&probe->counts);
	began = now_ns();
	if (write(fifo, "", 1) != 1)
		die("%s", argv[1]);
	poll(&hog, 1, timeout_ms);
	ended = now_ns();
	if (!hog.revents)
		syscall(SYS_pidfd_send_signal, hog.fd, 9, NULL, 0);
	usleep(TAIL_US);
	set(&probe->stop);
	/* A stall that has not ended yet counts, too. */
	waitpid(pid, NULL, 0);
	printf("%s%llu %llu %llu %u\n", hog.revents ? "" : ">", (ended - began) / 1000000,
	       probe->stalled_ns / 1000000, probe->worst_ns / 1000000, probe->rounds);
	return 0;
}
