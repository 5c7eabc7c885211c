// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel has and what it lacks */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/magic.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bpfoom.h"

/* "dkms install --force" alone would install the earlier build again. */
#define REBUILD \
	"'dmesg' says why. If it was built against another build of this kernel:\n" \
	"  dkms build --force bpf-oom/%1$s -k %2$s\n" \
	"  dkms install --force bpf-oom/%1$s -k %2$s"
#define ENROL \
	"Secure Boot or lockdown is on, so it must be signed with a key that is enrolled:\n" \
	"  mokutil --import /var/lib/dkms/mok.pub\n" \
	"and reboot. If it is already,\n"

/* A grace period of RCU tasks takes tenths of a second, on a busy machine longer. */
#define WAIT_UNUSED_MS 10000

#define EFI_GLOBAL_VARIABLE "8be4df61-93ca-11d2-aa0d-00e098032b8c"

/* 6.12 or later. There may still be no modules for this very kernel. */
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

/*
 * Without ftrace the shim cannot redirect the kernel. A built-in hook does not need it.
 */
bool ftrace_off(void)
{
	char line[8];

	return module_loaded("oom_hook") &&
	       read_line("/proc/sys/kernel/ftrace_enabled", line, sizeof(line)) &&
	       *line == '0';
}

static bool modprobe(bool dry_run)
{
	char *const load[] = { "modprobe", "bpf_oom", NULL };
	char *const find[] = { "modprobe", "-n", "-q", "bpf_oom", NULL };
	static bool path_extended;
	posix_spawn_file_actions_t quiet;
	int status, ret;
	char *path;
	pid_t pid;

	/* sbin directories are not in the PATH of all users who may run us. */
	if (!path_extended) {
		path = format("%s:/usr/sbin:/sbin", getenv("PATH") ?: "/usr/bin:/bin");
		setenv("PATH", path, 1);
		free(path);
		path_extended = true;
	}
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

/* Reads for example "none [integrity] confidentiality"; empty if unknown. */
void read_lockdown(char *buf, size_t size)
{
	char line[128], *start, *end;

	buf[0] = '\0';
	if (!read_line("/sys/kernel/security/lockdown", line, sizeof(line)))
		return;
	start = strchr(line, '[');
	end = start ? strchr(start, ']') : NULL;
	if (end)
		snprintf(buf, size, "%.*s", (int)(end - start - 1), start + 1);
}

/* The variable has four bytes of attributes, then the value. */
bool secure_boot_on(void)
{
	unsigned char var[5] = {};
	int fd;

	fd = open("/sys/firmware/efi/efivars/SecureBoot-" EFI_GLOBAL_VARIABLE,
		  O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, var, sizeof(var)) != sizeof(var))
		var[4] = 0;
	close(fd);
	return var[4] == 1;
}

bool signature_needed(void)
{
	char lockdown[32];

	read_lockdown(lockdown, sizeof(lockdown));
	return secure_boot_on() || (lockdown[0] && strcmp(lockdown, "none"));
}

/**
 * module_advice() - tell what to do if the module does not load
 *
 * Return: sentences and commands, the most likely cause first; to be freed by the caller.
 */
char *module_advice(void)
{
	struct utsname u;

	if (!module_installed())
		return format("install it with 'make dkms-install'; 'dkms status' says whether it was built for this kernel");
	uname(&u);
	return format("%3$s" REBUILD, BPF_OOM_VERSION, u.release,
		      signature_needed() ? ENROL : "");
}

/**
 * module_get_ready() - load bpf_oom if it is not loaded
 *
 * Return: an exit code; tells the user what is missing.
 */
int module_get_ready(void)
{
	char *advice;

	if (!module_loaded("bpf_oom") && !modprobe(false)) {
		advice = module_advice();
		pr_err("the module bpf_oom is not loaded, and cannot be.\n%s", advice);
		free(advice);
		return EX_UNSUPPORTED;
	}
	if (!module_btf_present()) {
		pr_err("the module bpf_oom has no BTF, which policies need: the kernel was built without CONFIG_DEBUG_INFO_BTF_MODULES");
		return EX_UNSUPPORTED;
	}
	return EX_DONE;
}

/* Finds a process that has the device open, which pins the module; 0: none. */
static int find_reader(void)
{
	int pid, found = 0;
	char target[32];
	glob_t fds;
	size_t i;

	if (glob("/proc/[0-9]*/fd/*", GLOB_NOSORT, NULL, &fds))
		return 0;
	for (i = 0; !found && i < fds.gl_pathc; i++) {
		ssize_t len = readlink(fds.gl_pathv[i], target, sizeof(target) - 1);

		target[len < 0 ? 0 : len] = '\0';
		if (!strcmp(target, DEVICE) &&
		    sscanf(fds.gl_pathv[i], "/proc/%d/", &pid) == 1)
			found = pid;
	}
	globfree(&fds);
	return found;
}

static bool module_unused(void)
{
	char line[16];

	return !read_line("/sys/module/bpf_oom/refcnt", line, sizeof(line)) ||
	       !strcmp(line, "0");
}

/**
 * module_wait_unused() - wait until bpf_oom can be unloaded
 *
 * To be called after the last policy has been detached: the kernel frees its map and
 * programs, which pin the module, some RCU grace periods later. Since something else may
 * pin the module too, this gives up after a while and tells the user.
 */
void module_wait_unused(void)
{
	int pid = 0, ms;

	for (ms = 0; !pid && ms < WAIT_UNUSED_MS; ms += 20) {
		if (module_unused())
			return;
		usleep(20000);
		/* Not before, since it walks all processes. */
		if (ms == 1000)
			pid = find_reader();
	}
	if (pid)
		pr_err("the module bpf_oom stays in use: process %d reads " DEVICE, pid);
	else
		pr_err("the module bpf_oom is still in use, maybe by another BPF program that calls it");
}
