/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a test is defined, and how it fails
 *
 * Each test runs in a child process of its own and passes by returning. Everything else
 * (a failed check, a signal, the time limit, a bad line in the kernel log, a policy left
 * attached) is a failure.
 */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test {
	const char *name;
	void (*fn)(void);
	struct test *next;
};

void test_register(struct test *t);

#define TEST(id)							\
	static void id(void);						\
	__attribute__((constructor)) static void register_##id(void)	\
	{								\
		static struct test t = {				\
			.name = #id, .fn = id };			\
									\
		test_register(&t);					\
	}								\
	static void id(void)

void test_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));
void test_skip(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

#define FAIL(...) test_fail(__FILE__, __LINE__, __VA_ARGS__)

#define CHECK(cond, ...)						\
	do {								\
		if (!(cond))						\
			FAIL(__VA_ARGS__);				\
	} while (0)

#define CHECK_EQ(got, want)						\
	do {								\
		long long got_ = (got), want_ = (want);			\
									\
		if (got_ != want_)					\
			FAIL("%s is %lld, expected %s = %lld", #got,	\
			     got_, #want, want_);			\
	} while (0)

#endif /* TESTS_HARNESS_H */
