// SPDX-License-Identifier: GPL-2.0-only
/* Cgroups: from path to id and back */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "bpfoom.h"

/* A file handle of a cgroup is its id. (The kernel's enum fid_type.) */
#define FILEID_KERNFS 0xfe

/* The inode number of the initial cgroup namespace, the same on all kernels. */
#define INITIAL_NAMESPACE 0xeffffffbU

/* Returns where cgroup2 is mounted; NULL if it is not. */
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

/**
 * cgroup_directory() - find the directory of a cgroup
 * @path: a directory, or a path as in /proc/PID/cgroup
 *
 * Return: its path without a slash at the end, to be freed by the caller.
 */
char *cgroup_directory(const char *path)
{
	const char *mount = cgroup_mount();
	size_t len = strlen(mount);
	char *dir;

	if (!strncmp(path, mount, len) && (path[len] == '/' || !path[len]))
		dir = format("%s", path);
	else
		dir = format("%s/%s", mount, path + strspn(path, "/"));
	for (len = strlen(dir); len > 1 && dir[len - 1] == '/'; len--)
		dir[len - 1] = '\0';
	return dir;
}

/**
 * cgroup_exists() - does such a cgroup exist (still)?
 * @path: as for cgroup_id_of()
 *
 * Return: true also if that is unknown; cgroup_id_of() will tell why.
 */
bool cgroup_exists(const char *path)
{
	bool exists;
	char *dir;

	if (!cgroup_mount())
		return true;
	dir = cgroup_directory(path);
	exists = !access(dir, F_OK) || errno != ENOENT;
	free(dir);
	return exists;
}

/**
 * cgroup_id_of() - find the id of a cgroup
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

/* A path that does not begin with the mount point is outside our cgroup namespace. */
static enum cgroup_place place_of(const char *dir, char **path)
{
	size_t len = strlen(cgroup_mount());

	if (strncmp(dir, cgroup_mount(), len) || (dir[len] && dir[len] != '/'))
		return CGROUP_OUTSIDE;
	*path = format("%s", dir[len] ? dir + len : "/");
	return CGROUP_HERE;
}

static enum cgroup_place find_by_handle(int mount_fd, __u64 id, char **path)
{
	struct {
		struct file_handle handle;
		__u64 id;
	} h = {
		.handle.handle_bytes = sizeof(h.id),
		.handle.handle_type = FILEID_KERNFS,
	};
	char proc[32], dir[4096];
	ssize_t len;
	int fd;

	memcpy(h.handle.f_handle, &id, sizeof(id));
	fd = open_by_handle_at(mount_fd, &h.handle, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return errno == ESTALE ? CGROUP_GONE : CGROUP_OUTSIDE;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	len = readlink(proc, dir, sizeof(dir) - 1);
	close(fd);
	if (len < 0)
		return CGROUP_OUTSIDE;
	dir[len] = '\0';
	return place_of(dir, path);
}

/**
 * cgroup_find() - find the path of a cgroup
 * @id: its id
 * @path: set to its path below the mount, to be freed by the caller, or to NULL
 *
 * Return: whether it is visible from our cgroup namespace; if there is no path it is not.
 */
enum cgroup_place cgroup_find(__u64 id, char **path)
{
	enum cgroup_place place;
	struct stat st;
	int mount_fd;

	*path = NULL;
	if (!cgroup_mount()) {
		if (id != CGROUP_SYSTEM)
			return CGROUP_OUTSIDE;
		*path = format("/");
		return CGROUP_HERE;
	}
	mount_fd = open(cgroup_mount(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mount_fd < 0)
		return CGROUP_OUTSIDE;
	/* In a cgroup namespace the cgroup at the mount point is not the root. */
	if (!fstat(mount_fd, &st) && st.st_ino == id) {
		*path = format("/");
		place = CGROUP_HERE;
	} else if (id == CGROUP_SYSTEM) {
		place = CGROUP_OUTSIDE;
	} else {
		place = find_by_handle(mount_fd, id, path);
	}
	close(mount_fd);
	return place;
}

/* Describes the place of a cgroup in words, or why it is unknown. The caller frees it. */
char *cgroup_describe(__u64 id)
{
	char *path;

	switch (cgroup_find(id, &path)) {
	case CGROUP_HERE:
		return path;
	case CGROUP_OUTSIDE:
		return format("(outside of this cgroup namespace, id %llu)", id);
	case CGROUP_GONE:
		break;
	}
	return format("(removed, id %llu)", id);
}

/* Are we in a cgroup namespace? Most containers have one. */
bool cgroup_namespaced(void)
{
	struct stat st;

	return !stat("/proc/self/ns/cgroup", &st) && st.st_ino != INITIAL_NAMESPACE;
}

/*
 * Returns the id of the root of our cgroup namespace; 0 if that fails. The usual mount
 * point may show the hierarchy of another namespace, so this mounts cgroup2 anew, visible
 * to this process only.
 */
static __u64 namespace_root(void)
{
	int context = fsopen("cgroup2", FSOPEN_CLOEXEC), mount = -1;
	struct stat st = {};

	if (context >= 0 && !fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		mount = fsmount(context, FSMOUNT_CLOEXEC, 0);
	if (mount >= 0) {
		if (fstat(mount, &st))
			st.st_ino = 0;
		close(mount);
	}
	if (context >= 0)
		close(context);
	return st.st_ino;
}

/* Is @path equal to @top, or below it? */
static bool is_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	if (!strcmp(top, "/"))
		return true;
	return !strncmp(path, top, len) && (!path[len] || path[len] == '/');
}

/**
 * cgroup_inside() - is a cgroup in our cgroup namespace?
 * @id: its id
 *
 * To be checked before detaching, since the kernel lets root in a container detach
 * policies of any cgroup.
 *
 * Return: whether it is; always true outside of containers; false if it is unknown, for
 * example because the cgroup is gone.
 */
bool cgroup_inside(__u64 id)
{
	char *path = NULL, *top = NULL;
	bool inside = false;
	__u64 root;

	if (!cgroup_namespaced())
		return true;
	root = namespace_root();
	if (root && cgroup_find(root, &top) == CGROUP_HERE &&
	    cgroup_find(id, &path) == CGROUP_HERE)
		inside = is_below(path, top);
	free(path);
	free(top);
	return inside;
}
