// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who dies by the OOM killer, seen through the kernel's own tracepoint
 *
 * A policy names one process, the kernel kills more with it (memory.oom.group), and
 * where policies decline it chooses by itself. It marks each victim, and that is where
 * we hear of them all. The tracepoint is in every supported kernel but not exported
 * by name, so it is looked up once.
 */
#define pr_fmt(fmt) "bpf_oom: " fmt

#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <trace/events/oom.h>

#include "oom/account.h"
#include "oom/deaths.h"

static struct tracepoint *mark_victim;

/*
 * Protects listeners. Taken inside hook_mutex, also by programs that declare an OOM:
 * nobody waits for those while he holds it.
 */
static DEFINE_MUTEX(listeners_mutex);
static unsigned int listeners;

/*
 * Cleared, with a grace period after it, when nobody wants to hear any more. Not by
 * tracepoint_synchronize_unregister(): that waits for sleepable BPF programs, too, and
 * one may be what is detaching.
 */
static bool listening;

/* Under oom_lock, as is all marking of victims; mostly with the lock of @task. */
static void probe(void *data, struct task_struct *task, uid_t uid)
{
	rcu_read_lock();
	if (READ_ONCE(listening))
		bpf_oom_account_death(task, uid);
	rcu_read_unlock();
}

static void find_tracepoint(struct tracepoint *tp, void *priv)
{
	if (!strcmp(tp->name, "mark_victim"))
		mark_victim = tp;
}

static int listen(void)
{
	int ret;

	check_trace_callback_type_mark_victim(probe);
	WRITE_ONCE(listening, true);
	ret = tracepoint_probe_register(mark_victim, probe, NULL);
	if (ret)
		WRITE_ONCE(listening, false);
	return ret;
}

/**
 * bpf_oom_deaths_get() - hear of victims from now on
 *
 * Context: process context, may sleep.
 * Return: 0 or an error.
 */
int bpf_oom_deaths_get(void)
{
	int ret = 0;

	mutex_lock(&listeners_mutex);
	if (!listeners)
		ret = listen();
	if (!ret)
		listeners++;
	mutex_unlock(&listeners_mutex);
	return ret;
}

/**
 * bpf_oom_deaths_put() - undo one bpf_oom_deaths_get()
 *
 * After the last one nobody hears of victims any more.
 *
 * Context: process context, may sleep.
 */
void bpf_oom_deaths_put(void)
{
	mutex_lock(&listeners_mutex);
	if (!--listeners) {
		tracepoint_probe_unregister(mark_victim, probe, NULL);
		WRITE_ONCE(listening, false);
		synchronize_rcu();
	}
	mutex_unlock(&listeners_mutex);
}

int bpf_oom_deaths_init(void)
{
	for_each_kernel_tracepoint(find_tracepoint, NULL);
	if (mark_victim)
		return 0;
	pr_err("this kernel has no tracepoint mark_victim\n");
	return -ENOENT;
}

/* No probe may be in our text any more. */
void bpf_oom_deaths_exit(void)
{
	tracepoint_synchronize_unregister();
}
