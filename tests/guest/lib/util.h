/* SPDX-License-Identifier: GPL-2.0-only */
/* Cgroups, memory hogs and policies for the tests. */
#ifndef TESTS_UTIL_H
#define TESTS_UTIL_H

#include <stdbool.h>
#include <sys/types.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "policy.h"

#define MB (1024UL * 1024)

void util_init(bool quiet);
int module_refs(const char *name);
const char *provider(void);
bool hook_built_in(void);
bool debug_kernel(void);
unsigned long long slow_ns(unsigned long long ns);
/*
 * For a policy that is told to go on. Where the test has failed before, it ends all the
 * same, and before the VM (see tests/vm/lib/boot.sh) complains of a CPU that is stuck.
 */
#define UNTIL_TOLD_NS 30000000000ULL
/* How often to repeat what may meet a race. */
int rounds(int nr);
void need_shim(void);
void need_memcg(void);
int unload(void);
void read_file(const char *path, char *buf, size_t len);
int write_file(const char *path, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Runs a shell command, returns its exit status. */
int sh(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
unsigned long long now_ns(void);
/* Or the test is skipped. */
void need_cpus(int nr);
/* This process, and those that it forks from here on. */
void run_on(int cpu);
/* Waits for the condition, for up to so many seconds. Looks again when it has come. */
#define WAIT_FOR(cond, seconds)						\
	({								\
		unsigned long long end_ = now_ns() + (seconds) * 1000000000ULL; \
									\
		while (!(cond) && now_ns() < end_)			\
			usleep(2000);					\
		(cond);							\
	})

/*
 * Cgroups. All that tests make is below "test" in the root of cgroup2, which has the
 * memory controller on, and is removed after each; their paths begin there.
 */
#define CG_ROOT "/sys/fs/cgroup"
void cg_make(const char *cg);
/* A domain of an OOM: memory.max in MB, no swap. */
void cg_make_limited(const char *cg, unsigned int mb);
/* That memory.max now, -1: "max". */
long cg_max_mb(const char *cg);
void cg_make_without_memory(const char *cg);
int cg_remove(const char *cg);
void cg_remove_all(void);
/* All of them together get a tenth of one CPU, if they have that controller. */
void cg_throttle_all(bool on);
/* Seen from below, a machine that has no more memory than that. */
void cg_slow_all_above(unsigned int mb);
unsigned long long cg_id(const char *cg);
long cg_key(const char *cg, const char *file, const char *key);
void cg_write(const char *cg, const char *file, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Processes */
/* In the cgroup, holding so many MB, with this oom_score_adj. Ready on return. */
pid_t hog(const char *cg, unsigned int mb, int adj);
/* As hog(), but its first thread has exited. */
pid_t hog_by_its_other_thread(const char *cg, unsigned int mb, int adj);
/* One of 130 MB that is on disk, and in memory no more. */
int large_file(void);
/* As hog(), but of page cache. */
pid_t cache_hog(const char *cg, unsigned int mb);
/* As hog(), but of what nobody reads from TCP connections. */
pid_t socket_hog(const char *cg, unsigned int mb);
/* Allocates without end from now on, in MBs, sleeping the time in between. */
pid_t eater(const char *cg, int adj, unsigned int pause_us);
/* An eater that has so many MB already. */
pid_t leak(const char *cg, unsigned int mb, unsigned int pause_us);
/* Has it been killed by SIGKILL, now or within some seconds? */
bool killed(pid_t pid);
bool alive(pid_t pid);
/* One of those letters of proc_pid_stat(5). */
bool in_state(pid_t pid, const char *states);
void reap(pid_t pid);
/* Runs an OOM in the cgroup: an eater until something dies. Returns its pid. */
pid_t oom_in(const char *cg);
/* So, and returns when the policy is busy with it, which it is until told to go on. */
pid_t oom_in_handler(struct policy_control *ctl, const char *cg);
/* Tells it once the main thread waits. */
void go_on_soon(unsigned int *go_on);
/* One that the kernel settles: it takes the eater. */
void oom_is_the_kernels(const char *cg);
/* OOM after OOM in the cgroup, by a process group. */
pid_t storm(const char *cg);
void end_storm(pid_t pid);

/* Policies: the programmable one, see policy.h and policy.bpf.c */
struct policy;
/* Opens; the caller may change it before policy_load(). */
struct policy *policy_open(const char *name, const char *cg);
/* With all that it can do (see policy.h), slower to load. */
struct policy *able_open(const char *name, const char *cg);
/* With evaluate_task, and with handle_out_of_memory or without it. */
struct policy *ranker_open(const char *name, const char *cg, bool with_handler);
/* With handle_cgroup_offline. */
struct policy *listener_open(const char *name, const char *cg);
struct bpf_oom_ops *policy_ops(struct policy *p);
struct policy_control *policy_control(struct policy *p);
struct bpf_map *policy_map(struct policy *p);
int policy_load(struct policy *p);
int policy_attach(struct policy *p);
int policy_link_fd(struct policy *p);
struct bpf_link *policy_link(struct policy *p);
/* Gives the attachment of one to the other, which is loaded. */
int policy_replace(struct policy *p, struct policy *by);
void policy_detach(struct policy *p);
void policy_close(struct policy *p);
/* Open and load or fail; cg NULL: system-wide. */
struct policy *policy_loaded(const char *name, const char *cg);
/* Load and attach or fail. */
void policy_start(struct policy *p);
/* Open, load and attach or fail; cg NULL: system-wide. */
struct policy *policy_on(const char *name, const char *cg, int ret);
struct policy *able_on(const char *name, const char *cg, int ret);

/* Checks the line with which the report says who decided. */
void check_report(const char *policy, const char *policy_cg,
		  const char *constraint, const char *oom_cg, int killed);

#endif /* TESTS_UTIL_H */
