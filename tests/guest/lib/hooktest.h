/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands to kmod/hooktest.ko, which is loaded when first needed. */
#ifndef TESTS_HOOKTEST_H
#define TESTS_HOOKTEST_H

struct hooktest_counts {
	int notified, asked, scanned, in_domain, online, offline, pressed;
	int selected, may;
};

/* For a test whose child gives the commands but cannot load modules. */
void hooktest_load(void);
/* Runs the command and returns its result. */
long hooktest(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
struct hooktest_counts hooktest_counts(void);
/* An OOM of the cgroup, or with NULL of the system, that somebody settles. */
void oom_at_once(const char *cg);
/* So, and then its victim is gone: until then nobody is asked about the next one. */
void one_oom(const char *cg);

#endif /* TESTS_HOOKTEST_H */
