/* SPDX-License-Identifier: GPL-2.0-only */
/* Declarations shared by the files of bpfoom */
#ifndef _BPFOOM_H
#define _BPFOOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <linux/types.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <bpf_oom/record.h>

#define BPFFS "/sys/fs/bpf"
#define PIN_DIR BPFFS "/bpf-oom"
#define LINK_DIR PIN_DIR "/links"
#define DEVICE "/dev/bpf_oom"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define __printf(fmt, args) __attribute__((format(printf, fmt, args)))

/*
 * In ops.cgroup_id both 0 and the root's id mean system-wide; bpfoom uses this id only.
 */
#define CGROUP_SYSTEM 1

/* Exit codes, promised in bpfoom(8). */
enum {
	EX_DONE,
	EX_FAILED,
	EX_BAD_USAGE,
	EX_NOT_ACTIVE,
	EX_NOT_FOUND,
	EX_UNSUPPORTED,
	EX_OTHERWISE,
};

/* cmd_*.c: one function per verb; argv[0] is the verb */

int cmd_attach(int argc, char **argv);
int cmd_detach(int argc, char **argv);
int cmd_events(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_policies(int argc, char **argv);
int cmd_reset(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_test(int argc, char **argv);
int cmd_why(int argc, char **argv);

/* main.c */

int __printf(1, 2) bad_usage(const char *fmt, ...);
int print_help(const char *verb);
bool wants_help(int argc, char **argv);
struct option;

int next_argument(int argc, char **argv, const char *letters,
		  const struct option *options);
int parse_json(int argc, char **argv, bool *json);
int need_root(void);

/* message.c */

extern bool verbose;

void __printf(1, 2) pr_err(const char *fmt, ...);
const char *error_text(int err);
__printf(1, 2) char *format(const char *fmt, ...);
bool read_line(const char *path, char *buf, size_t size);
void messages_capture(void);
char *messages_missing_kfunc(void);
void messages_show_tail(unsigned int lines);

/* print.c */

void print_name(const char *s);
size_t name_columns(const char *s);
void print_name_end(const char *s, size_t columns);
void print_path(const char *path, size_t width);
void print_json_string(const char *s);
void print_quoted(const char *word);
void print_size(unsigned long long bytes);
size_t output_columns(void);

/* cgroup.c */

const char *cgroup_mount(void);
char *cgroup_directory(const char *path);
bool cgroup_exists(const char *path);
int cgroup_id_of(const char *path, __u64 *id);

enum cgroup_place {
	CGROUP_HERE,
	CGROUP_OUTSIDE,	/* outside our cgroup namespace */
	CGROUP_GONE,
};

enum cgroup_place cgroup_find(__u64 id, char **path);
char *cgroup_describe(__u64 id);
bool cgroup_namespaced(void);
bool cgroup_inside(__u64 id);

/* memory.c: where the memory controller is missing */

bool memory_missing(const char **why, const char **action);
void memory_explain(const char *path);

/* system.c: what the kernel brings, and what it lacks */

bool kernel_release_supported(void);
bool module_loaded(const char *name);
bool module_installed(void);
bool module_btf_present(void);
bool bpffs_mounted(void);
bool ftrace_off(void);
void read_lockdown(char *buf, size_t size);
bool secure_boot_on(void);
bool signature_needed(void);
char *module_advice(void);
int module_get_ready(void);
void module_wait_unused(void);

/* policy.c: an object file with one policy */

enum policy_kind {
	POLICY_UNKNOWN,
	POLICY_OOM,	/* struct bpf_oom_ops */
	POLICY_PSI,	/* struct bpf_psi_ops */
};

struct cgroup_setting;

struct policy {
	struct bpf_object *obj;
	struct bpf_map *map;
	const char *name;	/* in @obj */
	enum policy_kind kind;
	struct cgroup_setting *settings;	/* the last one on the command line */
};

#define POLICY_FILE ".bpf.o"

extern const char *const policy_dirs[];

int policy_open(struct policy *p, const char *arg);
void policy_close(struct policy *p);
char *policy_describe(const char *file, enum policy_kind *kind);
int policy_set_cgroup(struct policy *p, __u64 cgroup_id);
int policy_set_flags(struct policy *p, __u64 flags);
__u64 policy_flags(const struct policy *p);
enum policy_kind policy_kind_of(const char *type);
const char *policy_kind_name(enum policy_kind kind);
const char *policy_refusal(const struct policy *p);
bool policy_weighs_cgroups(const struct policy *p);

/* options.c: the const volatile variables of a policy */

int policy_set_option(struct policy *p, const char *name_value);
bool policy_set_root(struct policy *p, __u64 cgroup_id);
const void *policy_options(const struct policy *p, size_t *size);

/* cgroup_options.c: options of single cgroups, in maps of a policy */

int cgroup_option_set(struct policy *p, const char *name_value);
int cgroup_options_apply(struct policy *p);
int cgroup_options_compare(const struct policy *p, const struct bpf_map *map, int fd);
void cgroup_options_print(const struct policy *p);
void cgroup_options_free(struct policy *p);

/* attached.c: the attached policies */

struct attached {
	char policy[64];
	enum policy_kind kind;
	__u64 cgroup_id;
	__u64 flags;	/* enum bpf_oom_attach_flags */
	__u32 link_id;	/* 0: attached without a link */
	__u32 map_id;	/* 0: the attachment has ended */
	__u32 programs[8];	/* ids */
	int nr_programs;
	char *pin;		/* NULL: none in LINK_DIR, so another tool attached it */
};

struct attached_list {
	struct attached *items;
	size_t nr;
};

int attached_lock(void);
int attached_get(struct attached_list *list);
void attached_put(struct attached_list *list);
int attached_end(const struct attached *a);

/* same.c: comparing an attached policy with the requested one */

int attached_is(const struct attached *a, const struct policy *p);

/* watched.c: how many cgroups pressure policies watch */

struct watched {
	__u64 watched;		/* cgroups with a trigger of their own */
	__u64 without_trigger;	/* watched, but without a trigger */
};

bool watched_find(const struct attached *a, struct watched *w);
void watched_tell(const struct attached *a);

/* sysfs.c: what the module shows of attachments */

/* Indices of the counters */
#define SHOWN_ASKED 0
#define SHOWN_KILLS 2
#define SHOWN_COUNTERS 9

/* As many as the module shows for an attachment */
#define SHOWN_BYPASSES 64

/**
 * struct bypass - a policy is not asked about OOMs, since its breaker has tripped
 * @cgroup_id: for OOMs in this cgroup, or CGROUP_SYSTEM
 * @why: the limit that it exceeded
 * @seconds: until it is asked again
 */
struct bypass {
	__u64 cgroup_id;
	char why[16];
	unsigned int seconds;
};

struct shown {
	__u64 id;
	char policy[64];
	__u64 cgroup_id;
	__u32 link_id;
	bool dry_run;
	__u64 counters[SHOWN_COUNTERS];
	struct bypass bypasses[SHOWN_BYPASSES];
	unsigned int nr_bypasses;	/* 0: the breaker is armed */
};

extern const char *const shown_counters[SHOWN_COUNTERS];

bool shown_each(bool (*fn)(const struct shown *s, void *arg), void *arg);
bool shown_find(__u32 link_id, const char *policy, __u64 cgroup_id, struct shown *s);
bool shown_reset(const struct shown *s);
void bypass_print(const struct bypass *b);
void bypass_print_json(const struct bypass *b);

/* records.c: the module's records of decisions */

/* The longest value is a path of PATH_MAX; a record has up to 16 of them. */
#define RECORD_KEY_SIZE 32
#define RECORD_VALUE_SIZE 4352
#define RECORD_SIZE (32 * RECORD_VALUE_SIZE)

struct decision {
	char text[RECORD_SIZE];
};

int records_open(bool wait, int *fd);
int record_read(int fd, struct decision *r);

/* record.c: the content of a record */

/* A process or a cgroup that was considered */
struct candidate {
	long long score;
	long long pid;	/* 0: a cgroup */
	unsigned long long cgroup_id;
	bool chosen;
	char text[RECORD_VALUE_SIZE];	/* name of the process, path of the cgroup */
	char why[RECORD_VALUE_SIZE];	/* why it was not chosen; "" if unknown */
};

/* A policy that was asked but did not decide */
struct declined {
	char policy[64];
	unsigned long long cgroup_id;
	int ret;
	char why[32];	/* one of the module's words for it */
	char reason[RECORD_VALUE_SIZE];	/* the reason that the policy gave; "" if none */
};

bool record_line(const struct decision *r, const char **pos, char key[RECORD_KEY_SIZE],
		 char value[RECORD_VALUE_SIZE]);
bool record_next(const struct decision *r, const char **pos, const char *key,
		 char value[RECORD_VALUE_SIZE]);
bool record_value(const struct decision *r, const char *key, char value[RECORD_VALUE_SIZE]);
long long record_number(const struct decision *r, const char *key);
bool record_is(const struct decision *r, const char *key, const char *want);
int record_result(const struct decision *r);
bool record_candidate(const struct decision *r, const char **pos, struct candidate *c);
bool record_declined(const struct decision *r, const char **pos, struct declined *d);
bool record_by_kernel(const struct decision *r);
bool record_is_declared(const struct decision *r);
bool record_is_sysrq(const struct decision *r);
bool record_is_death(const struct decision *r);
bool record_has_victim(const struct decision *r, long long pid);
bool record_ranker(const struct decision *r, char name[RECORD_VALUE_SIZE]);

/* record_words.c: parts of sentences about a record */

void record_print_time(const struct decision *r);
void record_print_value(const struct decision *r, const char *key);
void record_print_process(const struct decision *r, const char *pid, const char *comm);
void record_print_domain(const struct decision *r);
void record_print_declarer(const struct decision *r);
void record_print_repeats(const struct decision *r);

/*
 * record_short.c, record_text.c with record_candidates.c, record_json.c: a whole record
 */

void record_print_short(const struct decision *r);
void record_print_long(const struct decision *r);
void record_print_candidates(const struct decision *r);
void record_print_json(const struct decision *r);

/* rehearse.c: asking a policy without an OOM */

int rehearse(__u32 link_id);

/* btf.c: offsets of members in types that BTF describes */

int btf_member_offset(const struct btf *btf, int type_id, const char *path,
		      size_t *size);

#endif /* _BPFOOM_H */
