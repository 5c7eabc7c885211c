// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpfoom why
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfoom.h"

/**
 * struct question - what the user wants to know
 * @pid: why this process died; 0: no certain process
 * @last: any decision counts, not only one by which a process died
 */
struct question {
	long long pid;
	bool last;
};

/*
 * How well a decision answers the question. If a process was killed, later decisions may
 * name it as well, because they waited for its exit.
 */
enum about {
	ABOUT_OTHERS,
	ABOUT_IT,
	ABOUT_ITS_END,
};

static enum about is_about(const struct decision *r, const struct question *q)
{
	if (record_number(r, "rehearsal"))
		return ABOUT_OTHERS;
	if (q->pid && !record_has_victim(r, q->pid))
		return ABOUT_OTHERS;
	return record_is_death(r) && !q->last ? ABOUT_ITS_END : ABOUT_IT;
}

static int not_found(long long pid)
{
	if (pid)
		pr_err("none of the decisions that are kept is about process %lld; 'dmesg' may have more",
		       pid);
	else
		pr_err("none of the decisions that are kept is about an OOM: no policy has been asked about one or has declared one, or not lately; 'dmesg' has those that the kernel decided alone");
	return EX_NOT_FOUND;
}

/* Finds the last one of the decisions that answer best. */
static int find(int fd, const struct question *q, struct decision *found, enum about *best)
{
	enum about about;
	struct decision r;
	int ret;

	*best = ABOUT_OTHERS;
	while ((ret = record_read(fd, &r))) {
		if (ret < 0 && ret != -EPIPE) {
			pr_err("cannot read the records: %s", strerror(-ret));
			return EX_FAILED;
		}
		about = ret < 0 ? ABOUT_OTHERS : is_about(&r, q);
		if (about == ABOUT_OTHERS || about < *best)
			continue;
		*best = about;
		*found = r;
	}
	return *best == ABOUT_OTHERS ? not_found(q->pid) : EX_DONE;
}

static int parse(int argc, char **argv, struct question *q)
{
	char *end;

	if (argc > 2)
		return bad_usage("why wants one process, or 'last'");
	if (argc < 2)
		return EX_DONE;
	q->last = !strcmp(argv[1], "last");
	if (q->last)
		return EX_DONE;
	q->pid = strtoll(argv[1], &end, 10);
	if (q->pid <= 0 || *end)
		return bad_usage("'%s' is no process id", argv[1]);
	return EX_DONE;
}

int cmd_why(int argc, char **argv)
{
	struct question q = {};
	struct decision r;
	enum about about;
	int ret, fd;

	if (wants_help(argc, argv))
		return print_help(argv[0]);
	ret = parse(argc, argv, &q);
	ret = ret ?: need_root();
	ret = ret ?: records_open(false, &fd);
	if (ret)
		return ret;
	ret = find(fd, &q, &r, &about);
	close(fd);
	if (ret)
		return ret;
	if (!q.pid && !q.last && about != ABOUT_ITS_END)
		puts("None of the decisions that are kept tells of a death. The last one:");
	record_print_long(&r);
	return EX_DONE;
}
