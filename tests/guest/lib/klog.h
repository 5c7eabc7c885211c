/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel log: messages since the beginning of the test */
#ifndef TESTS_KLOG_H
#define TESTS_KLOG_H

#include <stdbool.h>
#include <stddef.h>

/* From now on, earlier messages are ignored. */
void klog_mark(void);
/* Counts the lines since the mark that contain the text. */
int klog_count(const char *text);
/* Waits up to half a minute for such a line. */
bool klog_has(const char *text);
/* Waits up to two seconds, for lines that should not or need not come. */
bool klog_has_soon(const char *text);
/* The first line that contains the text, or NULL; valid until the next call */
const char *klog_line(const char *text);
/*
 * Should an OOM be repeated, since it was not logged with this text? The kernel and the
 * module log at most ten OOMs in five seconds, of which other tests may have caused some.
 * If so, this waits before it returns true; after some attempts it returns false.
 */
bool klog_try_again_for(const char *text);
/* Has the kernel logged a warning or a bug? */
bool klog_bad(char *line, size_t len);
void klog_dump_tail(void);

#endif /* TESTS_KLOG_H */
