// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <unistd.h>

#include "harness.h"
#include "hooktest.h"
#include "util.h"

#define KMOD "/usr/lib/bpf-oom/tests/kmod/hooktest.ko"

void hooktest_load(void)
{
	if (access("/proc/hooktest", F_OK) && sh("insmod " KMOD))
		FAIL("cannot load hooktest.ko");
}

long hooktest(const char *fmt, ...)
{
	char cmd[64], out[64];
	va_list ap;
	int err;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	hooktest_load();
	err = write_file("/proc/hooktest", "%s", cmd);
	CHECK(!err, "hooktest %s: %s", cmd, strerror(-err));
	read_file("/proc/hooktest", out, sizeof(out));
	return atol(out);
}

struct hooktest_counts hooktest_counts(void)
{
	struct hooktest_counts c;
	char out[96];

	hooktest_load();
	write_file("/proc/hooktest", "counts");
	read_file("/proc/hooktest", out, sizeof(out));
	CHECK(sscanf(out, "%d %d %d %d %d %d %d %d %d", &c.notified, &c.asked,
		     &c.scanned, &c.in_domain, &c.online, &c.offline,
		     &c.pressed, &c.selected, &c.may) == 9, "hooktest counts: %s", out);
	return c;
}

void oom_at_once(const char *cg)
{
	CHECK_EQ(hooktest("oom %llu", cg ? cg_id(cg) : 0), 1);
}

void one_oom(const char *cg)
{
	oom_at_once(cg);
	CHECK(WAIT_FOR(!hooktest("victims"), 60), "its victim does not go");
}
