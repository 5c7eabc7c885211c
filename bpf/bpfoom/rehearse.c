// SPDX-License-Identifier: GPL-2.0-only
/* Asking a policy what it would do, without an OOM */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfoom.h"

static bool policies_off(void)
{
	char line[8];

	return read_line("/sys/module/bpf_oom/parameters/enabled", line, sizeof(line)) &&
	       *line == 'N';
}

static int explain(int err)
{
	switch (err) {
	case ENOENT:
		if (policies_off()) {
			pr_err("no policy can be asked: they are switched off by the parameter enabled of bpf_oom");
			return EX_FAILED;
		}
		pr_err("the cgroup was removed, or the policy detached, before it was asked");
		return EX_NOT_FOUND;
	case ESRCH:
		pr_err("there is no process in that cgroup");
		return EX_FAILED;
	case ENODEV:
		pr_err("that cgroup has no memory controller (any more)");
		return EX_FAILED;
	}
	pr_err("the policy cannot be asked: %s", strerror(err));
	return EX_FAILED;
}

/* Finds the record of this attachment: meanwhile, others may write records too. */
static int find_record(int fd, __u64 attachment, struct decision *r)
{
	int ret;

	while ((ret = record_read(fd, r))) {
		if (ret > 0 && record_number(r, "rehearsal") &&
		    (__u64)record_number(r, "attachment") == attachment)
			return EX_DONE;
		if (ret < 0 && ret != -EPIPE)
			break;
	}
	pr_err("what it decided has been overwritten already, or cannot be read");
	return EX_FAILED;
}

/**
 * rehearse() - ask the policy of an attachment, and print its decision
 * @link_id: its link
 *
 * Return: an exit code; tells the user what is wrong.
 */
int rehearse(__u32 link_id)
{
	struct decision r;
	struct shown s;
	char *command;
	int ret, fd;

	if (!shown_find(link_id, "", 0, &s)) {
		pr_err("the attachment is not in /sys/kernel/bpf_oom: is the module of another version than this program?");
		return EX_FAILED;
	}
	ret = records_open(false, &fd);
	if (ret)
		return ret;
	lseek(fd, 0, SEEK_END);
	command = format("rehearse %llu", s.id);
	if (write(fd, command, strlen(command)) < 0)
		ret = explain(errno);
	free(command);
	ret = ret ?: find_record(fd, s.id, &r);
	close(fd);
	if (!ret)
		record_print_long(&r);
	return ret;
}
