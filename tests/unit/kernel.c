// SPDX-License-Identifier: GPL-2.0-only
/* The functions that kernel.h declares */
#include "kernel.h"

#include "unit.h"

u64 kernel_seconds = 1000;
bool kernel_capable = true;
bool kernel_preempt_rt;
bool kernel_preemptible = true;
char kernel_log[1 << 16];
void (*kernel_on_wait)(void);
struct miscdevice *kernel_misc;

struct user_namespace init_user_ns;
struct cgroup_root cgrp_dfl_root = { .cgrp = { .id = 1, .path = "/" } };

static struct css_set root_cset = { .dfl_cgrp = &cgrp_dfl_root.cgrp };
static struct cgroup_namespace init_cgroup_ns = { .root_cset = &root_cset };
static struct nsproxy init_nsproxy = { .cgroup_ns = &init_cgroup_ns };
static struct task_struct init_task = { .tgid = 1, .nsproxy = &init_nsproxy };
struct task_struct *current = &init_task;

static struct kernel_param *params;
static int spinlocks, mutexes, rcu_sections;

void kernel_bug(const char *file, int line, const char *rule)
{
	test_fail(file, line, "the kernel's rule is broken: %s", rule);
}

/* --- time and log ---------------------------------------------------------- */

void printk(const char *fmt, ...)
{
	size_t len = strlen(kernel_log);
	va_list args;

	va_start(args, fmt);
	vsnprintf(kernel_log + len, sizeof(kernel_log) - len, fmt, args);
	va_end(args);
}

unsigned int kernel_log_lines(const char *with)
{
	const char *line, *end;
	unsigned int nr = 0;

	for (line = kernel_log; (end = strchr(line, '\n')); line = end + 1)
		nr += !!memmem(line, (size_t)(end - line), with, strlen(with));
	return nr;
}

bool __ratelimit(struct ratelimit_state *rs)
{
	if (!rs->begin || kernel_seconds > rs->begin + rs->interval) {
		rs->begin = kernel_seconds;
		rs->printed = 0;
	}
	return rs->printed < rs->burst && ++rs->printed;
}

/* --- locks ----------------------------------------------------------------- */

void spin_lock_init(spinlock_t *lock)
{
	lock->held = false;
}

void spin_lock(spinlock_t *lock)
{
	KERNEL_RULE(!lock->held);
	lock->held = true;
	spinlocks++;
}

void spin_unlock(spinlock_t *lock)
{
	KERNEL_RULE(lock->held);
	lock->held = false;
	spinlocks--;
}

void rcu_read_lock(void)
{
	rcu_sections++;
}

void rcu_read_unlock(void)
{
	KERNEL_RULE(rcu_sections > 0);
	rcu_sections--;
}

bool rcu_read_lock_held(void)
{
	return rcu_sections > 0;
}

void might_sleep(void)
{
	KERNEL_RULE(!spinlocks);
	KERNEL_RULE(!rcu_sections);
}

void mutex_init(struct mutex *lock)
{
	lock->held = false;
}

int mutex_lock_interruptible(struct mutex *lock)
{
	might_sleep();
	KERNEL_RULE(!lock->held);
	lock->held = true;
	mutexes++;
	return 0;
}

void mutex_unlock(struct mutex *lock)
{
	KERNEL_RULE(lock->held);
	lock->held = false;
	mutexes--;
}

void task_lock(struct task_struct *task)
{
	KERNEL_RULE(!task->locked);
	task->locked = true;
	spinlocks++;
}

void task_unlock(struct task_struct *task)
{
	KERNEL_RULE(task->locked);
	task->locked = false;
	spinlocks--;
}

void kernel_check_balance(void)
{
	KERNEL_RULE(!spinlocks);
	KERNEL_RULE(!mutexes);
	KERNEL_RULE(!rcu_sections);
}

/* --- parameters ------------------------------------------------------------ */

int param_set_uint(const char *val, const struct kernel_param *kp)
{
	unsigned long v;
	char *end;

	errno = 0;
	v = strtoul(val, &end, 0);
	if (end == val || *end || errno || *val == '-' || v != (unsigned int)v)
		return -EINVAL;
	*(unsigned int *)kp->arg = (unsigned int)v;
	return 0;
}

int param_get_uint(char *buf, const struct kernel_param *kp)
{
	return sprintf(buf, "%u\n", *(unsigned int *)kp->arg);
}

static int set_bool(const char *val, const struct kernel_param *kp)
{
	*(bool *)kp->arg = *val == '1' || *val == 'Y';
	return 0;
}

const struct kernel_param_ops param_ops_bool = { .set = set_bool };

void kernel_add_param(struct kernel_param *kp)
{
	kp->next = params;
	params = kp;
}

int kernel_set_param(const char *name, const char *value)
{
	const struct kernel_param *kp;

	for (kp = params; kp; kp = kp->next) {
		if (!strcmp(kp->name, name))
			return kp->ops->set(value, kp);
	}
	return -ENOENT;
}

/* --- text ------------------------------------------------------------------ */

ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t len = strnlen(from, size);

	KERNEL_RULE(size);
	if (len == size)
		len--;
	memcpy(to, from, len);
	to[len] = '\0';
	return from[len] ? -E2BIG : (ssize_t)len;
}

static int emit(char *buf, int at, const char *fmt, va_list args)
{
	int room = (int)PAGE_SIZE - at, len;

	KERNEL_RULE(at >= 0);
	KERNEL_RULE(room > 0);
	len = vsnprintf(buf + at, (size_t)room, fmt, args);
	return min(len, room - 1);
}

int sysfs_emit(char *buf, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = emit(buf, 0, fmt, args);
	va_end(args);
	return len;
}

int sysfs_emit_at(char *buf, int at, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = emit(buf, at, fmt, args);
	va_end(args);
	return len;
}

void seq_buf_init(struct seq_buf *s, char *buf, unsigned int size)
{
	*s = (struct seq_buf) { .buffer = buf, .size = size };
	if (size)
		*buf = '\0';
}

static int seq_buf_full(struct seq_buf *s)
{
	s->len = s->size + 1;
	return -1;
}

/*
 * Adds the whole text, or marks the buffer as full; its end may then have part of the
 * text.
 */
int seq_buf_printf(struct seq_buf *s, const char *fmt, ...)
{
	va_list args;
	size_t len;

	if (s->len >= s->size)
		return seq_buf_full(s);
	va_start(args, fmt);
	len = (size_t)vsnprintf(s->buffer + s->len, s->size - s->len, fmt, args);
	va_end(args);
	if (s->len + len >= s->size)
		return seq_buf_full(s);
	s->len += len;
	return 0;
}

int seq_buf_putc(struct seq_buf *s, unsigned char c)
{
	if (s->len + 1 > s->size)
		return seq_buf_full(s);
	s->buffer[s->len++] = (char)c;
	return 0;
}

int seq_buf_puts(struct seq_buf *s, const char *str)
{
	return seq_buf_printf(s, "%s", str);
}

/* --- files ----------------------------------------------------------------- */

int misc_register(struct miscdevice *misc)
{
	kernel_misc = misc;
	return 0;
}

void misc_deregister(struct miscdevice *misc)
{
	KERNEL_RULE(kernel_misc == misc);
	kernel_misc = NULL;
}
