// SPDX-License-Identifier: GPL-2.0-only
/*
 * Victims of the OOM killer, from the kernel's tracepoint mark_victim
 *
 * A policy names one process, but the kernel may kill more with it (memory.oom.group),
 * and chooses by itself if policies decline. It marks each victim, so the tracepoint
 * shows all of them. Every supported kernel has the tracepoint but exports no symbol
 * for it, so it is looked up once.
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
 * Protects @listeners. Nests inside hook_mutex. Programs that declare an OOM take it,
 * too, so no holder may wait for programs.
 */
static DEFINE_MUTEX(listeners_mutex);
static unsigned int listeners;

/*
 * Cleared after the last listener, and followed by a grace period. The grace period
 * cannot be tracepoint_synchronize_unregister(): that also waits for sleepable BPF
 * programs, and one of them may be detaching the policy.
 */
static bool listening;

/* The kernel marks victims under oom_lock, mostly also under task_lock() of @task. */
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
 * bpf_oom_deaths_get() - start to account for victims
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
 * The last one stops accounting for victims.
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

/* Waits until no probe is running in our text any more. */
void bpf_oom_deaths_exit(void)
{
	tracepoint_synchronize_unregister();
}
