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
/* Waits up to two seconds for such a line. */
bool klog_has(const char *text);
/* The first line that contains the text, or NULL; valid until the next call. */
const char *klog_line(const char *text);
/*
 * Has the kernel not reported an OOM? It leaves out those beyond ten in five
 * seconds, of which other tests may have had some. Waits until it gives more; then
 * the caller may try again, but not for ever.
 */
bool klog_left_report_out(void);
/* Has the kernel complained? */
bool klog_bad(char *line, size_t len);
void klog_dump_tail(void);

#endif /* TESTS_KLOG_H */
