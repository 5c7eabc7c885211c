// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/bpf_oom: the attachments, see ABI/sysfs-kernel-bpf_oom
 *
 * The kobject is embedded in the attachment. kobject_del() waits for tasks that are
 * reading one of its files: so readers may access the whole attachment, but must not
 * take attach_mutex.
 */
#include <linux/capability.h>
#include <linux/kobject.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/wait_bit.h>

#include "policy/sysfs.h"

static struct kobject *top_dir, *attachments_dir;

/* Attachments that have not been freed. */
static atomic_t nr_attachments = ATOMIC_INIT(0);

/**
 * struct attachment_attribute - a file of an attachment
 * @attr: the file
 * @counter: offset in struct attachment_count of the counter to show, if @show is NULL
 * @show: shows something other than a counter
 * @store: takes the text that is written
 */
struct attachment_attribute {
	struct attribute attr;
	size_t counter;
	ssize_t (*show)(struct attachment *att, char *buf);
	ssize_t (*store)(struct attachment *att, const char *buf, size_t count);
};

static struct attachment *to_attachment(struct kobject *kobj)
{
	return container_of(kobj, struct attachment, kobj);
}

static ssize_t name_show(struct attachment *att, char *buf)
{
	const struct bpf_oom_ops *ops;
	ssize_t len;
	int idx;

	idx = bpf_oom_attached_ops(att, &ops);
	len = sysfs_emit(buf, "%s\n", ops->name);
	bpf_oom_attached_ops_put(idx);
	return len;
}

static ssize_t dry_run_show(struct attachment *att, char *buf)
{
	const struct bpf_oom_ops *ops;
	ssize_t len;
	int idx;

	idx = bpf_oom_attached_ops(att, &ops);
	len = sysfs_emit(buf, "%d\n", !!(ops->flags & BPF_OOM_F_DRY_RUN));
	bpf_oom_attached_ops_put(idx);
	return len;
}

static ssize_t cgroup_id_show(struct attachment *att, char *buf)
{
	return sysfs_emit(buf, "%llu\n", cgroup_id(att->cgrp));
}

/* The link gets its id only after it has been attached. */
static ssize_t link_id_show(struct attachment *att, char *buf)
{
	return sysfs_emit(buf, "%u\n", att->link ? READ_ONCE(att->link->id) : 0);
}

static ssize_t breaker_show(struct attachment *att, char *buf)
{
	return bpf_oom_breaker_show(&att->breaker, buf);
}

static ssize_t breaker_store(struct attachment *att, const char *buf,
			     size_t count)
{
	if (!sysfs_streq(buf, "armed"))
		return -EINVAL;
	bpf_oom_breaker_reset(&att->breaker);
	return count;
}

static struct attachment_attribute name_attribute = __ATTR_RO_MODE(name, 0400);
static struct attachment_attribute dry_run_attribute = __ATTR_RO_MODE(dry_run, 0400);
static struct attachment_attribute cgroup_id_attribute = __ATTR_RO_MODE(cgroup_id, 0400);
static struct attachment_attribute link_id_attribute = __ATTR_RO_MODE(link_id, 0400);
static struct attachment_attribute breaker_attribute = __ATTR_RW_MODE(breaker, 0600);

/* A file that shows the counter of the same name, see attribute_show(). */
#define COUNTER(_name) {						\
	.attr = { .name = #_name, .mode = 0400 },			\
	.counter = offsetof(struct attachment_count, _name),		\
}

static struct attachment_attribute asked_attribute = COUNTER(asked);
static struct attachment_attribute handled_attribute = COUNTER(handled);
static struct attachment_attribute kills_attribute = COUNTER(kills);
static struct attachment_attribute waits_attribute = COUNTER(waits);
static struct attachment_attribute declined_attribute = COUNTER(declined);
static struct attachment_attribute errors_attribute = COUNTER(errors);
static struct attachment_attribute bypassed_attribute = COUNTER(bypassed);
static struct attachment_attribute time_total_ns_attribute = COUNTER(time_total_ns);
static struct attachment_attribute time_max_ns_attribute = COUNTER(time_max_ns);

static struct attribute *attachment_attrs[] = {
	&name_attribute.attr,
	&dry_run_attribute.attr,
	&cgroup_id_attribute.attr,
	&link_id_attribute.attr,
	&asked_attribute.attr,
	&handled_attribute.attr,
	&kills_attribute.attr,
	&waits_attribute.attr,
	&declined_attribute.attr,
	&errors_attribute.attr,
	&bypassed_attribute.attr,
	&time_total_ns_attribute.attr,
	&time_max_ns_attribute.attr,
	&breaker_attribute.attr,
	NULL
};
ATTRIBUTE_GROUPS(attachment);

/*
 * The modes of the files keep other users out, but not uid 0 of a container without a
 * user namespace, which can mount sysfs and lacks the capability.
 */
static ssize_t attribute_show(struct kobject *kobj, struct attribute *attr,
			      char *buf)
{
	struct attachment_attribute *a;
	const u64 *counter;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	a = container_of(attr, struct attachment_attribute, attr);
	if (a->show)
		return a->show(to_attachment(kobj), buf);
	counter = (void *)&to_attachment(kobj)->count + a->counter;
	return sysfs_emit(buf, "%llu\n", READ_ONCE(*counter));
}

static ssize_t attribute_store(struct kobject *kobj, struct attribute *attr,
			       const char *buf, size_t count)
{
	struct attachment_attribute *a;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	a = container_of(attr, struct attachment_attribute, attr);
	return a->store ? a->store(to_attachment(kobj), buf, count) : -EIO;
}

static const struct sysfs_ops attachment_sysfs_ops = {
	.show = attribute_show,
	.store = attribute_store,
};

static void attachment_release(struct kobject *kobj)
{
	struct attachment *att = to_attachment(kobj);

	cgroup_put(att->cgrp);
	kfree(att);
	if (atomic_dec_and_test(&nr_attachments))
		wake_up_var(&nr_attachments);
}

static const struct kobj_type attachment_type = {
	.sysfs_ops = &attachment_sysfs_ops,
	.release = attachment_release,
	.default_groups = attachment_groups,
};

/**
 * bpf_oom_sysfs_add() - show an attachment in sysfs
 * @att: the attachment, complete but not yet in the table; it owns a reference to its
 *	cgroup
 *
 * Context: process context.
 * Return: 0 or an error; in case of an error @att has been freed.
 */
int bpf_oom_sysfs_add(struct attachment *att)
{
	static atomic64_t last_id;
	int ret;

	att->id = atomic64_inc_return(&last_id);
	atomic_inc(&nr_attachments);
	ret = kobject_init_and_add(&att->kobj, &attachment_type, attachments_dir,
				   "%llu", att->id);
	if (ret)
		kobject_put(&att->kobj);
	return ret;
}

/**
 * bpf_oom_sysfs_remove() - remove an attachment from sysfs and drop it
 * @att: the attachment, not in the table any more
 *
 * Context: process context, waits for tasks that are reading one of its files.
 */
void bpf_oom_sysfs_remove(struct attachment *att)
{
	kobject_del(&att->kobj);
	kobject_put(&att->kobj);
}

static ssize_t abi_show(struct kobject *kobj, struct kobj_attribute *attr,
			char *buf)
{
	return sysfs_emit(buf, "%d\n", BPF_OOM_ABI);
}

static struct kobj_attribute abi_attribute = __ATTR_RO(abi);

int bpf_oom_sysfs_init(void)
{
	int ret = -ENOMEM;

	top_dir = kobject_create_and_add("bpf_oom", kernel_kobj);
	if (!top_dir)
		return ret;
	attachments_dir = kobject_create_and_add("attachments", top_dir);
	if (!attachments_dir)
		goto err_put_top;
	ret = sysfs_create_file(top_dir, &abi_attribute.attr);
	if (ret)
		goto err_put_attachments;
	return 0;

err_put_attachments:
	kobject_put(attachments_dir);
err_put_top:
	kobject_put(top_dir);
	return ret;
}

/*
 * All attachments have ended, since they pin the module, but there may still be
 * references to their kobjects: CONFIG_DEBUG_KOBJECT_RELEASE drops the last one seconds
 * later. attachment_release() is in our text. Once it has decremented nr_attachments it
 * returns without sleeping, and synchronize_rcu_tasks() waits for that.
 */
void bpf_oom_sysfs_exit(void)
{
	wait_var_event(&nr_attachments, !atomic_read(&nr_attachments));
	synchronize_rcu_tasks();
	kobject_put(attachments_dir);
	kobject_put(top_dir);
}
