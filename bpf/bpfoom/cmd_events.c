// SPDX-License-Identifier: GPL-2.0-only
/*
 * bpfoom events
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "bpfoom.h"

static const struct option options[] = {
	{ "follow", no_argument, NULL, 'f' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{}
};

/* Returns 0 or an exit code; -1: the user asked for help. */
static int parse(int argc, char **argv, bool *follow, bool *json)
{
	int opt;

	while ((opt = next_argument(argc, argv, "fjh", options)) != -1) {
		switch (opt) {
		case 'f':
			*follow = true;
			break;
		case 'j':
			*json = true;
			break;
		case 'h':
			return -1;
		default:
			return bad_usage(NULL);
		}
	}
	return optind < argc ? bad_usage("events takes no arguments") : EX_DONE;
}

static int print_all(int fd, bool json)
{
	struct decision r;
	int ret;

	while ((ret = record_read(fd, &r))) {
		if (ret == -EPIPE) {
			pr_err("some were overwritten before they could be read");
			continue;
		}
		if (ret < 0) {
			pr_err("cannot read the next: %s", strerror(-ret));
			return EX_FAILED;
		}
		if (json)
			record_print_json(&r);
		else
			record_print_short(&r);
		/*
		 * With --follow each event must appear at once. main() reports a failed
		 * write.
		 */
		if (fflush(stdout))
			break;
	}
	return EX_DONE;
}

int cmd_events(int argc, char **argv)
{
	bool follow = false, json = false;
	int ret, fd;

	ret = parse(argc, argv, &follow, &json);
	if (ret)
		return ret < 0 ? print_help(argv[0]) : ret;
	ret = need_root();
	ret = ret ?: records_open(follow, &fd);
	if (ret)
		return ret;
	ret = print_all(fd, json);
	close(fd);
	return ret;
}
