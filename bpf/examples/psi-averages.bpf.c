// SPDX-License-Identifier: GPL-2.0-only
/*
 * example-psi-averages: declare an OOM from a tracing program
 *
 * An example, not a policy to be used: psi-guard is better. It shows how to do without
 * struct bpf_psi_ops: by a program attached to psi_avgs_work(), in which the kernel
 * computes the pressure averages. That function has to be in the kernel's BTF.
 *
 *	bpftool prog loadall example-psi-averages.bpf.o /sys/fs/bpf/example \
 *		pinmaps /sys/fs/bpf/example-maps autoattach
 *	bpftool map update pinned /sys/fs/bpf/example-maps/watched \
 *		key 0 0 0 0 value <cgroup id> <percent>
 *	(two numbers of 8 bytes each; the id is the inode number of the directory)
 *	rm -r /sys/fs/bpf/example /sys/fs/bpf/example-maps
 *
 * Declaring an OOM needs a sleepable program, which cannot be attached to that function.
 * So the program has a bpf_wq do it, which works as long as the maps are pinned.
 *
 * What it cannot do:
 * - Be fast. Averages are computed every 2 s, and avg10 follows some seconds later;
 *   psi-guard can choose a shorter window.
 * - Rely on being called. Workers run both the averages and a bpf_wq, and when memory is
 *   short there may be no free worker; psi-guard's workqueue has a rescuer.
 * - Follow cgroups that come and go, without more programs on their tracepoints.
 * - Be detached safely. Removing its pins does not wait for a running callback.
 * - Count on psi_avgs_work(), which is internal to the kernel.
 */
#include <bpf_oom/common.bpf.h>

char LICENSE[] SEC("license") = "GPL";

#define FSHIFT 11
#define COOLDOWN_NS 10000000000ULL

/* 7.0 and later have the first one, earlier kernels the second one. */
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
 * @cgroup_id: cgroup to watch; 0: none
 * @percent: declare an OOM if the avg10 of "some" is at least this
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

/* Only used for one cgroup, whose averages are computed by one worker at a time */
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
	/* Does nothing but fail the second time. */
	bpf_wq_init(&work->wq, &works, 0);
	if (bpf_ksym_exists(bpf_wq_set_callback))
		bpf_wq_set_callback(&work->wq, declare, 0);
	else
		bpf_wq_set_callback_impl(&work->wq, declare, 0, NULL);
	bpf_wq_start(&work->wq, 0);
}

/* A psi_group has no pointer to its cgroup, but the cgroup has one to its psi_group. */
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
	/* The work is in a struct delayed_work, as its first member. */
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
	/* avg[state][0]; in BTF such an array may have one dimension. */
	bpf_probe_read_kernel(&avg10, sizeof(avg10),
			      (unsigned long *)&group->avg + state * 3);
	if (avg10 >> FSHIFT < w->percent)
		return 0;
	quiet_until_ns = now + COOLDOWN_NS;
	declare_later();
	return 0;
}
