// SPDX-License-Identifier: GPL-2.0-only
/* A pressure trigger that fires while it is being created */
#include "harness.h"
#include "hooktest.h"
#include "klog.h"
#include "psi_util.h"
#include "util.h"

TEST(a_pressure_trigger_that_fires_while_it_is_made_is_not_deaf)
{
	int before = hooktest_counts().pressed;
	struct press press;
	long ret;

	need_shim();
	cg_make("busy");
	press = press_begin("busy");
	CHECK(!sh("insmod /usr/lib/bpf-oom/tests/kmod/gaptest.ko"), "insmod");
	ret = hooktest("psi %llu %d 0 50000 500000", cg_id("busy"), CPU);
	CHECK(!sh("rmmod gaptest"), "rmmod");
	CHECK_EQ(ret, 0);
	CHECK(klog_has("gaptest: the trigger has fired"), "said: %s",
	      klog_line("gaptest:") ?: "nothing");
	CHECK(WAIT_FOR(hooktest_counts().pressed >= before + 3, 60), "told %d times",
	      hooktest_counts().pressed - before);
	press_end(press);
	CHECK_EQ(hooktest("psi 0"), 0);
}
