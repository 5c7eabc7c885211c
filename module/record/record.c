// SPDX-License-Identifier: GPL-2.0-only
/*
 * A ring of the last decisions
 *
 * It is allocated at load, since a record is written while an OOM is being handled. A
 * new record overwrites the oldest one.
 */
#include <linux/errno.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>

#include "record/record.h"

/*
 * Protects the ring and the variables below. Held while a record is copied. Taken in
 * process context, also while an OOM is being handled, and by a tracepoint probe under
 * task_lock() of a victim, which must not sleep: hence raw, for PREEMPT_RT.
 */
static DEFINE_RAW_SPINLOCK(ring_lock);
static struct record *ring;
/* Number of the next record; the ring has the last RECORDS before it. */
static u64 next_seq = 1;
/* The record next_seq is in the ring already, but hidden from readers until closed. */
static bool is_open;

static DECLARE_WAIT_QUEUE_HEAD(ring_wait);

/* Number of the oldest record. An open record takes up a place in the ring. */
static u64 first_seq(void)
{
	u64 end = next_seq + is_open;

	return end > RECORDS ? end - RECORDS : 1;
}

/* Called under ring_lock. Closes the open record, if there is one. */
static void add(struct record *r)
{
	if (is_open)
		next_seq++;
	is_open = false;
	r->seq = next_seq;
	ring[r->seq % RECORDS] = *r;
}

/**
 * bpf_oom_record_commit() - add a complete record
 * @r: the record; its number is set
 *
 * Context: process context, also while an OOM is being handled.
 */
void bpf_oom_record_commit(struct record *r)
{
	raw_spin_lock(&ring_lock);
	add(r);
	next_seq++;
	raw_spin_unlock(&ring_lock);
	wake_up_interruptible(&ring_wait);
}

/**
 * bpf_oom_record_open() - add a record of an OOM that is not over
 * @r: the record; its number is set
 *
 * Readers do not see it until bpf_oom_record_close(), or until there is a later record.
 *
 * Context: process context, also while an OOM is being handled.
 */
void bpf_oom_record_open(struct record *r)
{
	raw_spin_lock(&ring_lock);
	add(r);
	is_open = true;
	raw_spin_unlock(&ring_lock);
}

/**
 * bpf_oom_record_close() - show the open record to readers
 * @seq: number of the record
 * @r: set to a copy of the record
 *
 * Context: process context, also while an OOM is being handled.
 * Return: false if the record is not open, or not any more.
 */
bool bpf_oom_record_close(u64 seq, struct record *r)
{
	bool closed;

	raw_spin_lock(&ring_lock);
	closed = is_open && next_seq == seq;
	if (closed) {
		*r = ring[next_seq++ % RECORDS];
		is_open = false;
	}
	raw_spin_unlock(&ring_lock);
	if (closed)
		wake_up_interruptible(&ring_wait);
	return closed;
}

/**
 * bpf_oom_record_open_seq() - the number of the open record
 *
 * Context: process context, also in a spinlock.
 * Return: the number, 0 if no record is open.
 */
u64 bpf_oom_record_open_seq(void)
{
	u64 seq;

	raw_spin_lock(&ring_lock);
	seq = is_open ? next_seq : 0;
	raw_spin_unlock(&ring_lock);
	return seq;
}

/* Called under ring_lock. */
static struct record *find(u64 seq)
{
	struct record *r = &ring[seq % RECORDS];

	return seq && r->seq == seq ? r : NULL;
}

static bool has_died(const struct record *r, pid_t pid)
{
	unsigned int i;

	if (r->victim.pid == pid)
		return true;
	for (i = 0; i < r->nr_others; i++) {
		if (r->others[i] == pid)
			return true;
	}
	return false;
}

/**
 * bpf_oom_record_add_death() - add a victim to a record
 * @r: the record, which no other task can access
 * @victim: the victim
 *
 * Context: any.
 */
void bpf_oom_record_add_death(struct record *r, const struct record_victim *victim)
{
	if (has_died(r, victim->pid))
		return;
	if (!r->kills)
		r->victim = *victim;
	else if (r->nr_others < RECORD_OTHERS)
		r->others[r->nr_others++] = victim->pid;
	r->kills++;
}

/**
 * bpf_oom_record_death() - add a victim to a record in the ring
 * @seq: number of the record
 * @victim: the victim
 *
 * Context: process context, also in a spinlock.
 * Return: false if the record has been overwritten.
 */
bool bpf_oom_record_death(u64 seq, const struct record_victim *victim)
{
	struct record *r;

	raw_spin_lock(&ring_lock);
	r = find(seq);
	if (r)
		bpf_oom_record_add_death(r, victim);
	raw_spin_unlock(&ring_lock);
	return r;
}

/* Called under ring_lock. Finds the latest record, since pids are reused. */
static struct record *find_death(pid_t pid)
{
	u64 seq = is_open ? next_seq : next_seq - 1;
	struct record *r;

	for (; (r = find(seq)); seq--) {
		if (r->kills && !r->dry_run && has_died(r, pid))
			return r;
	}
	return NULL;
}

/**
 * bpf_oom_record_repeat() - count an OOM that came while a victim was on its way out
 * @victim: the process
 *
 * The record of the victim's death counts it.
 *
 * Context: process context, also while an OOM is being handled.
 * Return: false if there is no record of the victim's death.
 */
bool bpf_oom_record_repeat(pid_t victim)
{
	struct record *r;

	raw_spin_lock(&ring_lock);
	r = find_death(victim);
	if (r)
		r->repeats++;
	raw_spin_unlock(&ring_lock);
	return r;
}

/**
 * bpf_oom_record_range() - the numbers of the records that can be read
 * @first: set to the number of the oldest record
 * @next: set to the number of the first record that is not there yet
 *
 * Context: process context.
 */
void bpf_oom_record_range(u64 *first, u64 *next)
{
	raw_spin_lock(&ring_lock);
	*first = first_seq();
	*next = next_seq;
	raw_spin_unlock(&ring_lock);
}

/**
 * bpf_oom_record_get() - copy a record
 * @seq: number of the record; if it was overwritten, set to that of the oldest one
 * @r: set to a copy of the record
 *
 * Context: process context.
 * Return: 0; -EAGAIN if the record is not there yet; -EPIPE if it was overwritten.
 */
int bpf_oom_record_get(u64 *seq, struct record *r)
{
	int ret = 0;

	raw_spin_lock(&ring_lock);
	if (*seq >= next_seq) {
		ret = -EAGAIN;
	} else if (*seq < first_seq()) {
		*seq = first_seq();
		ret = -EPIPE;
	} else {
		*r = ring[*seq % RECORDS];
	}
	raw_spin_unlock(&ring_lock);
	return ret;
}

/**
 * bpf_oom_record_wait() - the wait queue that is woken when there is a new record
 *
 * Return: the wait queue.
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

/* Called when the device is not open and no OOM is being handled. */
void bpf_oom_record_exit(void)
{
	vfree(ring);
}
