// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cgroups: from path to id and back
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "bpfoom.h"

/* A file handle of a cgroup is its id. (enum fid_type of the kernel.) */
#define FILEID_KERNFS 0xfe

/* Where the default hierarchy is mounted; NULL if it is not. */
const char *cgroup_mount(void)
{
	static char *path;
	struct mntent *mnt;
	FILE *mounts;

	if (path)
		return path;
	mounts = setmntent("/proc/self/mounts", "re");
	if (!mounts)
		return NULL;
	while ((mnt = getmntent(mounts))) {
		if (strcmp(mnt->mnt_type, "cgroup2"))
			continue;
		path = format("%s", mnt->mnt_dir);
		break;
	}
	endmntent(mounts);
	return path;
}

/* Accepts what people have at hand: a directory, or a path as in /proc/PID/cgroup. */
static char *cgroup_directory(const char *path)
{
	const char *mount = cgroup_mount();
	size_t len = strlen(mount);

	if (!strncmp(path, mount, len) && (path[len] == '/' || !path[len]))
		return format("%s", path);
	return format("%s/%s", mount, path + strspn(path, "/"));
}

/**
 * cgroup_id_of() - which cgroup is meant
 * @path: absolute path of its directory, or its path below the mount
 * @id: filled in
 *
 * Return: an exit code; tells the user what is wrong.
 */
int cgroup_id_of(const char *path, __u64 *id)
{
	struct statfs fs;
	struct stat st;
	char *dir;
	int ret = EX_NOT_FOUND;

	if (!cgroup_mount()) {
		pr_err("no cgroup2 file system is mounted, so only a system-wide policy (without --cgroup) is possible");
		return EX_NOT_FOUND;
	}
	dir = cgroup_directory(path);
	if (stat(dir, &st) || statfs(dir, &fs)) {
		pr_err("no cgroup '%s': %s: %s", path, dir, strerror(errno));
	} else if (!S_ISDIR(st.st_mode) || fs.f_type != CGROUP2_SUPER_MAGIC) {
		pr_err("'%s' is not the directory of a cgroup (of cgroup v2)", path);
	} else {
		*id = st.st_ino;
		ret = EX_DONE;
	}
	free(dir);
	return ret;
}

static char *strip_mount(char *dir)
{
	size_t len = strlen(cgroup_mount());
	char *path;

	if (!strncmp(dir, cgroup_mount(), len))
		path = format("%s", dir[len] ? dir + len : "/");
	else
		path = format("%s", dir);
	return path;
}

/**
 * cgroup_path_of() - the path of a cgroup
 * @id: its id
 *
 * Return: the path below the mount, to be freed; NULL if there is no such
 * cgroup (any more) or it cannot be seen from here.
 */
char *cgroup_path_of(__u64 id)
{
	struct {
		struct file_handle handle;
		__u64 id;
	} h = {
		.handle.handle_bytes = sizeof(h.id),
		.handle.handle_type = FILEID_KERNFS,
	};
	char proc[32], dir[4096];
	int mount_fd, fd;
	ssize_t len;

	if (id == CGROUP_SYSTEM)
		return format("/");
	if (!cgroup_mount())
		return NULL;
	mount_fd = open(cgroup_mount(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mount_fd < 0)
		return NULL;
	memcpy(h.handle.f_handle, &id, sizeof(id));
	fd = open_by_handle_at(mount_fd, &h.handle, O_PATH | O_CLOEXEC);
	close(mount_fd);
	if (fd < 0)
		return NULL;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	len = readlink(proc, dir, sizeof(dir) - 1);
	close(fd);
	if (len < 0)
		return NULL;
	dir[len] = '\0';
	return strip_mount(dir);
}
