// SPDX-License-Identifier: GPL-2.0-only
/*
 * The last decisions, for who asks later
 *
 * All memory is there from the beginning: a record is written while an OOM is
 * being handled. What is older than the ring is long goes.
 */
#include <linux/errno.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>

#include "record.h"

/*
 * Protects the ring and next_seq, for as long as it takes to copy a record. Taken
 * in process context only, also while an OOM is being handled.
 */
static DEFINE_SPINLOCK(ring_lock);
static struct record *ring;
/* What the next record will be; those before it are in the ring, but for the oldest. */
static u64 next_seq = 1;

static DECLARE_WAIT_QUEUE_HEAD(ring_wait);

static u64 first_seq(void)
{
	return next_seq > RECORDS ? next_seq - RECORDS : 1;
}

/**
 * bpf_oom_record_commit() - keep a record
 * @r: the record; gets its number
 *
 * Context: process context, also while an OOM is being handled.
 */
void bpf_oom_record_commit(struct record *r)
{
	spin_lock(&ring_lock);
	r->seq = next_seq;
	ring[r->seq % RECORDS] = *r;
	next_seq++;
	spin_unlock(&ring_lock);
	wake_up_interruptible(&ring_wait);
}

/**
 * bpf_oom_record_range() - which records are there
 * @first: set to the oldest
 * @next: set to the first that is not there yet
 *
 * Context: process context.
 */
void bpf_oom_record_range(u64 *first, u64 *next)
{
	spin_lock(&ring_lock);
	*first = first_seq();
	*next = next_seq;
	spin_unlock(&ring_lock);
}

/**
 * bpf_oom_record_get() - copy a record
 * @seq: which; when it is not there any more, set to the oldest that is
 * @r: where to
 *
 * Context: process context.
 * Return: 0; -EAGAIN when it is not there yet; -EPIPE when it was overwritten.
 */
int bpf_oom_record_get(u64 *seq, struct record *r)
{
	int ret = 0;

	spin_lock(&ring_lock);
	if (*seq >= next_seq) {
		ret = -EAGAIN;
	} else if (*seq < first_seq()) {
		*seq = first_seq();
		ret = -EPIPE;
	} else {
		*r = ring[*seq % RECORDS];
	}
	spin_unlock(&ring_lock);
	return ret;
}

/**
 * bpf_oom_record_wait() - what is woken when there is a new record
 *
 * Return: the queue.
 */
struct wait_queue_head *bpf_oom_record_wait(void)
{
	return &ring_wait;
}

int bpf_oom_record_init(void)
{
	ring = vcalloc(RECORDS, sizeof(*ring));
	return ring ? 0 : -ENOMEM;
}

/* Nobody has the device open and no OOM is being handled. */
void bpf_oom_record_exit(void)
{
	vfree(ring);
}
