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
#include "shape_declare.skel.h"
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

/* A small victim in a cgroup of its own, and a large one that the kernel would kill */
static pid_t make_domain(unsigned long long *victim_cgroup)
{
	cg_make_limited("dom", 60);
	cg_make("dom/large");
	cg_make("dom/small");
	hog("dom/large", 20, 0);
	*victim_cgroup = cg_id("dom/small");
	return hog("dom/small", 5, 0);
}

static void oom_kills(pid_t victim, const char *policy, const char *where)
{
	one_oom("dom");
	CHECK(killed(victim), "the one in dom/small lives");
	CHECK_EQ(klog_count("Killed process"), 1);
	check_report(policy, where, "MEMCG", "/test/dom", 1);
}

/* In such an OOM oc->memcg is NULL. */
static void oom_of_the_system_kills(const char *message)
{
	pid_t victim = hog("dom/small", 5, 0);
	char want[64];

	CHECK(!write_file("/proc/sysrq-trigger", "f"), "no sysrq");
	CHECK(killed(victim), "the one in dom/small lives");
	snprintf(want, sizeof(want), "%s: Killed process %d", message, victim);
	CHECK(klog_has(want), "no '%s'", want);
}

TEST(shape_of_v1)
{
	struct shape_v1_bpf *s;
	struct bpf_link *link;
	pid_t victim;

	need_memcg();
	s = shape_v1_bpf__open_and_load();
	CHECK(s, "does not load");
	link = attach(s->maps.shape_v1);
	victim = make_domain(&s->bss->victim_cgroup);
	oom_kills(victim, "shape_v1", "/");
	CHECK(s->bss->usage >= 25 * MB, "usage %lu", s->bss->usage);
	oom_of_the_system_kills("Shape of v1");
	bpf_link__destroy(link);
	shape_v1_bpf__destroy(s);
}

TEST(shape_of_v2)
{
	struct shape_v2_bpf *s = shape_v2_bpf__open();
	unsigned long long id, small;
	struct bpf_link *link;
	pid_t victim;

	victim = make_domain(&small);
	id = cg_id("dom");
	on_dom(s->maps.shape_v2);
	CHECK(!shape_v2_bpf__load(s), "does not load");
	link = attach(s->maps.shape_v2);
	s->bss->victim_cgroup = small;
	oom_kills(victim, "shape_v2", "/test/dom");
	CHECK(s->bss->usage >= 25 * MB, "usage %lu", s->bss->usage);
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
	struct shape_v2_bpf *s;
	struct bpf_link *link;
	pid_t victim;

	need_memcg();
	s = shape_v2_bpf__open_and_load();
	CHECK(s, "does not load");
	link = attach(s->maps.shape_v2);
	victim = make_domain(&s->bss->victim_cgroup);
	s->bss->seen_cgroup_id = 1;
	oom_kills(victim, "shape_v2", "/");
	CHECK_EQ(s->bss->seen_cgroup_id, 0);
	oom_of_the_system_kills("Shape of v2");
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
	unsigned long long small;
	struct bpf_link *link;
	pid_t victim;

	victim = make_domain(&small);
	on_dom(s->maps.shape_v3);
	CHECK(!shape_v3_bpf__load(s), "does not load");
	link = attach(s->maps.shape_v3);
	s->bss->victim_cgroup = small;
	oom_kills(victim, "shape_v3", "/test/dom");
	CHECK(s->bss->usage >= 25 * MB, "usage %lu", s->bss->usage);
	CHECK_EQ(s->bss->seen_cgroup_id, cg_id("dom"));
	bpf_link__destroy(link);
	shape_v3_bpf__destroy(s);
}

TEST(shape_of_v3_attached_to_the_system_has_the_root)
{
	struct shape_v3_bpf *s;
	struct bpf_link *link;
	pid_t victim;

	need_memcg();
	s = shape_v3_bpf__open_and_load();
	CHECK(s, "does not load");
	link = attach(s->maps.shape_v3);
	victim = make_domain(&s->bss->victim_cgroup);
	oom_kills(victim, "shape_v3", "/");
	oom_of_the_system_kills("Shape of v3");
	CHECK_EQ(s->bss->seen_cgroup_id, 1);
	bpf_link__destroy(link);
	shape_v3_bpf__destroy(s);
}

TEST(shape_of_the_authors_branch)
{
	struct shape_v4_bpf *s;
	struct bpf_link *link;
	pid_t victim;

	need_memcg();
	s = shape_v4_bpf__open_and_load();
	CHECK(s, "does not load");
	link = attach(s->maps.shape_v4);
	victim = make_domain(&s->bss->victim_cgroup);
	oom_kills(victim, "shape_v4", "/");
	CHECK(s->bss->usage >= 25 * MB, "usage %lu", s->bss->usage);
	CHECK_EQ(s->bss->seen_cgroup_id, 1);
	oom_of_the_system_kills("Shape of v4");
	bpf_link__destroy(link);
	shape_v4_bpf__destroy(s);
}

static void declared_oom_kills(struct shape_declare_bpf *s, struct bpf_program *prog,
			       const char *text)
{
	struct bpf_test_run_opts opts = { .sz = sizeof(opts) };
	struct policy *p = policy_on("decides", "dom", 1);
	pid_t pid = hog("dom", 5, 0);
	char want[64];

	policy_control(p)->kill_pid[0] = pid;
	CHECK(!bpf_prog_test_run_opts(bpf_program__fd(prog), &opts), "run: %s",
	      strerror(errno));
	CHECK_EQ(s->bss->ret, 1);
	CHECK(killed(pid), "it lives");
	snprintf(want, sizeof(want), "constraint=%s,oom_cgroup=/test/dom,killed=1", text);
	CHECK(klog_has(want), "no '%s'", want);
	policy_close(p);
}

TEST(shape_of_a_declared_oom_of_each_series)
{
	struct shape_declare_bpf *s;

	need_memcg();
	s = shape_declare_bpf__open_and_load();
	CHECK(s, "does not load");
	cg_make("dom");
	s->bss->cgroup_id = cg_id("dom");
	declared_oom_kills(s, s->progs.declare_v1, "SHAPE_OF_V1");
	klog_mark();
	declared_oom_kills(s, s->progs.declare_v2, "CONSTRAINT_BPF");
	klog_mark();
	declared_oom_kills(s, s->progs.declare_v3, "CONSTRAINT_BPF");
	shape_declare_bpf__destroy(s);
}

/* The scenario of that series' own test: a task of 4 MB is killed, not one of 8. */
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
