/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Replaces the kernel's headers, and lets a test set the kernel's state
 *
 * The Makefile creates each header that the module includes, as an include of this one.
 * It has only what the files under test use, and of that only what matters to them: locks
 * are checked for balance, the clock stands still, a cgroup is an id and a path.
 */
#ifndef UNIT_KERNEL_H
#define UNIT_KERNEL_H

#include <asm/types.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/types.h>

typedef __u8 u8;
typedef __u32 u32;
typedef __s64 s64;
typedef __u64 u64;
typedef unsigned int __poll_t;

#define CONFIG_MEMCG 1
#define ERESTARTSYS 512
#define NSEC_PER_MSEC 1000000UL
#define PAGE_SHIFT 12
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define SZ_16K 0x4000
#define TASK_COMM_LEN 16
#define U64_MAX (~0ULL)
#define THIS_MODULE NULL
#define __rcu
#define __user

#define READ_ONCE(x) (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, val) (*(volatile typeof(x) *)&(x) = (val))

#define min(a, b)							\
	({								\
		typeof(a) a_ = (a);					\
		typeof(b) b_ = (b);					\
									\
		a_ < b_ ? a_ : b_;					\
	})
#define max(a, b)							\
	({								\
		typeof(a) a_ = (a);					\
		typeof(b) b_ = (b);					\
									\
		a_ > b_ ? a_ : b_;					\
	})
#define clamp(val, low, high) min(max(val, low), high)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ERR_PTR(err) ((void *)(long)(err))
#define IS_ERR_OR_NULL(ptr) (!(ptr) || (unsigned long)(ptr) >= -4095UL)

/* Like the kernel's, takes a char as unsigned; the C library's does not. */
#define iscntrl(c)							\
	({								\
		unsigned char c_ = (c);					\
									\
		c_ < 0x20 || c_ == 0x7f;				\
	})

/* The code under test breaks a rule of the kernel: fails the test. */
void kernel_bug(const char *file, int line, const char *rule) __attribute__((noreturn));

#define KERNEL_RULE(cond)						\
	do {								\
		if (!(cond))						\
			kernel_bug(__FILE__, __LINE__, #cond);		\
	} while (0)

/* State that a test may set or read */
extern u64 kernel_seconds;		/* the clock */
extern bool kernel_capable;		/* has the task CAP_SYS_ADMIN? */
extern bool kernel_preempt_rt;		/* CONFIG_PREEMPT_RT */
extern bool kernel_preemptible;
extern char kernel_log[1 << 16];	/* lines of pr_err() and others */
extern void (*kernel_on_wait)(void);	/* called when a task waits */

/* Like a write to /sys/module/bpf_oom/parameters/NAME. */
int kernel_set_param(const char *name, const char *value);
unsigned int kernel_log_lines(const char *with);

static inline u64 div_u64(u64 a, u32 b)
{
	return a / b;
}

ssize_t strscpy(char *to, const char *from, size_t size);

/* --- time and log ---------------------------------------------------------- */

static inline s64 ktime_get_seconds(void)
{
	return (s64)kernel_seconds;
}

#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif
#define pr_err(fmt, ...) printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info_ratelimited(fmt, ...) printk(pr_fmt(fmt), ##__VA_ARGS__)

void printk(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

struct ratelimit_state {
	u64 interval;
	int burst;
	u64 begin;
	int printed;
};

#define DEFAULT_RATELIMIT_INTERVAL 5
#define DEFAULT_RATELIMIT_BURST 10
#define DEFINE_RATELIMIT_STATE(name, interval_, burst_)			\
	struct ratelimit_state name = { .interval = (interval_), .burst = (burst_) }

bool __ratelimit(struct ratelimit_state *rs);

/* --- locks ----------------------------------------------------------------- */

typedef struct {
	bool held;
} spinlock_t;

typedef spinlock_t raw_spinlock_t;

#define DEFINE_RAW_SPINLOCK(name) raw_spinlock_t name
#define raw_spin_lock spin_lock
#define raw_spin_unlock spin_unlock

void spin_lock_init(spinlock_t *lock);
void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);
void rcu_read_lock(void);
void rcu_read_unlock(void);
bool rcu_read_lock_held(void);
/* Fails the test if called with a spinlock held or under RCU. */
void might_sleep(void);

struct mutex {
	bool held;
};

void mutex_init(struct mutex *lock);
int mutex_lock_interruptible(struct mutex *lock);
void mutex_unlock(struct mutex *lock);
#define mutex_lock(lock) ((void)mutex_lock_interruptible(lock))

static inline bool preemptible(void)
{
	return kernel_preemptible;
}

/* The module uses this for one option only. */
#define IS_ENABLED(option) (!strcmp(#option, "CONFIG_PREEMPT_RT") && kernel_preempt_rt)

struct wait_queue_head {
	unsigned int wakeups;
};

#define DECLARE_WAIT_QUEUE_HEAD(name) struct wait_queue_head name
#define wake_up_interruptible(wq) ((void)(wq)->wakeups++)

/* If @cond is not true, not even after kernel_on_wait(), a signal ends the wait. */
#define wait_event_interruptible(wq, cond)				\
	({								\
		(void)(wq);						\
		might_sleep();						\
		if (!(cond) && kernel_on_wait)				\
			kernel_on_wait();				\
		(cond) ? 0 : -ERESTARTSYS;				\
	})

/* --- parameters ------------------------------------------------------------ */

struct kernel_param_ops;

struct kernel_param {
	const char *name;
	const struct kernel_param_ops *ops;
	void *arg;
	struct kernel_param *next;
};

struct kernel_param_ops {
	int (*set)(const char *val, const struct kernel_param *kp);
	int (*get)(char *buf, const struct kernel_param *kp);
};

extern const struct kernel_param_ops param_ops_bool;

int param_set_uint(const char *val, const struct kernel_param *kp);
int param_get_uint(char *buf, const struct kernel_param *kp);
void kernel_add_param(struct kernel_param *kp);

#define module_param_cb(id, ops_, arg_, perm)				\
	__attribute__((constructor)) static void add_param_##id(void)	\
	{								\
		static struct kernel_param kp = {			\
			.name = #id, .ops = (ops_), .arg = (arg_) };	\
									\
		kernel_add_param(&kp);					\
	}								\
	struct kernel_param
#define module_param(id, type, perm) module_param_cb(id, &param_ops_##type, &id, perm)
/* A declaration, since the macro is followed by a semicolon */
#define MODULE_PARM_DESC(id, text) struct kernel_param

#define CAP_SYS_ADMIN 21

static inline bool capable(int cap)
{
	return cap == CAP_SYS_ADMIN && kernel_capable;
}

/* --- text ------------------------------------------------------------------ */

int sysfs_emit(char *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int sysfs_emit_at(char *buf, int at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

struct seq_buf {
	char *buffer;
	size_t size;
	size_t len;	/* more than @size: the text did not fit */
};

void seq_buf_init(struct seq_buf *s, char *buf, unsigned int size);
int seq_buf_printf(struct seq_buf *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int seq_buf_putc(struct seq_buf *s, unsigned char c);
int seq_buf_puts(struct seq_buf *s, const char *str);

static inline size_t seq_buf_used(struct seq_buf *s)
{
	return min(s->len, s->size);
}

/* --- memory ---------------------------------------------------------------- */

#define GFP_KERNEL 0
#define vcalloc(n, size) calloc(n, size)
#define vfree(ptr) free(ptr)
#define kvzalloc(size, gfp) (might_sleep(), calloc(1, size))
#define kvfree(ptr) free(ptr)

/* NULL stands for an address that is not mapped. */
static inline unsigned long copy_to_user(void *to, const void *from, unsigned long n)
{
	might_sleep();
	if (!to)
		return n;
	memcpy(to, from, n);
	return 0;
}

static inline unsigned long copy_from_user(void *to, const void *from, unsigned long n)
{
	might_sleep();
	if (!from)
		return n;
	memcpy(to, from, n);
	return 0;
}

static inline unsigned int memalloc_noreclaim_save(void)
{
	return 0;
}

static inline void memalloc_noreclaim_restore(unsigned int flags)
{
}

static inline void pagefault_disable(void)
{
}

static inline void pagefault_enable(void)
{
}

/* --- cgroups and tasks ----------------------------------------------------- */

#define CSS_ONLINE 1

struct cgroup;

struct cgroup_subsys_state {
	unsigned int flags;
};

struct cgroup {
	struct cgroup_subsys_state self;
	u64 id;
	const char *path;
	struct cgroup *parent;
};

struct mem_cgroup {
	struct cgroup_subsys_state css;
};

extern struct cgroup_root {
	struct cgroup cgrp;
} cgrp_dfl_root;

static inline u64 cgroup_id(const struct cgroup *cgrp)
{
	return cgrp->id;
}

static inline struct cgroup *cgroup_parent(struct cgroup *cgrp)
{
	return cgrp->parent;
}

static inline int cgroup_path(struct cgroup *cgrp, char *buf, size_t size)
{
	return (int)strscpy(buf, cgrp->path, size);
}

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct cgroup_namespace {
	struct css_set *root_cset;
};

struct nsproxy {
	struct cgroup_namespace *cgroup_ns;
};

struct mm_struct {
	unsigned long rss;	/* pages */
};

typedef struct {
	uid_t val;
} kuid_t;

struct user_namespace {
	int dummy;
};

extern struct user_namespace init_user_ns;

struct task_struct {
	pid_t tgid;
	kuid_t uid;
	char comm[TASK_COMM_LEN];
	bool reaped;
	bool locked;
	struct task_struct *group_leader;
	struct task_struct *next_thread;
	struct mm_struct *mm;
	struct cgroup *cgroup;
	struct nsproxy *nsproxy;
	int references;
	struct {
		u64 sum_exec_runtime;
	} se;
};

extern struct task_struct *current;

static inline pid_t task_tgid_nr(struct task_struct *task)
{
	return task->tgid;
}

static inline bool pid_alive(const struct task_struct *task)
{
	return !task->reaped;
}

static inline struct task_struct *__next_thread(struct task_struct *task)
{
	return task->next_thread;
}

static inline struct cgroup *task_dfl_cgroup(struct task_struct *task)
{
	KERNEL_RULE(rcu_read_lock_held());
	return task->cgroup;
}

static inline unsigned long get_mm_rss(struct mm_struct *mm)
{
	return mm->rss;
}

static inline kuid_t task_uid(const struct task_struct *task)
{
	return task->uid;
}

static inline uid_t from_kuid(struct user_namespace *ns, kuid_t uid)
{
	return uid.val;
}

static inline void put_task_struct(struct task_struct *task)
{
	task->references--;
}

void task_lock(struct task_struct *task);
void task_unlock(struct task_struct *task);

struct oom_control {
	struct mem_cgroup *memcg;
	int order;
	unsigned long totalpages;
};

/* --- files ----------------------------------------------------------------- */

struct inode;
struct file;
typedef struct poll_table_struct poll_table;

struct file_operations {
	void *owner;
	int (*open)(struct inode *inode, struct file *file);
	int (*release)(struct inode *inode, struct file *file);
	ssize_t (*read)(struct file *file, char *buf, size_t count, loff_t *pos);
	ssize_t (*write)(struct file *file, const char *buf, size_t count, loff_t *pos);
	__poll_t (*poll)(struct file *file, poll_table *wait);
	loff_t (*llseek)(struct file *file, loff_t offset, int whence);
};

struct file {
	void *private_data;
	unsigned int f_flags;
};

#define MISC_DYNAMIC_MINOR 255

struct miscdevice {
	int minor;
	const char *name;
	unsigned int mode;
	const struct file_operations *fops;
};

/* The registered device */
extern struct miscdevice *kernel_misc;

int misc_register(struct miscdevice *misc);
void misc_deregister(struct miscdevice *misc);
#define poll_wait(file, wq, wait) ((void)(wq))

/* --- only declared --------------------------------------------------------- */

struct bpf_func_proto;
struct bpf_link;
struct bpf_prog;
struct btf;
struct btf_id_set;

enum bpf_func_id {
	BPF_FUNC_unspec,
};

struct hlist_node {
	struct hlist_node *next;
};

struct kobject {
	int references;
};

/* A tracepoint without listeners */
#define TP_PROTO(...) __VA_ARGS__
#define TRACE_EVENT(name, proto, ...)					\
	static inline void trace_##name(proto)				\
	{								\
	}								\
	struct kernel_param

#endif /* UNIT_KERNEL_H */
