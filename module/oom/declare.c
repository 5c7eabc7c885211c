// SPDX-License-Identifier: GPL-2.0-only
/*
 * OOMs that a program declares
 *
 * A declared OOM kills although no allocation has failed, so users will ask why: each
 * one leaves a record, even if no policy is attached.
 */
#include <linux/oom_hook.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "oom/account.h"
#include "oom/deaths.h"
#include "oom/declare.h"
#include "oom/declared.h"

/**
 * bpf_oom_declare() - declare an OOM for a program
 * @memcg: as for oom_hook_declare()
 * @order: as for oom_hook_declare()
 * @wait: as for oom_hook_declare()
 * @text: as for oom_hook_declare()
 * @by: name of the policy whose program this is; NULL: the current process declares
 *
 * Context: process context, may sleep.
 * Return: as oom_hook_declare().
 */
int bpf_oom_declare(struct mem_cgroup *memcg, int order, bool wait, const char *text,
		    const char *by)
{
	struct declarer d = {
		.declared = { .memcg = memcg, .order = order, .text = text },
	};
	bool heard;
	int ret;

	strscpy(d.declared.by, by ?: current->comm, sizeof(d.declared.by));
	/*
	 * If no policy is attached, nothing else tells us of the victim. It allocates memory,
	 * so it is around all else: a process that dies of that is no victim of this OOM.
	 */
	heard = !bpf_oom_deaths_get();

	bpf_oom_declarer_add(&d);
	ret = oom_hook_declare(memcg, order, wait, text);
	bpf_oom_declarer_remove(&d);
	if (ret == 1 && (!d.recorded || d.declared.seq))
		bpf_oom_account_declared(&d.declared);
	if (heard)
		bpf_oom_deaths_put();
	return ret;
}
