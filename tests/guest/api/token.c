// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a container with a BPF token can do: load what was delegated to it, but neither
 * declare an OOM nor attach a policy
 *
 * The container is set up as a container manager does it: it runs as an ordinary user,
 * with a user and a mount namespace, and a BPF file system with which root has delegated
 * something. It gets the module's BTF from root; newer kernels let it find that by
 * itself.
 */
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/types.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf_oom/oom.h>

#include "harness.h"
#include "klog.h"
#include "util.h"

#define USER 1000

/* The module's BTF, found by root */
static struct {
	struct btf *btf;
	int fd;
} module;

static void find_module(void)
{
	struct bpf_btf_info info;
	char name[16];
	__u32 id = 0, len;

	if (module.btf)
		return;
	while (!bpf_btf_get_next_id(id, &id)) {
		module.fd = bpf_btf_get_fd_by_id(id);
		memset(&info, 0, sizeof(info));
		info.name = (uintptr_t)name;
		info.name_len = sizeof(name);
		len = sizeof(info);
		if (!bpf_btf_get_info_by_fd(module.fd, &info, &len) &&
		    !strcmp(name, "bpf_oom"))
			break;
		close(module.fd);
	}
	module.btf = btf__load_module_btf("bpf_oom", btf__load_vmlinux_btf());
	CHECK(module.btf, "no BTF of the module: %s", strerror(errno));
}

static __s32 find_type(const char *name, __u32 kind)
{
	__s32 id = btf__find_by_name_kind(module.btf, name, kind);

	CHECK(id > 0, "no %s in the module's BTF", name);
	return id;
}

/*
 * --- programs and maps, without libbpf's loader, which needs more than containers have
 * ---
 */

/* token 0: none. The log, if any, is the verifier's. */
static int load(enum bpf_prog_type type, const struct bpf_insn *insns, size_t n,
		struct bpf_prog_load_opts *opts, int token)
{
	if (token) {
		opts->token_fd = (__u32)token;
		opts->prog_flags |= BPF_F_TOKEN_FD;
	}
	opts->prog_flags |= BPF_F_SLEEPABLE;
	return bpf_prog_load(type, NULL, "GPL", insns, n, opts);
}

static const struct bpf_insn nothing[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

static int load_harmless(int token)
{
	struct bpf_prog_load_opts opts = { .sz = sizeof(opts) };

	return load(BPF_PROG_TYPE_SYSCALL, nothing, 2, &opts, token);
}

/* Creates a map with the text of a declared OOM. */
static int text_map(int token)
{
	struct bpf_map_create_opts opts = {
		.sz = sizeof(opts),
		.map_flags = BPF_F_RDONLY_PROG | (token ? BPF_F_TOKEN_FD : 0),
		.token_fd = (__u32)token,
	};
	char text[8] = "TEST";
	__u32 key = 0;
	int fd;

	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, 4, sizeof(text), 1, &opts);
	if (fd >= 0 && (bpf_map_update_elem(fd, &key, text, 0) || bpf_map_freeze(fd)))
		return -1;
	return fd;
}

/* bpf_out_of_memory(NULL, 0, BPF_OOM_FLAGS_WAIT_ON_OOM_LOCK, text) */
static int load_declarer(enum bpf_prog_type type, int text, int token, char *log,
			 size_t log_len)
{
	int fds[] = { 0, module.fd };
	struct bpf_prog_load_opts opts = {
		.sz = sizeof(opts), .fd_array = fds,
		.log_buf = log, .log_size = (__u32)log_len, .log_level = 1,
	};
	struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = 1 },
		{ .code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 4,
		  .src_reg = BPF_PSEUDO_MAP_VALUE, .imm = text },
		{ 0 },
		{ .code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_KFUNC_CALL,
		  .off = 1, .imm = find_type("bpf_out_of_memory", BTF_KIND_FUNC) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 6, .src_reg = 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return load(type, insns, sizeof(insns) / sizeof(*insns), &opts, token);
}

static __u32 offset_of(__s32 type, const char *name, int *index)
{
	const struct btf_type *t = btf__type_by_id(module.btf, (__u32)type);

	for (int i = 0; i < btf_vlen(t); i++) {
		const struct btf_member *m = btf_members(t) + i;

		if (strcmp(btf__name_by_offset(module.btf, m->name_off), name))
			continue;
		if (index)
			*index = i;
		return btf_member_bit_offset(t, (__u32)i) / 8;
	}
	FAIL("no member %s", name);
}

/* A kind of policy, with the callback that it must have */
struct kind {
	const char *ops, *value, *callback;
};

static const struct kind oom_kind = {
	"bpf_oom_ops", "bpf_struct_ops_bpf_oom_ops", "handle_out_of_memory",
};

static const struct kind psi_kind = {
	"bpf_psi_ops", "bpf_struct_ops_bpf_psi_ops", "handle_psi_event",
};

static int load_callback(const struct kind *kind, int token)
{
	__s32 ops = find_type(kind->ops, BTF_KIND_STRUCT);
	struct bpf_prog_load_opts opts = {
		.sz = sizeof(opts),
		.attach_btf_id = (__u32)ops, .attach_btf_obj_fd = (__u32)module.fd,
	};
	int index;

	offset_of(ops, kind->callback, &index);
	opts.expected_attach_type = (enum bpf_attach_type)index;
	return load(BPF_PROG_TYPE_STRUCT_OPS, nothing, 2, &opts, token);
}

/* A policy's map must have BTF, whose content the kernel ignores. */
static int load_btf(int token)
{
	struct bpf_btf_load_opts opts = {
		.sz = sizeof(opts),
		.btf_flags = token ? BPF_F_TOKEN_FD : 0, .token_fd = (__u32)token,
	};
	struct btf *btf = btf__new_empty();
	const void *data;
	__u32 size;

	CHECK(btf && btf__add_int(btf, "int", 4, BTF_INT_SIGNED) > 0, "no BTF");
	data = btf__raw_data(btf, &size);
	return bpf_btf_load(data, size, &opts);
}

static int policy_map_create(const struct kind *kind, bool with_link, int token)
{
	__s32 value = find_type(kind->value, BTF_KIND_STRUCT);
	struct bpf_map_create_opts opts = {
		.sz = sizeof(opts),
		.map_flags = BPF_F_VTYPE_BTF_OBJ_FD | (with_link ? BPF_F_LINK : 0) |
			     (token ? BPF_F_TOKEN_FD : 0),
		.btf_fd = (__u32)load_btf(token),
		.btf_vmlinux_value_type_id = (__u32)value,
		.value_type_btf_obj_fd = module.fd,
		.token_fd = (__u32)token,
	};

	return bpf_map_create(BPF_MAP_TYPE_STRUCT_OPS, NULL, 4,
			      btf__type_by_id(module.btf, (__u32)value)->size, 1, &opts);
}

/* Fills the map: without a link this attaches the policy. */
static int fill_policy_map(const struct kind *kind, int map, int prog)
{
	__s32 ops = find_type(kind->ops, BTF_KIND_STRUCT);
	__s32 value = find_type(kind->value, BTF_KIND_STRUCT);
	__u32 data = offset_of(value, "data", NULL), key = 0;
	char buf[4096] = "";

	*(long *)(buf + data + offset_of(ops, kind->callback, NULL)) = prog;
	memcpy(buf + data + offset_of(ops, "name", NULL), "contained", 10);
	return bpf_map_update_elem(map, &key, buf, 0);
}

/* --- the container ------------------------------------------------------------ */

struct delegation {
	const char *what, *cmds, *maps, *progs, *attach_types;
	bool enough;		/* the attempt gets as far as the module's own checks */
};

/* Names of <linux/bpf.h>, whose values are stable */
#define BIT(nr) (1ULL << (nr))

/*
 * Memory shared with the container, which also has our file descriptors. Each side sets
 * what the other waits for.
 */
static struct shared {
	int step;
	int fs_fd, mnt_fd;
	/* Result of the attempt: its last step, and the error there */
	int token_err, came, err;
	char log[4096];
} *shared;

static bool wait_for_step(int step)
{
	return WAIT_FOR(__atomic_load_n(&shared->step, __ATOMIC_SEQ_CST) >= step, 60);
}

static void next_step(int step)
{
	__atomic_store_n(&shared->step, step, __ATOMIC_SEQ_CST);
}

/* Runs as root of the container. Reports failures by its exit status. */
static void in_container(int namespaces, void (*attempt)(int token))
{
	int dir, token;

	if (setgroups(0, NULL) || setresgid(USER, USER, USER) ||
	    setresuid(USER, USER, USER) ||
	    unshare(CLONE_NEWUSER | CLONE_NEWNS | namespaces))
		_exit(10);
	next_step(1);
	if (!wait_for_step(2) || setresuid(0, 0, 0))
		_exit(11);
	shared->fs_fd = (int)syscall(SYS_fsopen, "bpf", 0);
	next_step(3);
	if (shared->fs_fd < 0 || !wait_for_step(4))
		_exit(12);
	dir = openat(shared->mnt_fd, ".", O_RDONLY | O_DIRECTORY);
	token = dir < 0 ? -1 : bpf_token_create(dir, NULL);
	shared->token_err = token < 0 ? errno : 0;
	if (token >= 0)
		attempt(token);
	_exit(0);
}

static void delegate(const struct delegation *d)
{
	const char *const options[][2] = {
		{ "delegate_cmds", d->cmds }, { "delegate_maps", d->maps },
		{ "delegate_progs", d->progs }, { "delegate_attachs", d->attach_types },
	};

	for (int i = 0; i < 4; i++) {
		if (options[i][1] &&
		    syscall(SYS_fsconfig, shared->fs_fd, FSCONFIG_SET_STRING,
			    options[i][0], options[i][1], 0))
			FAIL("%s=%s: %s", options[i][0], options[i][1], strerror(errno));
	}
	if (syscall(SYS_fsconfig, shared->fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		FAIL("no file system: %s", strerror(errno));
	shared->mnt_fd = (int)syscall(SYS_fsmount, shared->fs_fd, 0, 0);
	CHECK(shared->mnt_fd >= 0, "no mount: %s", strerror(errno));
}

/* Has the container make the attempt. The result is in *shared. */
static void try_in_container(const struct delegation *d, int namespaces,
			     void (*attempt)(int token))
{
	char path[64];
	int status;
	pid_t pid;

	find_module();
	if (!shared) {
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		CHECK(shared != MAP_FAILED, "no memory");
	}
	memset(shared, 0, sizeof(*shared));
	fflush(NULL);
	pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, NULL, NULL, 0);
	CHECK(pid >= 0, "clone: %s", strerror(errno));
	if (!pid)
		in_container(namespaces, attempt);
	CHECK(wait_for_step(1), "no namespaces");
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	CHECK(!write_file(path, "0 %d 1", USER), "no users in it");
	next_step(2);
	CHECK(wait_for_step(3), "no file system in it");
	delegate(d);
	next_step(4);
	CHECK(waitpid(pid, &status, 0) == pid, "it is lost");
	CHECK(!status, "the container failed: %#x", status);
	close(shared->mnt_fd);
	close(shared->fs_fd);
}

static bool came_to(int step, int fd)
{
	if (fd < 0) {
		shared->err = errno;
		return false;
	}
	shared->came = step;
	return true;
}

/* --- attempts of the container ------------------------------------------------- */

enum { HARMLESS = 1, TEXT, DECLARER, RUN };

static void try_to_declare(int token)
{
	struct bpf_test_run_opts opts = { .sz = sizeof(opts) };
	int text, prog;

	if (!came_to(HARMLESS, load_harmless(token)))
		return;
	text = text_map(token);
	if (!came_to(TEXT, text))
		return;
	prog = load_declarer(BPF_PROG_TYPE_SYSCALL, text, token, shared->log,
			     sizeof(shared->log));
	if (came_to(DECLARER, prog))
		came_to(RUN, bpf_prog_test_run_opts(prog, &opts));
}

enum { CALLBACK = 1, MAP, FILLED, ATTACHED };

static void try_to_attach(const struct kind *kind, bool with_link, int token)
{
	int prog = load_callback(kind, token), map;

	if (!came_to(CALLBACK, prog))
		return;
	map = policy_map_create(kind, with_link, token);
	if (came_to(MAP, map) && came_to(FILLED, fill_policy_map(kind, map, prog)) &&
	    with_link)
		came_to(ATTACHED, bpf_link_create(map, 0, BPF_STRUCT_OPS, NULL));
}

static void try_to_attach_oom(int token)
{
	try_to_attach(&oom_kind, true, token);
}

static void try_to_attach_oom_without_a_link(int token)
{
	try_to_attach(&oom_kind, false, token);
}

static void try_to_attach_psi(int token)
{
	try_to_attach(&psi_kind, true, token);
}

static void try_to_attach_psi_without_a_link(int token)
{
	try_to_attach(&psi_kind, false, token);
}

static const char *mask(unsigned long long bits)
{
	static char texts[8][20];
	static int next;
	char *text = texts[next++ % 8];

	snprintf(text, sizeof(texts[0]), "%#llx", bits);
	return text;
}

/* Delegates everything of one kind only: that is not enough to get far. */
static void try_one_by_one(void (*attempt)(int token), int most)
{
	const struct delegation ds[] = {
		{ "commands", .cmds = "any" }, { "maps", .maps = "any" },
		{ "programs", .progs = "any" }, { "attach types", .attach_types = "any" },
	};

	for (unsigned int i = 0; i < sizeof(ds) / sizeof(*ds); i++) {
		try_in_container(&ds[i], 0, attempt);
		CHECK(shared->came <= most, "with all %s it came to step %d",
		      ds[i].what, shared->came);
	}
}

/* Delegates everything, and then the minimum. */
static void try_all(void (*attempt)(int token), struct delegation least, int came, int err)
{
	const struct delegation all = { "all", "any", "any", "any", "any", true };
	const struct delegation *ds[] = { &all, &least };
	const int namespaces[] = { 0, CLONE_NEWCGROUP };

	for (int i = 0; i < 4; i++) {
		const struct delegation *d = ds[i / 2];

		try_in_container(d, namespaces[i % 2], attempt);
		CHECK(!shared->token_err, "no token for %s: %s", d->what,
		      strerror(shared->token_err));
		CHECK(shared->came == came && shared->err == err,
		      "with %s, namespaces %#x: step %d, then %s; %s", d->what,
		      namespaces[i % 2], shared->came, strerror(shared->err), shared->log);
	}
}

TEST(token_gives_no_right_to_load_a_program_that_declares)
{
	pid_t pid;

	cg_make("host");
	pid = hog("host", 20, 1000);
	try_all(try_to_declare, (struct delegation){ "the least",
		.cmds = mask(BIT(BPF_MAP_CREATE) | BIT(BPF_PROG_LOAD)),
		.maps = mask(BIT(BPF_MAP_TYPE_ARRAY)),
		.progs = mask(BIT(BPF_PROG_TYPE_SYSCALL)), .attach_types = mask(BIT(0)),
	}, TEXT, EACCES);
	CHECK(strstr(shared->log, "bpf_out_of_memory is not allowed"),
	      "the verifier says: %s", shared->log);
	CHECK(klog_has("a program that can declare an OOM takes CAP_SYS_ADMIN"),
	      "the kernel log does not say why");
	try_one_by_one(try_to_declare, 0);
	CHECK(alive(pid), "a process of the host was killed");
	CHECK(!klog_count("Out of memory"), "somebody was killed");
	reap(pid);
}

static struct delegation least_for_policies(void)
{
	return (struct delegation){ "the least",
		.cmds = mask(BIT(BPF_MAP_CREATE) | BIT(BPF_PROG_LOAD) | BIT(BPF_BTF_LOAD)),
		.maps = mask(BIT(BPF_MAP_TYPE_STRUCT_OPS)),
		.progs = mask(BIT(BPF_PROG_TYPE_STRUCT_OPS)),
		/* Its value is the index of a callback. */
		.attach_types = mask(BIT(0) | BIT(1)),
	};
}

TEST(token_gives_no_right_to_attach_an_oom_policy)
{
	try_all(try_to_attach_oom, least_for_policies(), FILLED, EPERM);
	CHECK(klog_has("policy contained: attaching it takes CAP_SYS_ADMIN"),
	      "the kernel log does not say why");
	try_all(try_to_attach_oom_without_a_link, least_for_policies(), MAP, EPERM);
	try_one_by_one(try_to_attach_oom, 0);
	CHECK(sh("bpfoom list | grep -q contained"), "it is attached");
}

TEST(token_gives_no_right_to_attach_a_pressure_policy)
{
	try_all(try_to_attach_psi, least_for_policies(), FILLED, EPERM);
	try_all(try_to_attach_psi_without_a_link, least_for_policies(), MAP, EPERM);
	try_one_by_one(try_to_attach_psi, 0);
	CHECK(sh("bpfoom list | grep -q contained"), "it is attached");
}

/* Root succeeds with the same attempts, so the refusals are about who makes them. */
TEST(token_tests_try_what_root_may_do)
{
	struct shared result = { .came = 0 };
	int text;

	find_module();
	shared = &result;
	try_to_attach_oom(0);
	CHECK(result.came == ATTACHED, "OOM policy: step %d, then %s", result.came,
	      strerror(result.err));
	result.came = 0;
	try_to_attach_psi(0);
	CHECK(result.came == ATTACHED, "pressure policy: step %d, then %s", result.came,
	      strerror(result.err));
	text = text_map(0);
	CHECK(load_declarer(BPF_PROG_TYPE_SYSCALL, text, 0, result.log,
			    sizeof(result.log)) >= 0, "declarer: %s", result.log);
}

/* Any task with its file descriptor can run it, where it may sleep at all. */
TEST(declare_in_a_program_of_a_raw_tracepoint_is_refused)
{
	static char log[4096];
	int fd;

	find_module();
	fd = load_declarer(BPF_PROG_TYPE_RAW_TRACEPOINT, text_map(0), 0, log, sizeof(log));
	CHECK(fd < 0, "it loads");
	CHECK(strstr(log, "bpf_out_of_memory is not allowed") ||
	      strstr(log, "cannot be sleepable") || strstr(log, "can be sleepable"),
	      "not for the reason expected but: %s", log);
}
