// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/bpf_oom: reads decision records and starts rehearsals
 *
 * It is read like /dev/kmsg: each read() returns one record, as lines "key=value" and
 * an empty line, from the oldest on, and waits if there are no more. -EPIPE: records
 * were overwritten before they were read; the next read() returns the oldest one left.
 * lseek() goes to the oldest record (SEEK_SET) or behind the last one (SEEK_END).
 *
 * Writing "rehearse N" asks the policy of attachment N about a simulated OOM of its
 * cgroup, which leaves a record like any other.
 */
#include <linux/capability.h>
#include <linux/cgroup.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/nsproxy.h>
#include <linux/poll.h>
#include <linux/seq_buf.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "record/device.h"
#include "record/record.h"

#define TEXT_SIZE SZ_16K

/* Set before the device exists. */
static const struct device_user *user;

/**
 * struct reader - an open file
 * @lock: serialises reads of this file and protects the rest; held while text is copied
 *	to user space
 * @seq: number of the record to read next
 * @record: a copy of that record
 * @text: the record as text
 */
struct reader {
	struct mutex lock; /* protects what follows */
	u64 seq;
	struct record record;
	char text[TEXT_SIZE];
};

/* Names of processes and cgroups may have control characters: a line must stay one. */
static void put(struct seq_buf *s, const char *key, const char *value)
{
	seq_buf_printf(s, "%s=", key);
	for (; *value; value++)
		seq_buf_putc(s, iscntrl(*value) ? '?' : *value);
	seq_buf_putc(s, '\n');
}

static void put_candidates(struct seq_buf *s, const struct record *r)
{
	const struct record_candidate *c;
	char line[RECORD_TEXT + 80];
	unsigned int i;

	if (r->nr_considered)
		seq_buf_printf(s, "candidates=%u\n", r->nr_considered);
	for (i = 0; i < r->nr_candidates; i++) {
		c = &r->candidates[i];
		snprintf(line, sizeof(line), "%lld %d %llu %s", c->score, c->pid,
			 c->cgroup_id, c->text);
		put(s, "candidate", line);
		if (c->chosen)
			put(s, "candidate_chosen", "1");
		if (c->why[0])
			put(s, "candidate_why", c->why);
	}
}

static void put_declined(struct seq_buf *s, const struct record *r)
{
	const struct record_declined *d;
	unsigned int i;

	for (i = 0; i < r->nr_declined; i++) {
		d = &r->declined[i];
		seq_buf_printf(s, "declined=%s %llu %d %s\n", d->name,
			       d->cgroup_id, d->ret, d->why);
		if (d->reason[0])
			put(s, "declined_why", d->reason);
	}
}

static void put_victim(struct seq_buf *s, const struct record *r)
{
	unsigned int i;

	if (!r->victim.pid)
		return;
	seq_buf_printf(s, "victim_pid=%d\nvictim_uid=%u\nvictim_rss_kb=%llu\n",
		       r->victim.pid, r->victim.uid, r->victim.rss_kb);
	put(s, "victim_comm", r->victim.comm);
	put(s, "victim_cgroup", r->victim.cgroup);
	put(s, "reason", r->reason);
	for (i = 0; i < r->nr_others; i++)
		seq_buf_printf(s, "also_killed=%d\n", r->others[i]);
}

static void put_kernel(struct seq_buf *s, const struct record *r)
{
	if (!r->kernel)
		return;
	put(s, "kernel", r->kernel);
	if (!r->kernel_pid)
		return;
	seq_buf_printf(s, "kernel_pid=%d\nkernel_score=%ld\n", r->kernel_pid,
		       r->kernel_score);
	put(s, "kernel_comm", r->kernel_comm);
}

static const char *result_name(int result)
{
	static const struct {
		int result;
		const char *name;
	} names[] = { BPF_OOM_RESULT_NAMES };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i].result == result)
			return names[i].name;
	}
	return "?";
}

/* Candidates come last: they could be truncated (TEXT_SIZE has room for all). */
static size_t format_record(const struct record *r, char *text, size_t size)
{
	struct seq_buf s;

	seq_buf_init(&s, text, size - 1);
	seq_buf_printf(&s, "seq=%llu\ntime_ns=%llu\ndomain=%s\n", r->seq,
		       r->time_ns, r->memcg ? "memcg" : "system");
	put(&s, "cgroup", r->cgroup);
	seq_buf_printf(&s, "cgroup_id=%llu\norder=%d\n", r->cgroup_id, r->order);
	put(&s, "constraint", r->constraint);
	if (r->declared_by[0]) {
		seq_buf_puts(&s, "declared=1\n");
		put(&s, "declared_by", r->declared_by);
	}
	put(&s, "policy", r->policy);
	put(&s, "policy_cgroup", r->policy_cgroup);
	seq_buf_printf(&s, "policy_cgroup_id=%llu\nattachment=%llu\n",
		       r->policy_cgroup_id, r->attachment);
	put(&s, "result", result_name(r->result));
	seq_buf_printf(&s, "dry_run=%d\nrehearsal=%d\nasked=%u\nkills=%u\nlatency_ns=%llu\n",
		       r->dry_run, r->rehearsal, r->asked, r->kills,
		       r->latency_ns);
	if (r->repeats)
		seq_buf_printf(&s, "repeats=%llu\n", r->repeats);
	put_victim(&s, r);
	put_kernel(&s, r);
	put_declined(&s, r);
	put_candidates(&s, r);
	text[seq_buf_used(&s)] = '\n';
	return seq_buf_used(&s) + 1;
}

/*
 * Are there cgroups that the current task cannot see? The root of a cgroup namespace
 * does not change after the namespace has been created.
 */
static bool in_cgroup_namespace(void)
{
	return current->nsproxy->cgroup_ns->root_cset->dfl_cgrp !=
	       &cgrp_dfl_root.cgrp;
}

static int device_open(struct inode *inode, struct file *file)
{
	struct reader *reader;
	u64 next;

	/*
	 * Checked at open, whatever the node's mode: it may exist in a container, but
	 * records are about the whole system and have paths from its root.
	 */
	if (!capable(CAP_SYS_ADMIN) || in_cgroup_namespace())
		return -EPERM;
	reader = kvzalloc(sizeof(*reader), GFP_KERNEL);
	if (!reader)
		return -ENOMEM;
	mutex_init(&reader->lock);
	user->settle();
	bpf_oom_record_range(&reader->seq, &next);
	file->private_data = reader;
	return 0;
}

static int device_release(struct inode *inode, struct file *file)
{
	kvfree(file->private_data);
	return 0;
}

static bool has_record(u64 seq)
{
	u64 first, next;

	bpf_oom_record_range(&first, &next);
	return seq < next;
}

/* Waits without the lock: otherwise a signal could not end a second reader. */
static int wait_for_record(struct reader *reader, struct file *file)
{
	if (has_record(READ_ONCE(reader->seq)))
		return 0;
	if (file->f_flags & O_NONBLOCK)
		return -EAGAIN;
	return wait_event_interruptible(*bpf_oom_record_wait(),
					has_record(READ_ONCE(reader->seq)));
}

static ssize_t read_record(struct reader *reader, char __user *buf, size_t count)
{
	u64 seq = reader->seq;
	size_t len;
	int ret;

	ret = bpf_oom_record_get(&seq, &reader->record);
	WRITE_ONCE(reader->seq, seq);
	if (ret)
		return ret;
	len = format_record(&reader->record, reader->text, TEXT_SIZE);
	if (len > count)
		return -EINVAL;
	if (copy_to_user(buf, reader->text, len))
		return -EFAULT;
	WRITE_ONCE(reader->seq, seq + 1);
	return len;
}

static ssize_t device_read(struct file *file, char __user *buf, size_t count,
			   loff_t *pos)
{
	struct reader *reader = file->private_data;
	ssize_t ret;

	user->settle();
	do {
		ret = wait_for_record(reader, file);
		if (ret)
			return ret;
		if (mutex_lock_interruptible(&reader->lock))
			return -ERESTARTSYS;
		ret = read_record(reader, buf, count);
		mutex_unlock(&reader->lock);
		/* Another reader of this file was faster. */
	} while (ret == -EAGAIN);
	return ret;
}

static ssize_t device_write(struct file *file, const char __user *buf,
			    size_t count, loff_t *pos)
{
	char command[40], end;
	u64 attachment;
	int ret;

	if (count >= sizeof(command))
		return -EINVAL;
	if (copy_from_user(command, buf, count))
		return -EFAULT;
	command[count] = '\0';
	if (sscanf(command, "rehearse %llu %c", &attachment, &end) != 1)
		return -EINVAL;
	ret = user->rehearse(attachment);
	return ret ?: count;
}

static __poll_t device_poll(struct file *file, poll_table *wait)
{
	struct reader *reader = file->private_data;
	u64 first, next, seq;

	poll_wait(file, bpf_oom_record_wait(), wait);
	seq = READ_ONCE(reader->seq);
	bpf_oom_record_range(&first, &next);
	if (seq < first)
		return EPOLLIN | EPOLLRDNORM | EPOLLERR | EPOLLPRI;
	return seq < next ? EPOLLIN | EPOLLRDNORM : 0;
}

static loff_t device_llseek(struct file *file, loff_t offset, int whence)
{
	struct reader *reader = file->private_data;
	u64 first, next;

	if (offset)
		return -ESPIPE;
	user->settle();
	bpf_oom_record_range(&first, &next);
	mutex_lock(&reader->lock);
	switch (whence) {
	case SEEK_SET:
		WRITE_ONCE(reader->seq, first);
		break;
	case SEEK_END:
		WRITE_ONCE(reader->seq, next);
		break;
	default:
		offset = -EINVAL;
	}
	mutex_unlock(&reader->lock);
	return offset;
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.read = device_read,
	.write = device_write,
	.poll = device_poll,
	.llseek = device_llseek,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "bpf_oom",
	.mode = 0600,
	.fops = &device_fops,
};

/**
 * bpf_oom_device_init() - create the device
 * @device_user: the callbacks; must stay valid
 *
 * Context: module init; a process may have the device open when it returns.
 * Return: 0 or an error.
 */
int bpf_oom_device_init(const struct device_user *device_user)
{
	user = device_user;
	return misc_register(&device);
}

void bpf_oom_device_exit(void)
{
	misc_deregister(&device);
}
