// SPDX-License-Identifier: GPL-2.0-only
/* Records of decisions, as the module keeps them */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "bpfoom.h"

/**
 * records_open() - open the records for reading, from the oldest on
 * @wait: reads are to wait for new records when all have been read
 * @fd: filled in
 *
 * Return: an exit code; tells the user what is wrong.
 */
int records_open(bool wait, int *fd)
{
	/* A container must not learn about processes and cgroups outside of it. */
	if (cgroup_namespaced()) {
		pr_err("the records of decisions can be read outside of cgroup namespaces (containers) only");
		return EX_FAILED;
	}
	*fd = open(DEVICE, (wait ? 0 : O_NONBLOCK) | O_RDWR | O_CLOEXEC);
	if (*fd >= 0)
		return EX_DONE;
	if (!module_loaded("bpf_oom")) {
		pr_err("the module bpf_oom is not loaded, so nothing has been decided by a policy; see 'bpfoom status'");
		return EX_NOT_ACTIVE;
	}
	pr_err("cannot open " DEVICE ": %s%s", strerror(errno), errno == ENOENT ?
	       " (does something else than devtmpfs make device files here?)" : "");
	return EX_FAILED;
}

/**
 * record_read() - read the next record
 * @fd: from records_open()
 * @r: filled in
 *
 * Return: 1; 0 if there is no more; or a negative errno, -EPIPE if records were lost
 * because they came faster than they were read.
 */
int record_read(int fd, struct decision *r)
{
	ssize_t len = read(fd, r->text, sizeof(r->text) - 1);

	if (len < 0)
		return errno == EAGAIN ? 0 : -errno;
	r->text[len] = '\0';
	return 1;
}
