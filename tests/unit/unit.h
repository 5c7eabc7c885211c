/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Used by all unit tests. Each test runs in a child process, with static variables reset.
 */
#ifndef UNIT_UNIT_H
#define UNIT_UNIT_H

#include "harness.h"

#define CHECK_STR(got, want)						\
	do {								\
		const char *got_ = (got), *want_ = (want);		\
									\
		if (!got_ || strcmp(got_, want_))			\
			FAIL("%s is \"%s\", expected \"%s\"", #got,	\
			     got_ ?: "(null)", want_);			\
	} while (0)

#define CHECK_HAS(text, part)						\
	do {								\
		const char *text_ = (text), *part_ = (part);		\
									\
		if (!strstr(text_, part_))				\
			FAIL("%s lacks \"%s\": %s", #text, part_, text_); \
	} while (0)

#define CHECK_LACKS(text, part)						\
	do {								\
		const char *text_ = (text), *part_ = (part);		\
									\
		if (strstr(text_, part_))				\
			FAIL("%s has \"%s\": %s", #text, part_, text_);	\
	} while (0)

/* A record of maximum length, as the module formats it */
const char *unit_largest_record(void);

/* Fails the test if the module has not released all locks. */
void kernel_check_balance(void);

#endif /* UNIT_UNIT_H */
