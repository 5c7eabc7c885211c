/* SPDX-License-Identifier: GPL-2.0-only */
/* What the module shows: attachments in sysfs, and records of decisions */
#ifndef TESTS_SEEN_H
#define TESTS_SEEN_H

#include "util.h"

/* Number of a policy's attachment; 0: none */
unsigned long long seen_attachment(const char *policy);
/* Content of one of its files, without the newline; "" if it cannot be read */
const char *seen_file(const char *policy, const char *file);
long long seen_number(const char *policy, const char *file);
int seen_write(const char *policy, const char *file, const char *text);
/* Sets a parameter of the module, until it is set back to the value of util_init(). */
void set_param(const char *param, const char *value);

/* Opens /dev/bpf_oom after the last record. */
int records_open(void);
/* The next record, or NULL; valid until the next call */
const char *record_next(int fd);
/* The next record of this policy; the test fails if there is none. */
const char *record_of(int fd, const char *policy);
/* Value @nr (from 0) of a key; NULL if there is none. Valid until the next call. */
const char *record_value(const char *record, const char *key, int nr);
/* The same; the test fails if there is none. */
const char *record_has(const char *record, const char *key, int nr);
long long record_number(const char *record, const char *key);
void check_record(const char *record, const char *key, const char *want);
void check_record_number(const char *record, const char *key, long long want);
/*
 * Has the kernel decided an OOM of this test? Does not rely on the log, which has at most
 * ten OOMs in five seconds, also of other tests.
 */
bool kernel_decided(void);
/* Asks the policy of this name in a rehearsal. Returns 0 or a negative errno. */
int rehearse(const char *policy);

#endif /* TESTS_SEEN_H */
