// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's scan with verdicts of the hook's user, and rehearsals of it */
#include <errno.h>
#include <limits.h>
#include <sys/types.h>

#include "harness.h"
#include "hooktest.h"
#include "klog.h"
#include "util.h"

/* enum oom_hook_verdict */
enum { DEFAULT, ABORT, SKIP, SELECT };

struct domain {
	pid_t small, middle, large;
};

/* Three tasks to choose from, in a memcg, or in the system as its first victims */
static struct domain domain(int adj)
{
	struct domain d;

	cg_make_limited("dom", 100);
	cg_make("dom/a");
	d.small = hog("dom/a", 5, adj);
	d.middle = hog("dom/a", 20, adj);
	d.large = hog("dom/a", 40, adj);
	CHECK_EQ(hooktest("user 1"), 0);
	return d;
}

static void end_domain(struct domain d)
{
	CHECK_EQ(hooktest("user 0"), 0);
	CHECK_EQ(hooktest("select 0 0 0"), 0);
	reap(d.small);
	reap(d.middle);
	reap(d.large);
}

TEST(a_selected_task_dies_whatever_its_size)
{
	struct domain d = domain(0);

	CHECK_EQ(hooktest("select %d %d %d", d.small, SELECT, DEFAULT), 0);
	one_oom("dom");
	CHECK_EQ(hooktest_counts().selected, d.small);
	CHECK(killed(d.small), "it lives");
	CHECK(alive(d.middle) && alive(d.large), "more than one died");
	end_domain(d);
}

TEST(a_skipped_task_is_spared)
{
	struct domain d = domain(0);

	CHECK_EQ(hooktest("select %d %d %d", d.large, SKIP, DEFAULT), 0);
	one_oom("dom");
	CHECK(killed(d.middle), "not the next by size");
	CHECK(alive(d.small) && alive(d.large), "more than one died");
	end_domain(d);
}

TEST(an_aborted_scan_selects_nobody_and_the_kernel_decides)
{
	struct domain d = domain(0);

	CHECK_EQ(hooktest("select %d %d %d", d.middle, ABORT, SELECT), 0);
	one_oom("dom");
	CHECK_EQ(hooktest_counts().selected, -ECANCELED);
	CHECK(killed(d.large), "the kernel chose somebody else");
	CHECK(alive(d.small) && alive(d.middle), "more than one died");
	end_domain(d);
}

TEST(a_scan_that_skips_everybody_leaves_it_to_the_kernel)
{
	struct domain d = domain(0);

	CHECK_EQ(hooktest("select 0 %d %d", SKIP, SKIP), 0);
	one_oom("dom");
	CHECK_EQ(hooktest_counts().selected, 0);
	CHECK(killed(d.large), "the kernel chose somebody else");
	CHECK(alive(d.small) && alive(d.middle), "more than one died");
	end_domain(d);
}

TEST(a_scan_of_the_system_that_skips_everybody_does_not_panic)
{
	struct domain d = domain(1000);

	CHECK_EQ(hooktest("select 0 %d %d", SKIP, SKIP), 0);
	one_oom(NULL);
	CHECK_EQ(hooktest_counts().selected, 0);
	CHECK(killed(d.large), "the kernel chose somebody else");
	end_domain(d);
}

TEST(a_scan_of_the_system_selects)
{
	struct domain d = domain(0);

	CHECK_EQ(hooktest("select %d %d %d", d.small, SELECT, DEFAULT), 0);
	one_oom(NULL);
	CHECK_EQ(hooktest_counts().selected, d.small);
	CHECK(killed(d.small), "it lives");
	CHECK(alive(d.middle) && alive(d.large), "more than one died");
	end_domain(d);
}

TEST(a_scan_does_not_ask_about_a_task_with_minus_1000)
{
	struct domain d = domain(0);
	pid_t safe = hog("dom/a", 5, -1000);

	CHECK_EQ(hooktest("select %d %d %d", safe, SELECT, SKIP), 0);
	one_oom("dom");
	CHECK_EQ(hooktest_counts().selected, 0);
	CHECK(alive(safe), "it was killed");
	CHECK(killed(d.large), "the kernel chose somebody else");
	end_domain(d);
	reap(safe);
}

TEST(a_rehearsal_asks_and_kills_nobody)
{
	struct domain d = domain(0);
	int asked = hooktest_counts().asked;

	CHECK_EQ(hooktest("select %d %d %d", d.small, SELECT, DEFAULT), 0);
	CHECK_EQ(hooktest("rehearse %llu", cg_id("dom")), 1);
	CHECK_EQ(hooktest_counts().asked, asked + 1);
	CHECK_EQ(hooktest_counts().selected, d.small);
	CHECK_EQ(hooktest_counts().may, 0);
	CHECK_EQ(cg_key("dom", "memory.events", "oom_kill"), 0);
	CHECK_EQ(klog_count("Killed process"), 0);
	CHECK(alive(d.small) && alive(d.middle) && alive(d.large), "somebody died");
	end_domain(d);
}

TEST(a_rehearsal_selects_whom_the_kernel_would)
{
	struct domain d = domain(0);

	CHECK_EQ(hooktest("select %d %d %d", d.small, SKIP, DEFAULT), 0);
	CHECK_EQ(hooktest("rehearse %llu", cg_id("dom")), 1);
	CHECK_EQ(hooktest_counts().selected, d.large);
	end_domain(d);
}

TEST(a_rehearsal_of_the_system_neither_panics_nor_kills)
{
	struct domain d = domain(0);
	long ret;

	CHECK_EQ(hooktest("select %d %d %d", d.small, SELECT, SKIP), 0);
	write_file("/proc/sys/vm/panic_on_oom", "2");
	write_file("/proc/sys/vm/oom_kill_allocating_task", "1");
	ret = hooktest("rehearse 0");
	write_file("/proc/sys/vm/oom_kill_allocating_task", "0");
	write_file("/proc/sys/vm/panic_on_oom", "0");
	CHECK_EQ(ret, 1);
	CHECK_EQ(hooktest_counts().selected, d.small);
	CHECK_EQ(klog_count("Killed process"), 0);
	CHECK(alive(d.small), "it was killed");
	end_domain(d);
}

TEST(a_rehearsal_that_nobody_would_handle_says_so)
{
	struct domain d = domain(0);

	CHECK_EQ(hooktest("select 0 %d %d", SKIP, SKIP), 0);
	CHECK_EQ(hooktest("rehearse %llu", cg_id("dom")), 0);
	CHECK_EQ(hooktest_counts().selected, 0);
	CHECK(alive(d.large), "the kernel killed");
	end_domain(d);
}

TEST(a_rehearsal_needs_a_user_and_a_task)
{
	struct domain d = domain(0);

	cg_make("empty");
	CHECK_EQ(hooktest("rehearse %llu", cg_id("empty")), -ESRCH);
	end_domain(d);
	CHECK_EQ(hooktest("rehearse %llu", cg_id("dom")), -ENODEV);
}

TEST(badness_is_the_score_of_the_kernel)
{
	pid_t plain, favoured, safe;

	cg_make("dom");
	plain = hog("dom", 40, 0);
	favoured = hog("dom", 40, -500);
	safe = hog("dom", 40, -1000);
	CHECK(hooktest("badness %d", plain) >= 40 * (long)MB / 4096, "%ld pages",
	      hooktest("badness %d", plain));
	CHECK(hooktest("badness %d", favoured) < 0, "oom_score_adj does not count");
	CHECK_EQ(hooktest("badness %d", safe), LONG_MIN);
	reap(plain);
	reap(favoured);
	reap(safe);
}
