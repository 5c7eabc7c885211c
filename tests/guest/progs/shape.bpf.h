/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The common part of the handlers of all posted series: they begin with the memcg of
 * oom_control, or the root if there is none, look below it and kill.
 */
#ifndef TESTS_SHAPE_BPF_H
#define TESTS_SHAPE_BPF_H

#include <bpf_oom/common.bpf.h>
#include <bpf_oom/compat.bpf.h>

/* Id of the cgroup to kill in */
unsigned long long victim_cgroup;
/* Usage of oc->memcg, in bytes */
unsigned long usage;

static struct mem_cgroup *find_victim_cgroup(struct mem_cgroup *root)
{
	struct cgroup_subsys_state *css;
	struct mem_cgroup *found = NULL;

	bpf_rcu_read_lock();
	bpf_for_each(css, css, &root->css, BPF_CGROUP_ITER_DESCENDANTS_PRE) {
		if (css->cgroup->kn->id == victim_cgroup) {
			found = bpf_get_mem_cgroup(css);
			break;
		}
	}
	bpf_rcu_read_unlock();
	return found;
}

static __always_inline int kill_in(struct oom_control *oc, struct mem_cgroup *memcg,
				   const char *message)
{
	struct task_struct *task;
	int ret = -1;

	bpf_for_each(css_task, task, &memcg->css, CSS_TASK_ITER_PROCS) {
		ret = bpf_oom_kill_process(oc, task, message);
		break;
	}
	return !ret;
}

/* Begins with the memcg itself. */
static __always_inline int shape_kill(struct oom_control *oc, const char *message)
{
	struct mem_cgroup *memcg = oc->memcg, *victim;
	int ret;

	if (memcg) {
		usage = bpf_mem_cgroup_usage(memcg);
		victim = find_victim_cgroup(memcg);
	} else {
		memcg = bpf_get_root_mem_cgroup();
		if (!memcg)
			return 0;
		victim = find_victim_cgroup(memcg);
		bpf_put_mem_cgroup(memcg);
	}
	if (!victim)
		return 0;
	ret = kill_in(oc, victim, message);
	bpf_put_mem_cgroup(victim);
	return ret;
}

/* Begins with a reference, which both cases have in common. */
static __always_inline int shape_kill_by_reference(struct oom_control *oc,
						   const char *message)
{
	struct mem_cgroup *memcg = oc->memcg, *victim;
	int ret;

	if (memcg)
		memcg = bpf_get_mem_cgroup(&memcg->css);
	else
		memcg = bpf_get_root_mem_cgroup();
	if (!memcg)
		return 0;
	usage = bpf_mem_cgroup_usage(memcg);
	victim = find_victim_cgroup(memcg);
	bpf_put_mem_cgroup(memcg);
	if (!victim)
		return 0;
	ret = kill_in(oc, victim, message);
	bpf_put_mem_cgroup(victim);
	return ret;
}

#endif /* TESTS_SHAPE_BPF_H */
