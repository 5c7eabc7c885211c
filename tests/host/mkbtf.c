// SPDX-License-Identifier: GPL-2.0-only
/*
 * mkbtf - write small BTF files as input of check-btf, for tests/host/check-btf.sh
 *
 * mkbtf vmlinux OUT			a kernel with a few functions
 * mkbtf VARIANT VMLINUX OUT [BASE]	a module for it; with BASE, its base is
 *					distilled into that file (.BTF.base)
 *
 * The module's struct hook_protos has a pointer to each of
 *
 *	int oom_pick(struct task_struct *, const char *);
 *	void oom_note(struct oom_control *, u64);
 *	int oom_scan(struct task_struct *, int (*)(struct task_struct *, void *));
 *
 * VARIANT says what is wrong with it: see the uses of is().
 */
#include <bpf/btf.h>
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *variant;

static bool is(const char *name)
{
	return !strcmp(variant, name);
}

/* Checks that a type was added; returns its id. */
static int ok(int id)
{
	if (id < 0)
		errx(1, "cannot add a type: %s", strerror(-id));
	return id;
}

static int find(const struct btf *btf, const char *name, __u32 kind)
{
	return ok(btf__find_by_name_kind(btf, name, kind));
}

static int add_struct(struct btf *btf, const char *name, __u32 size)
{
	const int id = ok(btf__add_struct(btf, name, size));

	ok(btf__add_field(btf, "first", find(btf, "int", BTF_KIND_INT), 0, 0));
	return id;
}

static int add_ptr(struct btf *btf, int id)
{
	return ok(btf__add_ptr(btf, id));
}

/* Adds a prototype; the list of parameters ends with -1. */
static int add_proto(struct btf *btf, int ret, const int *params)
{
	const int id = ok(btf__add_func_proto(btf, ret));

	for (; *params >= 0; params++)
		ok(btf__add_func_param(btf, "arg", *params));
	return id;
}

static int const_str(struct btf *btf)
{
	const int chr = find(btf, "char", BTF_KIND_INT);

	if (is("const-lost"))
		return add_ptr(btf, chr);
	if (is("const-volatile"))
		return add_ptr(btf, ok(btf__add_volatile(btf, chr)));
	return add_ptr(btf, ok(btf__add_const(btf, chr)));
}

static int task_ptr(struct btf *btf)
{
	int id = find(btf, "task_struct", BTF_KIND_STRUCT);

	if (is("type-tag"))
		id = ok(btf__add_type_tag(btf, "rcu", id));
	if (is("const-added"))
		id = ok(btf__add_const(btf, id));
	return add_ptr(btf, id);
}

static int proto_pick(struct btf *btf)
{
	const char *type = is("return-type") ? "unsigned int" : "int";
	const int ret = find(btf, type, BTF_KIND_INT);
	const int extra = is("param-added") ? ret : -1;
	int params[] = { task_ptr(btf), const_str(btf), extra, -1 };

	if (is("param-removed"))
		params[1] = -1;
	return add_proto(btf, is("return-void") ? 0 : ret, params);
}

static int proto_note(struct btf *btf)
{
	int params[] = { 0, find(btf, "u64", BTF_KIND_TYPEDEF), -1 };
	int oc;

	if (is("param-struct"))
		oc = find(btf, "task_struct", BTF_KIND_STRUCT);
	else if (is("param-twin"))
		oc = find(btf, "oom_contrib", BTF_KIND_STRUCT);
	else if (is("param-grown"))
		oc = add_struct(btf, "oom_control", 40);
	else if (is("opaque"))
		oc = ok(btf__add_fwd(btf, "oom_control", BTF_FWD_STRUCT));
	else
		oc = find(btf, "oom_control", BTF_KIND_STRUCT);
	params[0] = is("param-pointer") ? oc : add_ptr(btf, oc);
	if (is("param-typedef"))
		params[1] = find(btf, "u32", BTF_KIND_TYPEDEF);
	if (is("typedef-twin"))
		params[1] = find(btf, "size_t", BTF_KIND_TYPEDEF);
	return add_proto(btf, 0, params);
}

static int proto_scan(struct btf *btf)
{
	const int num = find(btf, "int", BTF_KIND_INT);
	const int arg = is("callback") ? num : add_ptr(btf, 0);
	const int inner[] = { task_ptr(btf), arg, -1 };
	const int fn = add_ptr(btf, add_proto(btf, num, inner));
	const int params[] = { task_ptr(btf), fn, -1 };

	return add_proto(btf, num, params);
}

static void add_typedefs(struct btf *btf)
{
	const int u32_id = ok(btf__add_int(btf, "unsigned int", 4, 0));
	const int u64_id = ok(btf__add_int(btf, "long unsigned int", 8, 0));

	ok(btf__add_typedef(btf, "u32", u32_id));
	ok(btf__add_typedef(btf, "u64", u64_id));
	ok(btf__add_typedef(btf, "size_t", u64_id));
}

static void add_func(struct btf *btf, const char *name, int proto)
{
	ok(btf__add_func(btf, name, BTF_FUNC_STATIC, proto));
}

static struct btf *make_vmlinux(void)
{
	struct btf *btf = btf__new_empty();

	if (!btf)
		err(1, "btf__new_empty");
	ok(btf__add_int(btf, "int", 4, BTF_INT_SIGNED));
	ok(btf__add_int(btf, "char", 1, BTF_INT_SIGNED));
	add_typedefs(btf);
	add_struct(btf, "task_struct", 64);
	add_struct(btf, "oom_control", 32);
	add_struct(btf, "oom_contrib", 32);
	add_struct(btf, "cgroup", 64);
	add_struct(btf, "cgroup_subsys_state", 32);
	if (!is("vmlinux-nomemcg"))
		add_struct(btf, "mem_cgroup", 64);
	if (!is("vmlinux-gone"))
		add_func(btf, "oom_pick", proto_pick(btf));
	add_func(btf, "oom_note", proto_note(btf));
	add_func(btf, "oom_scan", proto_scan(btf));
	if (is("vmlinux-two"))
		add_func(btf, "oom_pick", proto_pick(btf));
	if (is("vmlinux-ops"))
		add_struct(btf, "bpf_struct_ops_bpf_oom_ops", 128);
	return btf;
}

static void add_protos(struct btf *btf)
{
	const int pick = add_ptr(btf, proto_pick(btf));
	const int note = add_ptr(btf, proto_note(btf));
	const int scan = add_ptr(btf, proto_scan(btf));
	const int num = find(btf, "int", BTF_KIND_INT);

	ok(btf__add_struct(btf, "hook_protos", 32));
	ok(btf__add_field(btf, "oom_pick", is("no-pointer") ? num : pick, 0,
			  0));
	ok(btf__add_field(btf, "oom_note", note, 64, 0));
	ok(btf__add_field(btf, "oom_scan", scan, 128, 0));
}

static struct btf *make_module(struct btf *vmlinux)
{
	struct btf *btf = btf__new_empty_split(vmlinux);

	if (!btf)
		err(1, "btf__new_empty_split");
	if (is("empty"))
		return btf;
	if (!strncmp(variant, "private-", 8))
		add_struct(btf, variant + 8, 64);
	if (!is("no-ops"))
		add_struct(btf, "bpf_struct_ops_bpf_oom_ops", 128);
	if (!is("no-protos"))
		add_protos(btf);
	return btf;
}

static void save(const struct btf *btf, const char *path)
{
	FILE *f = fopen(path, "w");
	const void *data;
	__u32 size;

	data = btf__raw_data(btf, &size);
	if (!f || !data || fwrite(data, 1, size, f) != size || fclose(f))
		err(1, "cannot write %s", path);
}

int main(int argc, char **argv)
{
	struct btf *vmlinux, *module, *base;

	variant = argc > 1 ? argv[1] : "";
	if (argc == 3) {
		save(make_vmlinux(), argv[2]);
		return 0;
	}
	if (argc != 4 && argc != 5)
		errx(2, "wrong number of arguments");
	vmlinux = btf__parse_raw(argv[2]);
	if (!vmlinux)
		err(1, "cannot read %s", argv[2]);
	module = make_module(vmlinux);
	if (argc == 5) {
		if (btf__distill_base(module, &base, &module))
			err(1, "btf__distill_base");
		save(base, argv[4]);
	}
	save(module, argv[3]);
	return 0;
}
