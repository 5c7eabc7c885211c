/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands for kmod/hooktest.ko, which is loaded by the first one */
#ifndef TESTS_HOOKTEST_H
#define TESTS_HOOKTEST_H

struct hooktest_counts {
	int notified, asked, scanned, in_domain, online, offline, pressed;
	int selected, may;
};

/* Loads it early, for a test whose child runs commands but cannot load modules. */
void hooktest_load(void);
/* Runs the command and returns its result. */
long hooktest(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
struct hooktest_counts hooktest_counts(void);
/* Causes an OOM of the cgroup (NULL: of the system) that is settled by a kill. */
void oom_at_once(const char *cg);
/* The same, and waits until the victim is gone: before, no policy is asked again. */
void one_oom(const char *cg);

#endif /* TESTS_HOOKTEST_H */
