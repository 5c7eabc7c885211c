/* SPDX-License-Identifier: GPL-2.0-only */
/* Helpers of the tests of the tool: its policy, and its messages */
#ifndef UNIT_TOOL_H
#define UNIT_TOOL_H

#include "bpfoom.h"
#include "options.skel.h"
#include "unit.h"

/* The policy of options.bpf.c, not loaded */
static struct options_bpf *skel;
static struct policy policy;

static inline void open_policy(void)
{
	skel = options_bpf__open();
	CHECK(skel, "cannot open the policy");
	policy = (struct policy) { .obj = skel->obj, .name = "test" };
}

static inline void close_policy(void)
{
	cgroup_options_free(&policy);
	options_bpf__destroy(skel);
	/* Drop the pointers, so that the sanitizer finds anything that was not freed. */
	policy = (struct policy) {};
}

/* Output to *@stream between capture() and capture_end(), to be freed */
static char *captured;
static size_t captured_size;
static FILE *captured_from;

static inline void capture(FILE **stream)
{
	captured_from = *stream;
	*stream = open_memstream(&captured, &captured_size);
}

static inline char *capture_end(FILE **stream)
{
	fclose(*stream);
	*stream = captured_from;
	return captured;
}

/* The messages of the last call */
static char *said;

/* Returns the exit code of --set NAME=VALUE. */
static inline int set(const char *name_value)
{
	int ret;

	free(said);
	capture(&stderr);
	ret = policy_set_option(&policy, name_value);
	said = capture_end(&stderr);
	return ret;
}

#endif /* UNIT_TOOL_H */
