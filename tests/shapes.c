// SPDX-License-Identifier: GPL-2.0-only
/* Policies in the shape of each posted series load, and do what they did there */
#include <linux/types.h>
#include <bpf/bpf.h>
#include <bpf_oom/oom.h>

#include "harness.h"
#include "hooktest.h"
#include "klog.h"
#include "psi_util.h"
#include "shape_2023.skel.h"
#include "shape_psi.skel.h"
#include "shape_v1.skel.h"
#include "shape_v2.skel.h"
#include "shape_v3.skel.h"
#include "shape_v4.skel.h"
#include "util.h"

static struct bpf_link *attach(struct bpf_map *map)
{
	struct bpf_link *link = bpf_map__attach_struct_ops(map);

	CHECK(link, "does not attach: %s", strerror(errno));
	return link;
}

static void on_dom(struct bpf_map *map)
{
	struct bpf_oom_ops *ops = bpf_map__initial_value(map, NULL);

	ops->cgroup_id = cg_id("dom");
}

/* A small victim, and a large one that the kernel would take. */
static pid_t make_domain(void)
{
	cg_make_limited("dom", 60);
	cg_make("dom/a");
	hog("dom/a", 20, 0);
	return hog("dom/a", 5, 0);
}

static void oom_kills(pid_t victim, const char *policy, const char *where)
{
	one_oom("dom");
	CHECK(killed(victim), "who was to die lives");
	CHECK_EQ(klog_count("Killed process"), 1);
	check_report(policy, where, "MEMCG", "/test/dom", 1);
}

TEST(shape_of_v1)
{
	struct shape_v1_bpf *s = shape_v1_bpf__open_and_load();
	struct bpf_link *link;

	CHECK(s, "does not load");
	link = attach(s->maps.shape_v1);
	s->bss->victim = make_domain();
	oom_kills(s->bss->victim, "shape_v1", "/");
	bpf_link__destroy(link);
	shape_v1_bpf__destroy(s);
}

TEST(shape_of_v2)
{
	struct shape_v2_bpf *s = shape_v2_bpf__open();
	struct bpf_link *link;
	pid_t victim = make_domain();
	unsigned long long id = cg_id("dom");

	on_dom(s->maps.shape_v2);
	CHECK(!shape_v2_bpf__load(s), "does not load");
	link = attach(s->maps.shape_v2);
	s->bss->victim = victim;
	oom_kills(victim, "shape_v2", "/test/dom");
	CHECK_EQ(s->bss->seen_cgroup_id, id);
	cg_remove_all();
	CHECK(WAIT_FOR(s->bss->offline_cgroup_id, 30), "not told of its end");
	CHECK_EQ(s->bss->offline_cgroup_id, id);
	CHECK_EQ(s->bss->offline_ctx_id, id);
	bpf_link__destroy(link);
	shape_v2_bpf__destroy(s);
}

TEST(shape_of_v2_attached_to_the_system_has_cgroup_id_0)
{
	struct shape_v2_bpf *s = shape_v2_bpf__open_and_load();
	struct bpf_link *link;

	CHECK(s, "does not load");
	link = attach(s->maps.shape_v2);
	s->bss->victim = make_domain();
	s->bss->seen_cgroup_id = 1;
	oom_kills(s->bss->victim, "shape_v2", "/");
	CHECK_EQ(s->bss->seen_cgroup_id, 0);
	bpf_link__destroy(link);
	shape_v2_bpf__destroy(s);
}

TEST(shape_of_pressure_policies_of_v1_and_v2)
{
	struct shape_psi_bpf *s = shape_psi_bpf__open();
	struct bpf_link *v1, *v2;
	unsigned long long id;
	struct press press;

	cg_make("stalls");
	id = cg_id("stalls");
	s->rodata->watched = id;
	CHECK(!shape_psi_bpf__load(s), "does not load");
	v1 = attach(s->maps.shape_psi_v1);
	v2 = attach(s->maps.shape_psi_v2);
	press = press_begin("stalls");
	CHECK(WAIT_FOR(s->bss->v1_events && s->bss->v2_events, 30), "no event");
	press_end(press);
	CHECK_EQ(s->bss->v1_seen, id);
	CHECK_EQ(s->bss->v2_seen, id);
	cg_remove_all();
	CHECK(WAIT_FOR(s->bss->v1_freed && s->bss->v2_offline, 30), "not told of its end");
	CHECK_EQ(s->bss->v1_freed, id);
	CHECK_EQ(s->bss->v2_offline, id);
	bpf_link__destroy(v1);
	bpf_link__destroy(v2);
	shape_psi_bpf__destroy(s);
}

TEST(shape_of_v3)
{
	struct shape_v3_bpf *s = shape_v3_bpf__open();
	struct bpf_link *link;
	pid_t victim = make_domain();

	on_dom(s->maps.shape_v3);
	CHECK(!shape_v3_bpf__load(s), "does not load");
	link = attach(s->maps.shape_v3);
	s->bss->victim = victim;
	oom_kills(victim, "shape_v3", "/test/dom");
	CHECK_EQ(s->bss->seen_cgroup_id, cg_id("dom"));
	bpf_link__destroy(link);
	shape_v3_bpf__destroy(s);
}

TEST(shape_of_the_authors_branch)
{
	struct shape_v4_bpf *s = shape_v4_bpf__open_and_load();
	struct bpf_link *link;

	CHECK(s, "does not load");
	link = attach(s->maps.shape_v4);
	s->bss->victim = make_domain();
	oom_kills(s->bss->victim, "shape_v4", "/");
	CHECK_EQ(s->bss->seen_cgroup_id, 1);
	bpf_link__destroy(link);
	shape_v4_bpf__destroy(s);
}

/* The scene of that series' own test: a task of 4 MB dies, not one of 8. */
TEST(shape_of_the_per_task_series)
{
	struct shape_2023_bpf *s = shape_2023_bpf__open_and_load();
	int low = 10, high = 50;
	unsigned long long id;
	struct bpf_link *link;
	pid_t victim, other;

	CHECK(s, "does not load");
	cg_make_limited("dom", 40);
	cg_make("dom/one");
	cg_make("dom/two");
	victim = hog("dom/one", 4, 0);
	other = hog("dom/two", 8, 0);
	id = cg_id("dom/one");
	CHECK(!bpf_map_update_elem(bpf_map__fd(s->maps.cg_prio), &id, &low, 0), "map");
	id = cg_id("dom/two");
	CHECK(!bpf_map_update_elem(bpf_map__fd(s->maps.cg_prio), &id, &high, 0), "map");
	link = attach(s->maps.shape_2023);
	oom_kills(victim, "shape_2023", "/");
	CHECK(alive(other), "the other one died");
	bpf_link__destroy(link);
	shape_2023_bpf__destroy(s);
}
