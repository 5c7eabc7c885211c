/* SPDX-License-Identifier: GPL-2.0-only */
/* Cgroups, memory hogs and policies for the tests */
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
 * How long a handler runs that waits to be told to go on. It ends then, even if the test
 * has failed, before the VM (see tests/vm/lib/boot.sh) reports a stuck CPU.
 */
#define UNTIL_TOLD_NS 30000000000ULL
/* How often to repeat a race */
int rounds(int nr);
void need_shim(void);
void need_memcg(void);
int unload(void);
void read_file(const char *path, char *buf, size_t len);
int write_file(const char *path, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Runs a shell command and returns its exit status. */
int sh(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
unsigned long long now_ns(void);
/* Skips the test if there are less. */
void need_cpus(int nr);
/* Moves this process, and its future children, to a CPU. */
void run_on(int cpu);
/* Waits up to so many seconds for the condition, which is evaluated again at the end. */
#define WAIT_FOR(cond, seconds)						\
	({								\
		unsigned long long end_ = now_ns() + (seconds) * 1000000000ULL; \
									\
		while (!(cond) && now_ns() < end_)			\
			usleep(2000);					\
		(cond);							\
	})

/*
 * Cgroups. Those of tests are below "test" in the root of cgroup2, which has the memory
 * controller on; paths begin there. They are removed after each test.
 */
#define CG_ROOT "/sys/fs/cgroup"
void cg_make(const char *cg);
/* A cgroup with memory.max in MB and no swap */
void cg_make_limited(const char *cg, unsigned int mb);
/* Its current memory.max in MB, -1: "max" */
long cg_max_mb(const char *cg);
void cg_make_without_memory(const char *cg);
int cg_remove(const char *cg);
void cg_remove_all(void);
/* Limits all of them together to a tenth of one CPU, if there is the cpu controller. */
void cg_throttle_all(bool on);
/* Limits all of them together, like a machine that has no more memory. */
void cg_slow_all_above(unsigned int mb);
unsigned long long cg_id(const char *cg);
long cg_key(const char *cg, const char *file, const char *key);
void cg_write(const char *cg, const char *file, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Processes */
/*
 * Starts a task in the cgroup that has so many MB and this oom_score_adj; ready on
 * return.
 */
pid_t hog(const char *cg, unsigned int mb, int adj);
/* As hog(), but the first thread has exited. */
pid_t hog_by_its_other_thread(const char *cg, unsigned int mb, int adj);
/* A file of 130 MB on disk, not cached */
int large_file(void);
/* As hog(), but with page cache. */
pid_t cache_hog(const char *cg, unsigned int mb);
/* As hog(), but with unread data in TCP connections. */
pid_t socket_hog(const char *cg, unsigned int mb);
/* Starts a task that allocates without end, one MB at a time, with pauses in between. */
pid_t eater(const char *cg, int adj, unsigned int pause_us);
/* The same, but it has so many MB at the beginning. */
pid_t leak(const char *cg, unsigned int mb, unsigned int pause_us);
/* Waits some seconds: has the task been killed by SIGKILL? */
bool killed(pid_t pid);
bool alive(pid_t pid);
/* Is the task in one of these states? Letters as in proc_pid_stat(5). */
bool in_state(pid_t pid, const char *states);
void reap(pid_t pid);
/* Causes an OOM in the cgroup: an eater runs until a task dies. Returns its pid. */
pid_t oom_in(const char *cg);
/*
 * The same, but returns while the policy's handler runs, which lasts until go_on is set.
 */
pid_t oom_in_handler(struct policy_control *ctl, const char *cg);
/* Sets *go_on once the main thread waits. */
void go_on_soon(unsigned int *go_on);
/* Causes an OOM that the kernel must settle, by killing the eater. */
void oom_is_the_kernels(const char *cg);
/* Causes one OOM after the other in the cgroup, by a process group. */
pid_t storm(const char *cg);
void end_storm(pid_t pid);

/* Policies: the programmable one, see policy.h and policy.bpf.c */
struct policy;
/* Opens the policy; the caller may change it before policy_load(). */
struct policy *policy_open(const char *name, const char *cg);
/* The same with all abilities (see policy.h), which loads more slowly. */
struct policy *able_open(const char *name, const char *cg);
/* The same with evaluate_task, and with or without handle_out_of_memory. */
struct policy *ranker_open(const char *name, const char *cg, bool with_handler);
/* The same with handle_cgroup_offline. */
struct policy *listener_open(const char *name, const char *cg);
struct bpf_oom_ops *policy_ops(struct policy *p);
struct policy_control *policy_control(struct policy *p);
struct bpf_map *policy_map(struct policy *p);
int policy_load(struct policy *p);
int policy_attach(struct policy *p);
int policy_link_fd(struct policy *p);
struct bpf_link *policy_link(struct policy *p);
/* Replaces one in its attachment by the other, which is loaded. */
int policy_replace(struct policy *p, struct policy *by);
void policy_detach(struct policy *p);
void policy_close(struct policy *p);
/* Opens and loads; the test fails if that does. cg NULL: system-wide. */
struct policy *policy_loaded(const char *name, const char *cg);
/* Loads and attaches; the test fails if that does. */
void policy_start(struct policy *p);
/* Opens, loads and attaches; the test fails if that does. cg NULL: system-wide. */
struct policy *policy_on(const char *name, const char *cg, int ret);
struct policy *able_on(const char *name, const char *cg, int ret);

/* Checks the line of the OOM report that says which policy decided. */
void check_report(const char *policy, const char *policy_cg,
		  const char *constraint, const char *oom_cg, int killed);

#endif /* TESTS_UTIL_H */
