/* SPDX-License-Identifier: GPL-2.0-only */
/* What all unit tests use. A test runs in a child of its own: static variables are as at first. */
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

/* A record that is as long as can be, as the module writes it. */
const char *unit_largest_record(void);

/* Has the module given back all locks? Fails the test if not. */
void kernel_check_balance(void);

#endif /* UNIT_UNIT_H */
