/* SPDX-License-Identifier: GPL-2.0-only */
/* Functions shared by the parts of psibench and oombench */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

#define MB (1024UL * 1024)
#define CG "/sys/fs/cgroup/bench"

void __attribute__((noreturn, format(printf, 1, 2))) die(const char *fmt, ...);
unsigned long long now_ns(void);
/* Zeroed memory that stays shared across fork(). */
void *shared(size_t size);
void write_file(const char *file, const char *value);
/* Paths are below CG. */
void cg_make(const char *cg);
void cg_write(const char *cg, const char *file, const char *value);
unsigned long long cg_id(const char *cg);
/* Starts a process in that cgroup, killed when we exit; returns 0 in the child. */
pid_t start_in(const char *cg, const char *name);
void end(pid_t pid);
/* Reads pages of a file at random for ever, with pauses (0: none). */
void __attribute__((noreturn)) read_at_random(const char *file, size_t bytes,
					      unsigned int pause_us);

/**
 * struct verb - a part of a benchmark; a list ends with an entry without a name
 * @name: the first word of the command line
 * @run: is called with the other words, returns the exit status
 * @args: how many words it needs
 */
struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	int args;
};

extern const struct verb verbs[];

int bench_latency(int argc, char **argv);
int bench_idle(int argc, char **argv);
int bench_hog(int argc, char **argv);
int bench_server(int argc, char **argv);
int bench_watch(int argc, char **argv);

#endif /* BENCH_BENCH_H */
