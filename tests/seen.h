/* SPDX-License-Identifier: GPL-2.0-only */
/* What the module shows of attachments in sysfs. */
#ifndef TESTS_SEEN_H
#define TESTS_SEEN_H

#include "util.h"

/* The number of the attachment of a policy, by its name; 0: none. */
unsigned long long seen_attachment(const char *policy);
/* A file of it, without the end of the line; "" if it cannot be read. */
const char *seen_file(const char *policy, const char *file);
long long seen_number(const char *policy, const char *file);
/* A parameter of the module, until the test ends: set it back to what util_init() has. */
void set_param(const char *param, const char *value);


#endif /* TESTS_SEEN_H */
