// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpfoom why
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfoom.h"

/*
 * How much a decision has to do with a process. Of one that was killed later
 * decisions may tell as well, because they wait until it is gone.
 */
enum about {
	ABOUT_OTHERS,
	ABOUT_IT,
	ABOUT_ITS_END,
};

static bool has_victim(const struct decision *r, long long pid)
{
	char other[RECORD_VALUE_SIZE];
	int i;

	if (record_number(r, "victim_pid") == pid)
		return true;
	for (i = 0; record_value(r, "also_killed", i, other); i++) {
		if (strtoll(other, NULL, 10) == pid)
			return true;
	}
	return false;
}

static enum about is_about(const struct decision *r, long long pid)
{
	if (record_number(r, "rehearsal"))
		return ABOUT_OTHERS;
	if (!pid)
		return ABOUT_IT;
	/* Whom the kernel was about to kill, when nobody else did. */
	if (record_is(r, "policy", "default"))
		return record_is(r, "result", "default") &&
		       record_number(r, "kernel_pid") == pid ? ABOUT_ITS_END :
							       ABOUT_OTHERS;
	if (!has_victim(r, pid))
		return ABOUT_OTHERS;
	return record_is(r, "result", "kill") && !record_number(r, "dry_run") ?
	       ABOUT_ITS_END : ABOUT_IT;
}

static int not_found(long long pid)
{
	if (pid)
		pr_err("none of the decisions that are kept is about process %lld; 'dmesg' may have more",
		       pid);
	else
		pr_err("none of the decisions that are kept is about an OOM: no policy has been asked about one, or not lately; 'dmesg' has those that the kernel decided alone");
	return EX_NOT_FOUND;
}

/* The last of those that say most. */
static int find_last(int fd, long long pid, struct decision *found)
{
	enum about best = ABOUT_IT, about;
	struct decision r;
	bool any = false;
	int ret;

	while ((ret = record_read(fd, &r))) {
		if (ret < 0 && ret != -EPIPE) {
			pr_err("cannot read the records: %s", strerror(-ret));
			return EX_FAILED;
		}
		about = ret < 0 ? ABOUT_OTHERS : is_about(&r, pid);
		if (about < best)
			continue;
		best = about;
		*found = r;
		any = true;
	}
	return any ? EX_DONE : not_found(pid);
}

/* 0 is "last". */
static int parse_pid(int argc, char **argv, long long *pid)
{
	char *end;

	if (argc > 2)
		return bad_usage("why wants one process, or 'last'");
	if (argc < 2 || !strcmp(argv[1], "last"))
		return EX_DONE;
	*pid = strtoll(argv[1], &end, 10);
	if (*pid <= 0 || *end)
		return bad_usage("'%s' is no process id", argv[1]);
	return EX_DONE;
}

int cmd_why(int argc, char **argv)
{
	struct decision r;
	long long pid = 0;
	int ret, fd;

	if (wants_help(argc, argv))
		return print_help(argv[0]);
	ret = parse_pid(argc, argv, &pid);
	ret = ret ?: need_root();
	ret = ret ?: records_open(false, &fd);
	if (ret)
		return ret;
	ret = find_last(fd, pid, &r);
	close(fd);
	if (!ret)
		record_print_long(&r);
	return ret;
}
