// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel brings, and what it lacks
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bpfoom.h"

/* 6.12 and later; whether the modules exist for it is another question. */
bool kernel_release_supported(void)
{
	struct utsname u;
	long major, minor;
	char *end;

	if (uname(&u))
		return false;
	major = strtol(u.release, &end, 10);
	minor = *end == '.' ? strtol(end + 1, NULL, 10) : 0;
	return major > 6 || (major == 6 && minor >= 12);
}

bool module_loaded(const char *name)
{
	char *path = format("/sys/module/%s", name);
	bool loaded = !access(path, F_OK);

	free(path);
	return loaded;
}

bool module_btf_present(void)
{
	return !access("/sys/kernel/btf/bpf_oom", F_OK);
}

bool bpffs_mounted(void)
{
	struct statfs fs;

	return !statfs(BPFFS, &fs) && fs.f_type == BPF_FS_MAGIC;
}

static bool modprobe(bool dry_run)
{
	char *const load[] = { "modprobe", "bpf_oom", NULL };
	char *const find[] = { "modprobe", "-n", "-q", "bpf_oom", NULL };
	posix_spawn_file_actions_t quiet;
	int status, ret;
	pid_t pid;

	/* It is not in the PATH of all users who may run us. */
	if (!getenv("PATH"))
		setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	posix_spawn_file_actions_init(&quiet);
	if (dry_run)
		posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
	ret = posix_spawnp(&pid, "modprobe", &quiet, NULL, dry_run ? find : load,
			   environ);
	posix_spawn_file_actions_destroy(&quiet);
	if (ret || waitpid(pid, &status, 0) != pid)
		return false;
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

bool module_installed(void)
{
	return modprobe(true);
}

/**
 * module_get_ready() - load bpf_oom if it is not
 *
 * Return: an exit code; tells the user what is missing.
 */
int module_get_ready(void)
{
	if (!module_loaded("bpf_oom") && !modprobe(false)) {
		pr_err("the module bpf_oom is not loaded, and cannot be; 'bpfoom status' says more");
		return EX_UNSUPPORTED;
	}
	if (!module_btf_present()) {
		pr_err("the module bpf_oom has no BTF, which policies need: the kernel was built without CONFIG_DEBUG_INFO_BTF_MODULES");
		return EX_UNSUPPORTED;
	}
	return EX_DONE;
}
