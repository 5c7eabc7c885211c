// SPDX-License-Identifier: GPL-2.0-only
/* Who may do what: with file descriptors that were passed on, files, namespaces */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>
#include <bpf/bpf.h>

#include "harness.h"
#include "klog.h"
#include "psi_util.h"
#include "declare.skel.h"

#define USER 1000

static int become_user(void)
{
	return setresgid(USER, USER, USER) || setresuid(USER, USER, USER);
}

/* Become root of a new user namespace. */
static int become_root_of_a_namespace(void)
{
	return become_user() || unshare(CLONE_NEWUSER);
}

/* Become like root of a container without a user namespace. */
static int lose_the_capability(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return -1;
	data[0].effective &= ~(1U << CAP_SYS_ADMIN);
	data[0].permitted &= ~(1U << CAP_SYS_ADMIN);
	return (int)syscall(SYS_capset, &header, data);
}

static int enter_cgroup_namespace(void)
{
	cg_write("in", "cgroup.procs", "0");
	return unshare(CLONE_NEWCGROUP);
}

static int enter_cgroup_namespace_of_the_root(void)
{
	return unshare(CLONE_NEWCGROUP);
}

/* Returns what fn(arg) returns in a child that has called become(). */
static int as(int (*become)(void), int (*fn)(void *arg), void *arg)
{
	int *ret = mmap(NULL, sizeof(*ret), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status, result;
	pid_t pid;

	CHECK(ret != MAP_FAILED, "no memory");
	fflush(NULL);
	pid = fork();
	if (!pid) {
		if (become())
			_exit(1);
		*ret = fn(arg);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && !status, "it cannot become another one");
	result = *ret;
	munmap(ret, sizeof(*ret));
	return result;
}

static int (*const unprivileged[])(void) = {
	become_user, become_root_of_a_namespace, lose_the_capability,
};

/* Checks that all kinds of users get this error. */
static void all_get(int err, int (*fn)(void *arg), void *arg)
{
	for (unsigned int i = 0; i < sizeof(unprivileged) / sizeof(*unprivileged); i++) {
		int ret = as(unprivileged[i], fn, arg);

		CHECK(ret == -err, "number %u got %d (%s)", i, ret, strerror(-ret));
	}
}

static int run_program(void *arg)
{
	struct bpf_test_run_opts opts = { .sz = sizeof(opts) };
	struct declare_bpf *d = arg;

	d->bss->declare.ret = 1;
	if (bpf_prog_test_run_opts(bpf_program__fd(d->progs.declare_now), &opts))
		return -errno;
	return d->bss->declare.ret;
}

TEST(permission_to_declare_is_not_handed_over_with_a_program)
{
	struct declare_bpf *d = declare_bpf__open_and_load();
	pid_t pid;

	CHECK(d, "load: %s", strerror(errno));
	d->bss->declare = (struct psi_declare){
		.flags = BPF_OOM_FLAGS_WAIT_ON_OOM_LOCK,
	};
	cg_make("host");
	pid = hog("host", 20, 1000);
	all_get(EPERM, run_program, d);
	CHECK(alive(pid), "a process was killed");
	/* It depends on the task that runs the program. */
	CHECK_EQ(run_program(d), 1);
	CHECK(killed(pid), "root may not");
	declare_bpf__destroy(d);
	reap(pid);
}

/* Loaders fill the map when they attach it, and a detached map stays filled. */
static struct policy *policy_filled(const char *name)
{
	struct policy *p = policy_on(name, NULL, 0);

	policy_detach(p);
	return p;
}

static int attach_map(void *arg)
{
	int fd = bpf_link_create(bpf_map__fd(arg), 0, BPF_STRUCT_OPS, NULL);

	return fd < 0 ? -errno : 0;
}

TEST(permission_to_attach_is_not_handed_over_with_an_oom_policy)
{
	struct policy *p = policy_filled("handed");

	all_get(EPERM, attach_map, policy_map(p));
	CHECK(klog_has("policy handed: attaching it takes CAP_SYS_ADMIN"),
	      "the kernel log does not say why");
	CHECK_EQ(policy_attach(p), 0);
	policy_close(p);
}

TEST(permission_to_attach_is_not_handed_over_with_a_pressure_policy)
{
	struct psi *p = psi_open("handed");

	psi_on(p);
	psi_off(p);
	all_get(EPERM, attach_map, p->skel->maps.policy);
	CHECK_EQ(p->ctl->inits, 1);
	CHECK_EQ(psi_attach(p), 0);
	psi_close(p);
}

struct update {
	struct policy *attached, *other;
};

static int update_link(void *arg)
{
	struct update *u = arg;

	return bpf_link_update(policy_link_fd(u->attached),
			       bpf_map__fd(policy_map(u->other)), NULL) ? -errno : 0;
}

TEST(permission_to_replace_a_policy_is_not_handed_over_with_its_link)
{
	struct update u = {
		policy_on("attached", NULL, 0), policy_filled("other"),
	};

	all_get(EPERM, update_link, &u);
	CHECK_EQ(policy_replace(u.attached, u.other), 0);
	policy_close(u.attached);
	policy_close(u.other);
}

/* --- files ------------------------------------------------------------------- */

#define SYSFS "/sys/kernel/bpf_oom"

static int read_sysfs(void *arg)
{
	char buf[64];
	int fd = open(arg, O_RDONLY);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read(fd, buf, sizeof(buf));
	return len < 0 ? -errno : 0;
}

static int write_sysfs(void *arg)
{
	int fd = open(arg, O_WRONLY);

	if (fd < 0)
		return -errno;
	return write(fd, "armed", 5) < 0 ? -errno : 0;
}

/* The directory of the only attachment */
static const char *attachment_dir(void)
{
	static char path[300];
	DIR *dir = opendir(SYSFS "/attachments");
	struct dirent *e;

	CHECK(dir, "no attachments");
	while ((e = readdir(dir)) && *e->d_name == '.')
		;
	CHECK(e, "no attachment");
	snprintf(path, sizeof(path), SYSFS "/attachments/%s", e->d_name);
	closedir(dir);
	return path;
}

static int switch_off(void *param)
{
	return write_file(param, "0");
}

TEST(permission_to_switch_off_takes_more_than_being_user_0)
{
	static char *const params[] = {
		"/sys/module/bpf_oom/parameters/enabled",
		"/sys/module/bpf_oom/parameters/breaker_kills",
		"/sys/module/bpf_oom/parameters/breaker_pause",
	};

	for (size_t i = 0; i < sizeof(params) / sizeof(*params); i++)
		CHECK_EQ(as(lose_the_capability, switch_off, params[i]), -EPERM);
}

TEST(permission_to_read_attachments_is_roots)
{
	struct policy *p = policy_on("secret", NULL, 0);
	const char *path = attachment_dir();
	DIR *dir = opendir(path);
	struct dirent *e;
	char file[600];
	int files = 0;

	CHECK(dir, "no attachment");
	while ((e = readdir(dir))) {
		if (*e->d_name == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		CHECK(as(become_user, read_sysfs, file) == -EACCES,
		      "a user reads %s", e->d_name);
		CHECK(as(become_root_of_a_namespace, read_sysfs, file) == -EACCES,
		      "a container reads %s", e->d_name);
		CHECK(as(lose_the_capability, read_sysfs, file) == -EPERM,
		      "root without the capability reads %s", e->d_name);
		CHECK(!read_sysfs(file), "root does not read %s", e->d_name);
		files++;
	}
	closedir(dir);
	CHECK(files > 10, "only %d files", files);
	snprintf(file, sizeof(file), "%s/breaker", path);
	CHECK_EQ(as(become_user, write_sysfs, file), -EACCES);
	CHECK_EQ(as(lose_the_capability, write_sysfs, file), -EPERM);
	CHECK_EQ(write_sysfs(file), 0);
	CHECK_EQ(as(become_user, read_sysfs, SYSFS "/abi"), 0);
	policy_close(p);
}

static int open_device(void *arg)
{
	int fd = open("/dev/bpf_oom", O_RDWR);

	return fd < 0 ? -errno : 0;
}

TEST(permission_to_read_records_is_not_a_containers)
{
	cg_make("in");
	CHECK_EQ(as(enter_cgroup_namespace, open_device, NULL), -EPERM);
	/* This namespace includes all cgroups. */
	CHECK_EQ(as(enter_cgroup_namespace_of_the_root, open_device, NULL), 0);
}
