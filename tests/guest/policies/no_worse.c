// SPDX-License-Identifier: GPL-2.0-only
/*
 * A rule for the shipped policies: they kill no more processes than the kernel alone
 *
 * One process leaks. OOMs come until it is dead, once with the kernel alone and once
 * with each policy, attached without options. The test counts other processes that were
 * killed before. With psi-guard all OOMs are declared ones, and the leak grows until it
 * is dead.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "harness.h"
#include "hooktest.h"
#include "util.h"

#define MAX_OTHERS 40
#define TMPFS "/run/no_worse"

/* @nr processes of @mb, all in one cgroup. NULL: in the root. */
struct crowd {
	const char *cg;
	int nr;
	unsigned int mb;
	int adj;
};

struct scene {
	/* The OOM is one of the whole system, not of the cgroup "dom". */
	bool global;
	struct crowd leak;
	struct crowd others[5];	/* ends with an empty one */
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

static unsigned int mb_in_dom(void)
{
	char buf[32];

	read_file(CG_ROOT "/test/dom/memory.current", buf, sizeof(buf));
	return (unsigned int)(strtoul(buf, NULL, 10) / MB);
}

static void end(const struct scene *s, const pid_t *others, int nr, pid_t leaks)
{
	for (int i = 0; i < nr; i++)
		reap(others[i]);
	reap(leaks);
	if (s->finish)
		s->finish();
}

/* Returns how many other processes were killed before the leak was. */
static int cost(const struct scene *s, const char *policy)
{
	pid_t others[MAX_OTHERS], leaks;
	int nr, dead;

	cg_make_limited("dom", 1000);
	nr = start_others(s, others);
	make_cgroup(s->leak.cg);
	leaks = hog(s->leak.cg, s->leak.mb, s->leak.adj);
	if (s->prepare)
		s->prepare();
	if (policy)
		CHECK(!sh("bpfoom attach %s >/dev/null", policy), "attach %s", policy);
	for (dead = 0; alive(leaks) && dead < nr;) {
		one_oom(s->global ? NULL : "dom");
		CHECK(WAIT_FOR(!alive(leaks) || count_dead(others, nr) > dead, 60),
		      "an OOM, and nobody died");
		/* The kernel kills a group one after the other. */
		WAIT_FOR(count_dead(others, nr) == nr, 1);
		dead = count_dead(others, nr);
	}
	if (policy)
		CHECK(!sh("bpfoom detach %s >/dev/null", policy), "detach %s", policy);
	end(s, others, nr, leaks);
	return dead;
}

/* The same with psi-guard, below a limit that leaves the leak two thirds of its size */
static int cost_with_psi_guard(const struct scene *s)
{
	pid_t others[MAX_OTHERS], leaks;
	int nr, dead;

	cg_make("dom");
	nr = start_others(s, others);
	make_cgroup(s->leak.cg);
	if (s->prepare)
		s->prepare();
	CHECK(!sh("bpfoom attach psi-guard --cgroup /test/dom --set low_percent=100 >/dev/null"),
	      "attach psi-guard");
	cg_slow_all_above(mb_in_dom() + s->leak.mb * 2 / 3);
	leaks = leak(s->leak.cg, 1, 50000);
	CHECK(WAIT_FOR(!alive(leaks) || count_dead(others, nr) == nr, 120),
	      "nothing stops the leak");
	dead = count_dead(others, nr);
	CHECK(!sh("bpfoom detach psi-guard --cgroup /test/dom >/dev/null"), "detach psi-guard");
	end(s, others, nr, leaks);
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
	if (s->global)
		return;
	with = cost_with_psi_guard(s);
	CHECK(with <= alone, "psi-guard costs %d others, the kernel alone %d", with, alone);
}

TEST(no_worse_plain_leak)
{
	no_worse(&(struct scene) {
		.leak = { "dom/app", 1, 60, 0 },
		.others = { { "dom/web", 3, 10, 0 } },
	});
}

/* Services that start their own workers are packaged like this. */
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
	/* Reclaim, which precedes an OOM, computes the protection. */
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
	/* Remove what a failed test has left. */
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
