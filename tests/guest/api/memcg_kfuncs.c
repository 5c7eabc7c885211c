// SPDX-License-Identifier: GPL-2.0-only
/* The memcg kfuncs return the numbers of memory.stat, on every kernel */
#include <bpf/bpf.h>
#include <unistd.h>

#include "harness.h"
#include "memcgread.skel.h"
#include "oc_memcg.skel.h"
#include "util.h"

static struct memcgread_bpf *read_memcg(unsigned long long id)
{
	struct bpf_test_run_opts opts = { .sz = sizeof(opts) };
	struct memcgread_bpf *r;

	r = memcgread_bpf__open_and_load();
	CHECK(r, "load: %s", strerror(errno));
	r->bss->cgroup_id = id;
	CHECK(!bpf_prog_test_run_opts(bpf_program__fd(r->progs.read_memcg), &opts),
	      "run: %s", strerror(errno));
	return r;
}

static void near(const char *what, unsigned long got, unsigned long want)
{
	unsigned long off = got > want ? got - want : want - got;

	CHECK(off <= want / 10 + MB, "%s: %lu, expected about %lu", what, got, want);
}

TEST(memcg_kfuncs_read_what_memory_stat_shows)
{
	struct memcgread_bpf *r;
	pid_t pid;

	cg_make_limited("dom", 60);
	oom_is_the_kernels("dom");
	pid = hog("dom", 30, 0);
	r = read_memcg(cg_id("dom"));
	CHECK(r->bss->found, "no memcg");
	near("anon", r->bss->anon, (unsigned long)cg_key("dom", "memory.stat", "anon"));
	near("usage", r->bss->usage, 31 * MB);
	CHECK(r->bss->pgfault, "no page faults");
	CHECK_EQ(r->bss->ooms, 1);
	CHECK(r->bss->root_usage >= r->bss->usage, "the root is smaller");
	memcgread_bpf__destroy(r);
	reap(pid);
}

TEST(memcg_kfuncs_answer_a_bad_id_with_minus_1)
{
	struct memcgread_bpf *r;

	need_memcg();
	cg_make("dom");
	r = read_memcg(cg_id("dom"));
	CHECK_EQ(r->bss->bad_page_state, -1UL);
	CHECK_EQ(r->bss->bad_vm_event, -1UL);
	CHECK_EQ(r->bss->bad_memory_event, -1UL);
	memcgread_bpf__destroy(r);
}

TEST(the_memcg_of_an_oom_control_is_trusted)
{
	struct oc_memcg_bpf *skel;
	struct bpf_link *link;
	pid_t pid;
	int err;

	cg_make_limited("dom", 40);
	skel = oc_memcg_bpf__open();
	CHECK(skel, "open");
	err = oc_memcg_bpf__load(skel);
	CHECK(!err, "load: %s", strerror(-err));
	link = bpf_map__attach_struct_ops(skel->maps.oc_memcg);
	CHECK(link, "attach: %s", strerror(errno));
	pid = oom_in("dom");
	CHECK(killed(pid), "nobody killed the eater");
	CHECK(skel->bss->usage >= 35 * MB, "usage %lu", skel->bss->usage);
	bpf_link__destroy(link);
	oc_memcg_bpf__destroy(skel);
}
