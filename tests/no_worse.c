// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rule for what is shipped: with a policy an OOM costs no more than without
 *
 * One process leaks. OOMs come until it is dead, once with the kernel alone and once
 * with each policy, as attached without options. How many others had to go before?
 */
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "harness.h"
#include "hooktest.h"
#include "util.h"

#define MAX_OTHERS 40
#define TMPFS "/run/no_worse"

/* So many processes of that size, all in one cgroup. NULL: in the root. */
struct crowd {
	const char *cg;
	int nr;
	unsigned int mb;
	int adj;
};

struct scene {
	/* Of the whole system, not of the cgroup "dom". */
	bool global;
	struct crowd leak;
	struct crowd others[5];	/* an empty one is the end */
	void (*prepare)(void);
	void (*finish)(void);
};

static void make_cgroup(const char *cg)
{
	if (cg)
		cg_make(cg);
}

static int start_others(const struct scene *s, pid_t *others)
{
	const struct crowd *c;
	int nr = 0, i;

	for (c = s->others; c->nr; c++) {
		make_cgroup(c->cg);
		for (i = 0; i < c->nr; i++)
			others[nr++] = hog(c->cg, c->mb, c->adj);
	}
	return nr;
}

static int count_dead(const pid_t *pids, int nr)
{
	int dead = 0, i;

	for (i = 0; i < nr; i++)
		dead += !alive(pids[i]);
	return dead;
}

/* Returns how many others had to die before the leak did. */
static int cost(const struct scene *s, const char *policy)
{
	pid_t others[MAX_OTHERS], leak;
	int nr, dead, i;

	cg_make_limited("dom", 1000);
	nr = start_others(s, others);
	make_cgroup(s->leak.cg);
	leak = hog(s->leak.cg, s->leak.mb, s->leak.adj);
	if (s->prepare)
		s->prepare();
	if (policy)
		CHECK(!sh("bpfoom attach %s >/dev/null", policy), "attach %s", policy);
	for (dead = 0; alive(leak) && dead < nr;) {
		one_oom(s->global ? NULL : "dom");
		CHECK(WAIT_FOR(!alive(leak) || count_dead(others, nr) > dead, 60),
		      "an OOM, and nobody died");
		/* What dies with its group does so at once, but one after the other. */
		WAIT_FOR(count_dead(others, nr) == nr, 1);
		dead = count_dead(others, nr);
	}
	if (policy)
		CHECK(!sh("bpfoom detach %s >/dev/null", policy), "detach %s", policy);
	for (i = 0; i < nr; i++)
		reap(others[i]);
	reap(leak);
	if (s->finish)
		s->finish();
	return dead;
}

static void no_worse(const struct scene *s)
{
	static const char * const policies[] = { "largest", "priorities", NULL };
	const char * const *policy;
	int alone, with;

	need_memcg();
	alone = cost(s, NULL);
	for (policy = policies; *policy; policy++) {
		with = cost(s, *policy);
		CHECK(with <= alone, "%s costs %d others, the kernel alone %d", *policy,
		      with, alone);
	}
}

TEST(no_worse_plain_leak)
{
	no_worse(&(struct scene) {
		.leak = { "dom/app", 1, 60, 0 },
		.others = { { "dom/web", 3, 10, 0 } },
	});
}

/* As services that start their own workers are packaged. */
TEST(no_worse_parent_that_must_not_be_killed)
{
	no_worse(&(struct scene) {
		.leak = { "dom/db", 1, 60, 0 },
		.others = { { "dom/db", 1, 2, -1000 }, { "dom/web", 1, 30, 0 },
			    { "dom/cache", 1, 20, 0 }, { "dom/ssh", 1, 3, 0 } },
	});
}

TEST(no_worse_database_that_is_to_die_last)
{
	no_worse(&(struct scene) {
		.leak = { "dom/batch", 1, 60, 0 },
		.others = { { "dom/db", 2, 50, -900 } },
	});
}

static void protect_database(void)
{
	cg_write("dom/db", "memory.min", "120M");
	/* What it protects is computed by reclaim, which comes before an OOM. */
	write_file(CG_ROOT "/test/dom/memory.reclaim", "1M");
}

TEST(no_worse_database_that_memory_min_protects)
{
	no_worse(&(struct scene) {
		.leak = { "dom/batch", 1, 60, 0 },
		.others = { { "dom/db", 2, 50, 0 } },
		.prepare = protect_database,
	});
}

static void fill_tmpfs(void)
{
	/* Of a test that has failed. */
	umount(TMPFS);
	mkdir(TMPFS, 0700);
	CHECK(!mount("none", TMPFS, "tmpfs", 0, ""), "no tmpfs");
	CHECK(!sh("echo $$ >%s/test/dom/build/cgroup.procs; "
		  "dd if=/dev/zero of=%s/file bs=1M count=90 2>/dev/null", CG_ROOT, TMPFS),
	      "nothing in the tmpfs");
}

static void empty_tmpfs(void)
{
	CHECK(!umount(TMPFS), "umount");
}

TEST(no_worse_files_in_a_tmpfs)
{
	no_worse(&(struct scene) {
		.leak = { "dom/app", 1, 60, 0 },
		.others = { { "dom/build", 1, 1, 0 } },
		.prepare = fill_tmpfs,
		.finish = empty_tmpfs,
	});
}

TEST(no_worse_leak_in_the_root_cgroup)
{
	no_worse(&(struct scene) {
		.global = true,
		.leak = { NULL, 1, 150, 0 },
		.others = { { "web", 3, 10, 0 }, { "cache", 1, 20, 0 } },
	});
}

TEST(no_worse_leak_in_a_login_session)
{
	no_worse(&(struct scene) {
		.global = true,
		.leak = { "session-1.scope", 1, 100, 0 },
		.others = { { "session-1.scope", 20, 2, 0 }, { "web", 1, 10, 0 } },
	});
}

TEST(no_worse_leak_beside_a_large_login_session)
{
	no_worse(&(struct scene) {
		.global = true,
		.leak = { "app", 1, 100, 0 },
		.others = { { "session-1.scope", 20, 8, 0 } },
	});
}

TEST(no_worse_leak_among_others_of_its_service)
{
	no_worse(&(struct scene) {
		.leak = { "dom/app", 1, 60, 0 },
		.others = { { "dom/app", 5, 4, 0 }, { "dom/web", 3, 10, 0 } },
	});
}
