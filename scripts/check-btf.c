// SPDX-License-Identifier: GPL-2.0-only
/*
 * check-btf - check the BTF of a module before the kernel needs it
 *
 * If kbuild cannot make BTF it only prints a remark, and if the kernel cannot use a
 * module's BTF it only warns. Either way the module loads but does nothing, so the
 * build checks that:
 *
 *  - the module has BTF, which fits the kernel's;
 *  - it shares the kernel's task_struct and the like: with a private copy, no
 *    kfunc argument would match;
 *  - the struct_ops types are there;
 *  - each unexported kernel function that the module calls (the "func" lines of the
 *    list that klp-convert reads) has the prototype that the module was compiled with.
 *    A call with the wrong arguments would corrupt the kernel.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_VMLINUX	"/sys/kernel/btf/vmlinux"

/* C has no type this deep; only broken BTF could have a loop. */
#define MAX_DEPTH	32

static const char *module_path;
static struct btf *vmlinux;
static struct btf *module;
static unsigned int nr_base;	/* types from here on are the module's own */
static unsigned int nr_failed;

#define die(fmt, ...)	errx(1, "%s: " fmt, module_path, ##__VA_ARGS__)

/* Reports a failed check and goes on, so that one run reports all of them. */
#define fail(fmt, ...)							\
	do {								\
		warnx("%s: " fmt, module_path, ##__VA_ARGS__);		\
		nr_failed++;						\
	} while (0)

static void hint(const char *text)
{
	fprintf(stderr, "  %s\n", text);
}

static void bad_usage(void)
{
	fprintf(stderr,
		"usage: check-btf [-b VMLINUX] [-t STRUCT_OPS_TYPE]... [-p STRUCT -s SYMBOLS] MODULE.ko\n"
		"  -b  ELF file or raw BTF of the kernel (default %s)\n"
		"  -t  the module must define struct bpf_struct_ops_<TYPE>\n"
		"  -p  struct with a pointer to each function that the module calls unexported\n"
		"  -s  the list of these functions\n",
		DEFAULT_VMLINUX);
	exit(2);
}

/* Loading */

/* Text of the last error, which may be a code of libbpf's own. */
static const char *libbpf_error(void)
{
	static char text[128];

	libbpf_strerror(errno, text, sizeof(text));
	return text;
}

static void load_vmlinux(const char *path)
{
	vmlinux = btf__parse(path, NULL);
	if (!vmlinux)
		die("cannot read the kernel's BTF from %s: %s", path,
		    libbpf_error());
	nr_base = btf__type_cnt(vmlinux);
	if (nr_base <= 1)
		die("the kernel's BTF in %s is empty", path);
}

static void no_btf(void)
{
	fail("has no BTF, without which no BPF program can use it");
	hint("kbuild needs pahole (package pahole or dwarves) to make it, and a file vmlinux");
	hint("in the kernel headers, where /sys/kernel/btf/vmlinux will do: see its output");
	hint("for \"Skipping BTF\", add what is missing, and build again.");
	exit(1);
}

static void load_module(void)
{
	module = btf__parse_split(module_path, vmlinux);
	if (!module && errno == ENODATA)
		no_btf();
	if (!module && errno == ENOENT)
		die("no such file");
	if (!module)
		die("not a module, or built against another kernel: cannot use its BTF: %s",
		    libbpf_error());
	if (btf__type_cnt(module) <= nr_base)
		no_btf();
}

/* Types */

static const struct btf_type *type_of(const struct btf *btf, __u32 id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	if (!t)
		die("broken BTF: no type %u", id);
	return t;
}

static const char *name_of(const struct btf *btf, const struct btf_type *t)
{
	const char *name = btf__name_by_offset(btf, t->name_off);

	return name ? name : "";
}

static bool is_struct(const struct btf_type *t)
{
	return btf_kind(t) == BTF_KIND_STRUCT || btf_kind(t) == BTF_KIND_UNION;
}

/* Finds a struct by name among the types from @first on; 0: there is none. */
static __u32 find_struct(const struct btf *btf, __u32 first, const char *name)
{
	for (__u32 id = first; id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = type_of(btf, id);

		if (btf_kind(t) == BTF_KIND_STRUCT &&
		    !strcmp(name_of(btf, t), name))
			return id;
	}
	return 0;
}

/* Checks of the module's types */

static void check_private_copies(void)
{
	static const char * const shared[] = {
		"task_struct", "mem_cgroup", "cgroup", "cgroup_subsys_state",
		"oom_control",
	};

	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++) {
		if (!find_struct(module, nr_base, shared[i]))
			continue;
		/* A kernel without memory cgroups: there is nothing to share. */
		if (find_struct(module, 1, shared[i]) >= nr_base)
			continue;
		fail("its BTF has a private copy of the kernel's struct %s",
		     shared[i]);
		hint("It makes every kfunc argument a mismatch. The kernel is not to blame: libbpf 1.5, by");
		hint("which pahole compares types, does not see of all of them that they are the same.");
		hint("Install libbpf 1.7 or later (package libbpf1 of a later Debian) and build again.");
	}
}

static void check_struct_ops(const char *type)
{
	char name[256];

	if (snprintf(name, sizeof(name), "bpf_struct_ops_%s", type) >=
	    (int)sizeof(name))
		bad_usage();
	if (find_struct(vmlinux, 1, name))
		fail("this kernel has a struct_ops type %s of its own", type);
	else if (!find_struct(module, nr_base, name))
		fail("struct %s is missing: the struct_ops type %s would not be registered",
		     name, type);
}

/* Comparison of a type of the kernel with one of the module */

/*
 * A type tag (__user, __rcu) changes no call, and whether there is one depends
 * on the compiler.
 */
static __u32 skip_tags(const struct btf *btf, __u32 id)
{
	for (int i = 0; i < MAX_DEPTH; i++) {
		const struct btf_type *t = type_of(btf, id);

		if (btf_kind(t) != BTF_KIND_TYPE_TAG)
			break;
		id = t->type;
	}
	return id;
}

static bool is_aggregate(const struct btf_type *t)
{
	return is_struct(t) || btf_kind(t) == BTF_KIND_FWD;
}

static bool is_union(const struct btf_type *t)
{
	return btf_kind(t) == BTF_KIND_UNION ||
	       (btf_kind(t) == BTF_KIND_FWD && btf_kflag(t));
}

/* A forward declaration and a definition of one struct are the same type. */
static bool same_aggregate(const struct btf_type *a, const struct btf_type *b)
{
	if (!is_aggregate(b) || is_union(a) != is_union(b))
		return false;
	if (!is_struct(a) || !is_struct(b))
		return true;
	return a->size == b->size && btf_vlen(a) == btf_vlen(b);
}

static bool same_type(__u32 a_id, __u32 b_id, int depth);

static bool same_proto(const struct btf_type *a, const struct btf_type *b,
		       int depth)
{
	const struct btf_param *pa = btf_params(a), *pb = btf_params(b);

	if (btf_vlen(a) != btf_vlen(b) || !same_type(a->type, b->type, depth))
		return false;
	for (int i = 0; i < btf_vlen(a); i++)
		if (!same_type(pa[i].type, pb[i].type, depth))
			return false;
	return true;
}

static bool same_array(const struct btf_type *a, const struct btf_type *b,
		       int depth)
{
	return btf_array(a)->nelems == btf_array(b)->nelems &&
	       same_type(btf_array(a)->type, btf_array(b)->type, depth);
}

static bool same_kind(const struct btf_type *a, const struct btf_type *b,
		      int depth)
{
	switch (btf_kind(a)) {
	case BTF_KIND_UNKN:
		return true;
	case BTF_KIND_INT:
		return a->size == b->size &&
		       btf_int_encoding(a) == btf_int_encoding(b) &&
		       btf_int_bits(a) == btf_int_bits(b);
	case BTF_KIND_FLOAT:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return a->size == b->size;
	case BTF_KIND_PTR:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
		return same_type(a->type, b->type, depth);
	case BTF_KIND_ARRAY:
		return same_array(a, b, depth);
	case BTF_KIND_FUNC_PROTO:
		return same_proto(a, b, depth);
	default:
		return false;
	}
}

/* @a_id is a type of vmlinux, @b_id one of the module, whose ids include vmlinux's. */
static bool same_type(__u32 a_id, __u32 b_id, int depth)
{
	const struct btf_type *a, *b;
	const char *name;

	a_id = skip_tags(vmlinux, a_id);
	b_id = skip_tags(module, b_id);
	if (a_id == b_id)
		return true;
	if (depth >= MAX_DEPTH)
		return false;
	a = type_of(vmlinux, a_id);
	b = type_of(module, b_id);
	name = name_of(vmlinux, a);
	if (strcmp(name, name_of(module, b)))
		return false;
	/* Structs are compared by name, so unnamed ones cannot be. */
	if (is_aggregate(a))
		return *name && same_aggregate(a, b);
	return btf_kind(a) == btf_kind(b) && same_kind(a, b, depth + 1);
}

/* Prototypes */

static void print_to_stderr(void *ctx, const char *fmt, va_list args)
{
	(void)ctx;
	vfprintf(stderr, fmt, args);
}

static void print_proto(const struct btf *btf, const char *who, __u32 proto,
			const char *name)
{
	LIBBPF_OPTS(btf_dump_emit_type_decl_opts, opts, .field_name = name);
	struct btf_dump *d = btf_dump__new(btf, print_to_stderr, NULL, NULL);

	fprintf(stderr, "  %s: ", who);
	if (!d || btf_dump__emit_type_decl(d, proto, &opts))
		fprintf(stderr, "(cannot be printed)");
	fprintf(stderr, ";\n");
	btf_dump__free(d);
}

/* Finds the kernel's prototype of a function; 0: there is none, and it said why. */
static __u32 kernel_proto(const char *name)
{
	__u32 found = 0;

	for (__u32 id = 1; id < nr_base; id++) {
		const struct btf_type *t = type_of(vmlinux, id);

		if (!btf_is_func(t) || strcmp(name_of(vmlinux, t), name))
			continue;
		if (found) {
			fail("%s(): the kernel has more than one function of that name",
			     name);
			return 0;
		}
		found = t->type;
	}
	if (!found)
		fail("%s(): the kernel has no such function, or the compiler changed its signature",
		     name);
	return found;
}

/* Returns the FUNC_PROTO that a member points to; 0: none. */
static __u32 member_proto(const struct btf_member *m)
{
	const struct btf_type *t = type_of(module, m->type);
	__u32 id;

	if (!btf_is_ptr(t))
		return 0;
	id = skip_tags(module, t->type);
	return btf_is_func_proto(type_of(module, id)) ? id : 0;
}

static void check_function(const struct btf_member *m, const char *name)
{
	const __u32 ours = member_proto(m);
	__u32 theirs;

	if (!ours) {
		fail("%s is not a pointer to a function", name);
		return;
	}
	theirs = kernel_proto(name);
	if (!theirs || same_type(theirs, ours, 0))
		return;
	fail("%s(): the kernel's prototype is not the one it is called with",
	     name);
	print_proto(vmlinux, "kernel", theirs, name);
	print_proto(module, "module", ours, name);
}

/* The list of symbols; klp-convert checks its syntax */

struct list {
	char **names;
	size_t nr;
};

static bool listed(const struct list *list, const char *name)
{
	for (size_t i = 0; i < list->nr; i++)
		if (!strcmp(list->names[i], name))
			return true;
	return false;
}

static void add_name(struct list *list, const char *name)
{
	list->names = realloc(list->names,
			      (list->nr + 1) * sizeof(*list->names));
	if (!list->names)
		die("out of memory");
	list->names[list->nr] = strdup(name);
	if (!list->names[list->nr++])
		die("out of memory");
}

static void read_list(struct list *list, const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL, *word, *name, *save;
	size_t size = 0;

	if (!f)
		die("cannot read the symbol list %s: %s", path,
		    strerror(errno));
	while (getline(&text, &size, f) >= 0) {
		text[strcspn(text, "#\n")] = '\0';
		word = strtok_r(text, " \t\r", &save);
		if (!word || strcmp(word, "func"))
			continue;
		name = strtok_r(NULL, " \t\r", &save);
		if (!name)
			die("%s: a func line without a name", path);
		add_name(list, name);
	}
	if (ferror(f))
		die("cannot read the symbol list %s: %s", path,
		    strerror(errno));
	free(text);
	fclose(f);
}

static bool has_member(const struct btf_type *t, const char *name)
{
	const struct btf_member *m = btf_members(t);
	const char *s;

	for (int i = 0; i < btf_vlen(t); i++) {
		s = btf__name_by_offset(module, m[i].name_off);
		if (s && !strcmp(s, name))
			return true;
	}
	return false;
}

static void check_prototypes(const char *proto_struct, const char *path)
{
	const struct btf_member *m;
	const struct btf_type *t;
	struct list list = { 0 };
	const char *name;
	__u32 id;

	read_list(&list, path);
	id = find_struct(module, nr_base, proto_struct);
	if (!id) {
		fail("struct %s is missing (is it named in a BTF_TYPE_EMIT()?)",
		     proto_struct);
		return;
	}
	t = type_of(module, id);
	m = btf_members(t);
	for (int i = 0; i < btf_vlen(t); i++) {
		name = btf__name_by_offset(module, m[i].name_off);
		if (listed(&list, name))
			check_function(&m[i], name);
		else
			fail("struct %s: member %s is no func in %s",
			     proto_struct, name, path);
	}
	for (size_t i = 0; i < list.nr; i++)
		if (!has_member(t, list.names[i]))
			fail("struct %s lacks a member %s, which %s lists",
			     proto_struct, list.names[i], path);
}

struct options {
	const char *base;
	const char *proto_struct;
	const char *list;
	char **types;
	size_t nr_types;
};

static void parse_options(struct options *o, int argc, char **argv)
{
	int opt;

	o->base = DEFAULT_VMLINUX;
	o->types = calloc((size_t)argc, sizeof(*o->types));
	if (!o->types)
		errx(1, "out of memory");
	while ((opt = getopt(argc, argv, "b:t:p:s:")) != -1) {
		if (opt == 'b')
			o->base = optarg;
		else if (opt == 't')
			o->types[o->nr_types++] = optarg;
		else if (opt == 'p')
			o->proto_struct = optarg;
		else if (opt == 's')
			o->list = optarg;
		else
			bad_usage();
	}
	if (optind != argc - 1 || !o->proto_struct != !o->list)
		bad_usage();
	module_path = argv[optind];
}

static int no_print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

static int check(const struct options *o)
{
	/* libbpf's messages are for its developers; we print our own. */
	libbpf_set_print(no_print);
	load_vmlinux(o->base);
	load_module();
	check_private_copies();
	for (size_t i = 0; i < o->nr_types; i++)
		check_struct_ops(o->types[i]);
	if (o->proto_struct)
		check_prototypes(o->proto_struct, o->list);
	return nr_failed ? 1 : 0;
}

/*
 * libbpf does not check all of the BTF that it reads. Damaged BTF may crash the process,
 * so a child process reads it.
 */
static int check_in_child(const struct options *o)
{
	const struct rlimit no_core = { 0 };
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		die("cannot fork: %s", strerror(errno));
	if (!pid) {
		setrlimit(RLIMIT_CORE, &no_core);
		exit(check(o));
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			die("cannot wait for a child: %s", strerror(errno));
	if (WIFSIGNALED(status))
		die("cannot use its BTF, or the kernel's in %s: damaged: reading it ended with signal %d (%s)",
		    o->base, WTERMSIG(status), strsignal(WTERMSIG(status)));
	return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	struct options o = { 0 };

	parse_options(&o, argc, argv);
	return check_in_child(&o);
}
