/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel log: what has been said since the test began? */
#ifndef TESTS_KLOG_H
#define TESTS_KLOG_H

#include <stdbool.h>
#include <stddef.h>

/* Everything before this call is forgotten. */
void klog_mark(void);
/* Does a line since the mark contain the text? Counts them. */
int klog_count(const char *text);
/* Waits up to half a minute for such a line. */
bool klog_has(const char *text);
/* Up to two seconds: for those that are not to come, or need not. */
bool klog_has_soon(const char *text);
/* The first line that contains the text, or NULL; valid until the next call. */
const char *klog_line(const char *text);
/*
 * Is an OOM to be tried again, as it was not reported with this text? Beyond ten reports
 * in five seconds, of which other tests may have had some, the kernel and the module
 * leave them out. So it waits before it says so, and does not say so for ever.
 */
bool klog_try_again_for(const char *text);
/* Has the kernel complained? */
bool klog_bad(char *line, size_t len);
void klog_dump_tail(void);

#endif /* TESTS_KLOG_H */
