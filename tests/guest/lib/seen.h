/* SPDX-License-Identifier: GPL-2.0-only */
/* What the module shows: attachments in sysfs, records of decisions. */
#ifndef TESTS_SEEN_H
#define TESTS_SEEN_H

#include "util.h"

/* The number of the attachment of a policy, by its name; 0: none. */
unsigned long long seen_attachment(const char *policy);
/* A file of it, without the end of the line; "" if it cannot be read. */
const char *seen_file(const char *policy, const char *file);
long long seen_number(const char *policy, const char *file);
int seen_write(const char *policy, const char *file, const char *text);
/* A parameter of the module, until the test sets it back to what util_init() has. */
void set_param(const char *param, const char *value);

/* Opens /dev/bpf_oom behind the last record. */
int records_open(void);
/* The next record, or NULL; valid until the next call. */
const char *record_next(int fd);
/* The next one of this policy; fails if there is none. */
const char *record_of(int fd, const char *policy);
/* The how manieth value of a key; NULL if there is none. Valid until the next call. */
const char *record_value(const char *record, const char *key, int nr);
/* The same of one that must be there. */
const char *record_has(const char *record, const char *key, int nr);
long long record_number(const char *record, const char *key);
void check_record(const char *record, const char *key, const char *want);
void check_record_number(const char *record, const char *key, long long want);
/*
 * Has an OOM of this test been left to the kernel? The log may not say so: its line
 * is for ten OOMs in five seconds, of whichever test.
 */
bool kernel_decided(void);
/* Asks the policy of this name, in a rehearsal. 0 or a negative errno. */
int rehearse(const char *policy);

#endif /* TESTS_SEEN_H */
