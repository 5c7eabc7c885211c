// SPDX-License-Identifier: GPL-2.0-only
/*
 * example-psi-averages: declare an OOM from a tracing program
 *
 * An example, not a policy to be used: psi-guard does it better. It shows the way
 * that needs no struct bpf_psi_ops: a program on the kernel's own computation of
 * the pressure averages, psi_avgs_work(), which has to be in the kernel's BTF.
 *
 *	bpftool prog loadall example-psi-averages.bpf.o /sys/fs/bpf/example \
 *		pinmaps /sys/fs/bpf/example-maps autoattach
 *	bpftool map update pinned /sys/fs/bpf/example-maps/watched \
 *		key 0 0 0 0 value <cgroup id> <percent>
 *	(two numbers of 8 bytes each; the id is the inode number of the directory)
 *	rm -r /sys/fs/bpf/example /sys/fs/bpf/example-maps
 *
 * The kernel does not let a program that sleeps, as declaring an OOM does, be
 * attached there. So this one leaves it to a bpf_wq, which works for as long as the
 * maps are pinned.
 *
 * What it cannot do:
 * - Be fast. Averages are computed every 2 s, and avg10 takes some seconds more to
 *   follow; psi-guard hears of a window of its choice.
 * - Rely on being called. Both the averages and a bpf_wq are run by workers of
 *   which there may be none left when memory is short; those of psi-guard have
 *   one in reserve.
 * - Follow cgroups that come and go, without more programs on their tracepoints.
 * - Be detached in safety. Removing its pins does not wait for a callback.
 * - Count on psi_avgs_work(), which is no interface.
 */
#include <bpf_oom/common.bpf.h>

char LICENSE[] SEC("license") = "GPL";

#define FSHIFT 11
#define COOLDOWN_NS 10000000000ULL

/* 7.0 and later have the first one, the others the second one. */
extern int bpf_wq_set_callback(struct bpf_wq *wq,
			       int (*callback)(void *map, int *key, void *value),
			       unsigned int flags) __ksym __weak;
extern int bpf_wq_set_callback_impl(struct bpf_wq *wq,
				    int (*callback)(void *map, int *key, void *value),
				    unsigned int flags, void *aux) __ksym __weak;
extern int bpf_wq_init(struct bpf_wq *wq, void *map, unsigned int flags) __ksym __weak;
extern int bpf_wq_start(struct bpf_wq *wq, unsigned int flags) __ksym __weak;

/**
 * struct watched - what the user sets
 * @cgroup_id: whose pressure; 0: nobody's
 * @percent: avg10 of some tasks from which on an OOM is declared
 */
struct watched {
	__u64 cgroup_id;
	__u64 percent;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct watched);
} watched SEC(".maps");

struct work {
	struct bpf_wq wq;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct work);
} works SEC(".maps");

/* Of averages of one cgroup, which do not overlap. */
static u64 quiet_until_ns;

static int declare(void *map, int *key, void *value)
{
	struct mem_cgroup *memcg;
	struct cgroup *cgrp;
	struct watched *w;
	u32 zero = 0;

	w = bpf_map_lookup_elem(&watched, &zero);
	cgrp = w ? bpf_cgroup_from_id(w->cgroup_id) : NULL;
	if (!cgrp)
		return 0;
	memcg = bpf_get_mem_cgroup(&cgrp->self);
	bpf_cgroup_release(cgrp);
	if (!memcg)
		return 0;
	bpf_out_of_memory(memcg, 0, 0, "PRESSURE_AVERAGE");
	bpf_put_mem_cgroup(memcg);
	return 0;
}

static void declare_later(void)
{
	struct work *work;
	u32 zero = 0;

	work = bpf_map_lookup_elem(&works, &zero);
	if (!work)
		return;
	/* Fails, without harm, the second time. */
	bpf_wq_init(&work->wq, &works, 0);
	if (bpf_ksym_exists(bpf_wq_set_callback))
		bpf_wq_set_callback(&work->wq, declare, 0);
	else
		bpf_wq_set_callback_impl(&work->wq, declare, 0, NULL);
	bpf_wq_start(&work->wq, 0);
}

/* A group does not know its cgroup, but the cgroup knows its group. */
static bool is_group_of(const void *group, u64 cgroup_id)
{
	struct cgroup *cgrp;
	bool same;

	cgrp = bpf_cgroup_from_id(cgroup_id);
	if (!cgrp)
		return false;
	same = (const void *)cgrp->psi == group;
	bpf_cgroup_release(cgrp);
	return same;
}

SEC("fexit/psi_avgs_work")
int BPF_PROG(averages_done, struct work_struct *work)
{
	/* The work is that of a struct delayed_work, whose first member it is. */
	struct psi_group *group = (void *)work - bpf_core_field_offset(struct psi_group,
								       avgs_work);
	u32 state = bpf_core_enum_value(enum psi_states, PSI_MEM_SOME), zero = 0;
	u64 now = bpf_ktime_get_ns();
	unsigned long avg10 = 0;
	struct watched *w;

	w = bpf_map_lookup_elem(&watched, &zero);
	if (!w || !w->cgroup_id || now < quiet_until_ns ||
	    !is_group_of(group, w->cgroup_id))
		return 0;
	/* avg[state][0]; in BTF such an array has one dimension. */
	bpf_probe_read_kernel(&avg10, sizeof(avg10),
			      (unsigned long *)&group->avg + state * 3);
	if (avg10 >> FSHIFT < w->percent)
		return 0;
	quiet_until_ns = now + COOLDOWN_NS;
	declare_later();
	return 0;
}
