// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pressure policy that does what the test wants, see psi_policy.h
 */
#include "declare.bpf.h"

char _license[] SEC("license") = "GPL";

struct psi_control ctl;

static long spin(u64 i, void *arg)
{
	u64 *end = arg;

	return ctl.go_on || bpf_ktime_get_ns() >= *end;
}

struct spinning {
	struct bpf_psi *psi;
	u64 end;
};

/*
 * Spins for a millisecond, then calls something that fails but lets other tasks run: not
 * every kernel preempts a program.
 */
static long spin_ms(u64 i, void *arg)
{
	struct spinning *s = arg;
	u64 now = bpf_ktime_get_ns(), end = now + 1000000;

	if (ctl.go_on || now >= s->end)
		return 1;
	bpf_loop(1 << 23, spin, &end, 0);
	bpf_psi_create_trigger(s->psi, 0, ~0U, 0, 0);
	return 0;
}

static void spin_for(struct bpf_psi *psi, u64 ns)
{
	struct spinning s = { .psi = psi, .end = bpf_ktime_get_ns() + ns };

	if (ns)
		bpf_loop(1 << 20, spin_ms, &s, 0);
}

struct creation {
	struct bpf_psi *psi;
	struct psi_create *c;
};

static long create_one(u64 i, void *arg)
{
	struct creation *cr = arg;
	struct psi_create *c = cr->c;

	c->ret = bpf_psi_create_trigger(cr->psi, c->cgroup_id, c->resource,
					c->threshold_us, c->window_us);
	if (!c->ret)
		c->created++;
	return 0;
}

static void create(struct bpf_psi *psi, struct psi_create *c)
{
	struct creation cr = { .psi = psi, .c = c };

	bpf_loop(c->times, create_one, &cr, 0);
}

static void enter(void)
{
	if (__sync_fetch_and_add(&ctl.running, 1))
		__sync_fetch_and_add(&ctl.overlaps, 1);
}

static void leave(void)
{
	__sync_fetch_and_sub(&ctl.running, 1);
}

SEC("struct_ops.s/init")
int BPF_PROG(psi_init, struct bpf_psi *psi)
{
	int i;

	__sync_fetch_and_add(&ctl.inits, 1);
	for (i = 0; i < PSI_CREATES; i++)
		create(psi, &ctl.in_init[i]);
	ctl.nr_triggers = psi->nr_triggers;
	spin_for(psi, ctl.init_spin_ns);
	__sync_fetch_and_add(&ctl.init_done, 1);
	return ctl.init_ret;
}

static void look_at(struct bpf_psi_trigger *t)
{
	struct psi_seen *seen;
	u32 i = t->index;

	if (i >= PSI_INDICES)
		return;
	ctl.calls[i]++;
	seen = &ctl.seen[i];
	seen->handled_ns = bpf_ktime_get_ns();
	seen->cgroup_id = t->cgroup_id;
	seen->events = t->events;
	seen->event_ns = t->event_ns;
	seen->index = t->index;
	seen->resource = t->resource;
	seen->full = t->full;
	seen->threshold_us = t->threshold_us;
	seen->window_us = t->window_us;
}

/* Counts events of cgroups whose removal was already reported. */
static void look_for_late(u64 cgroup_id)
{
	int i;

	for (i = 0; i < PSI_IDS; i++) {
		if (cgroup_id && ctl.offline_ids[i] == cgroup_id)
			ctl.late++;
	}
}

SEC("struct_ops.s/handle_psi_event")
void BPF_PROG(psi_event, struct bpf_psi *psi, struct bpf_psi_trigger *t)
{
	u64 id = t->cgroup_id;

	enter();
	look_at(t);
	look_for_late(id);
	if (!__sync_fetch_and_add(&ctl.events, 1))
		create(psi, &ctl.in_event);
	spin_for(psi, ctl.spin_ns);
	if (ctl.declared < ctl.declares) {
		ctl.declare.ret = declare_oom_in(ctl.declare_global ? 0 : id,
						 &ctl.declare);
		ctl.declared++;
	}
	ctl.nr_triggers = psi->nr_triggers;
	__sync_fetch_and_add(&ctl.finished, 1);
	leave();
}

SEC("struct_ops.s/handle_cgroup_online")
void BPF_PROG(psi_online, struct bpf_psi *psi, u64 cgroup_id)
{
	u32 before = ctl.in_online.created;

	enter();
	if (ctl.onlines < PSI_IDS)
		ctl.online_ids[ctl.onlines] = cgroup_id;
	ctl.in_online.cgroup_id = cgroup_id;
	create(psi, &ctl.in_online);
	if (ctl.in_online.created > before)
		ctl.watched++;
	__sync_fetch_and_add(&ctl.onlines, 1);
	leave();
}

SEC("struct_ops.s/handle_cgroup_offline")
void BPF_PROG(psi_offline, struct bpf_psi *psi, u64 cgroup_id)
{
	enter();
	if (ctl.offlines < PSI_IDS)
		ctl.offline_ids[ctl.offlines] = cgroup_id;
	ctl.nr_triggers = psi->nr_triggers;
	__sync_fetch_and_add(&ctl.offlines, 1);
	leave();
}

BPF_PSI_OPS(policy, .init = (void *)psi_init,
	    .handle_psi_event = (void *)psi_event,
	    .handle_cgroup_online = (void *)psi_online,
	    .handle_cgroup_offline = (void *)psi_offline);
