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

#include "record/record.h"

/*
 * Protects what follows, for as long as it takes to copy a record. Taken in process
 * context, also while an OOM is being handled, and then also inside the lock of a
 * victim (task_lock()) in a probe of a tracepoint, where nobody may sleep: so it is
 * raw, for kernels with PREEMPT_RT.
 */
static DEFINE_RAW_SPINLOCK(ring_lock);
static struct record *ring;
/* What the next record will be; those before it are in the ring, but for the oldest. */
static u64 next_seq = 1;
/* The record next_seq is in the ring already, and is not shown before it is closed. */
static bool is_open;

static DECLARE_WAIT_QUEUE_HEAD(ring_wait);

/* One that is open has its place already. */
static u64 first_seq(void)
{
	u64 end = next_seq + is_open;

	return end > RECORDS ? end - RECORDS : 1;
}

/* Under ring_lock. */
static void add(struct record *r)
{
	if (is_open)
		next_seq++;
	is_open = false;
	r->seq = next_seq;
	ring[r->seq % RECORDS] = *r;
}

/**
 * bpf_oom_record_commit() - keep a record
 * @r: the record; gets its number
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
 * bpf_oom_record_open() - keep a record of what has not ended
 * @r: the record; gets its number
 *
 * Nobody is shown it before bpf_oom_record_close(), or before there is a later one.
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
 * bpf_oom_record_close() - show the record that is open
 * @seq: its number
 * @r: set to it as it is now
 *
 * Context: process context, also while an OOM is being handled.
 * Return: false if it is not open, or not any more.
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
 * bpf_oom_record_open_seq() - which record is not shown yet?
 *
 * Context: any in which nobody holds the lock of the records.
 * Return: its number, 0 if there is none.
 */
u64 bpf_oom_record_open_seq(void)
{
	u64 seq;

	raw_spin_lock(&ring_lock);
	seq = is_open ? next_seq : 0;
	raw_spin_unlock(&ring_lock);
	return seq;
}

/* Under ring_lock. */
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
 * bpf_oom_record_add_death() - somebody has died of an OOM
 * @r: the record of it, which nobody else has
 * @victim: who
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
 * bpf_oom_record_death() - somebody has died of what is on record
 * @seq: the number of the record
 * @victim: who
 *
 * Context: process context, also in a spinlock.
 * Return: false if the record is not there any more.
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

/* Under ring_lock. The latest one: a number may have been used before. */
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
 * bpf_oom_record_repeat() - an OOM has come back while a victim is on its way out
 * @victim: the process
 *
 * The record of its death counts that.
 *
 * Context: process context, also while an OOM is being handled.
 * Return: false if its death is not on record.
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
 * bpf_oom_record_range() - which records are there
 * @first: set to the oldest
 * @next: set to the first that is not there yet
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
 * @seq: which; when it is not there any more, set to the oldest that is
 * @r: where to
 *
 * Context: process context.
 * Return: 0; -EAGAIN when it is not there yet; -EPIPE when it was overwritten.
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
