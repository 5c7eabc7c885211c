// SPDX-License-Identifier: GPL-2.0-only
/*
 * The options of a policy: its const volatile variables
 *
 * They are constant from the load on, so that the verifier can remove the code of what an
 * option switches off.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpfoom.h"

/**
 * struct option_var - a variable that the user can set
 * @name: its name
 * @data: its value in the object, which is not yet loaded
 * @size: of the value, in bytes
 * @is_bool: takes true and false
 * @is_signed: a signed integer
 */
struct option_var {
	const char *name;
	void *data;
	size_t size;
	bool is_bool;
	bool is_signed;
};

static struct bpf_map *find_rodata(const struct policy *p)
{
	struct bpf_map *map;
	const char *name;
	size_t len;

	bpf_object__for_each_map(map, p->obj) {
		name = bpf_map__name(map);
		len = strlen(name);
		if (bpf_map__is_internal(map) && len >= 7 &&
		    !strcmp(name + len - 7, ".rodata"))
			return map;
	}
	return NULL;
}

/* Only integers and bool are options; arrays and structs are for the policy itself. */
static bool describe(const struct btf *btf, const struct btf_var_secinfo *info,
		     struct bpf_map *rodata, struct option_var *var)
{
	const struct btf_type *t = btf__type_by_id(btf, info->type);
	size_t size;
	char *data = bpf_map__initial_value(rodata, &size);

	if (!btf_is_var(t) || btf_var(t)->linkage == BTF_VAR_STATIC || !data)
		return false;
	var->name = btf__name_by_offset(btf, t->name_off);
	t = btf__type_by_id(btf, btf__resolve_type(btf, t->type));
	if (!t || !btf_is_int(t))
		return false;
	var->data = data + info->offset;
	var->size = t->size;
	var->is_bool = btf_int_encoding(t) & BTF_INT_BOOL;
	var->is_signed = btf_int_encoding(t) & BTF_INT_SIGNED;
	return var->size <= sizeof(__u64);
}

/* Finds the next option after *@pos, which is 0 at first. */
static bool next_option(const struct policy *p, int *pos, struct option_var *var)
{
	const struct btf *btf = bpf_object__btf(p->obj);
	struct bpf_map *rodata = find_rodata(p);
	const struct btf_type *sec;

	if (!rodata)
		return false;
	sec = btf__type_by_id(btf, bpf_map__btf_value_type_id(rodata));
	if (!sec || !btf_is_datasec(sec))
		return false;
	while (*pos < btf_vlen(sec)) {
		if (describe(btf, btf_var_secinfos(sec) + (*pos)++, rodata, var))
			return true;
	}
	return false;
}

static bool find_var(const struct policy *p, const char *name,
		     struct option_var *var)
{
	int pos = 0;

	while (next_option(p, &pos, var)) {
		if (!strcmp(var->name, name))
			return true;
	}
	return false;
}

/* This variable is no option: --cgroup sets it. */
static bool is_root(const char *name)
{
	return !strcmp(name, "cgroup_id");
}

static bool find_option(const struct policy *p, const char *name,
			struct option_var *var)
{
	return !is_root(name) && find_var(p, name, var);
}

static void print_option(const struct option_var *var)
{
	if (var->is_bool)
		pr_err("  %s (true or false)", var->name);
	else
		pr_err("  %s (%zu-bit integer, %s)", var->name, var->size * 8,
		       var->is_signed ? "may be negative" : "not negative");
}

static void print_options(const struct policy *p)
{
	struct option_var var;
	int pos = 0;

	while (next_option(p, &pos, &var)) {
		if (!is_root(var.name))
			print_option(&var);
	}
	cgroup_options_print(p);
	if (!pos)
		pr_err("  none");
}

static bool parse_bool(const char *value, __u64 *out)
{
	static const char *const words[] = {
		"false", "true", "no", "yes", "off", "on", "0", "1",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcmp(value, words[i])) {
			*out = i & 1;
			return true;
		}
	}
	return false;
}

static bool parse_int(const struct option_var *var, const char *value,
		      __u64 *out)
{
	unsigned int unused_bits = 64 - var->size * 8;
	char *end;

	errno = 0;
	if (var->is_signed) {
		*out = strtoll(value, &end, 0);
		if ((__s64)(*out << unused_bits) >> unused_bits != (__s64)*out)
			return false;
	} else {
		/* strtoull() would accept a minus sign. */
		if (strchr(value, '-'))
			return false;
		*out = strtoull(value, &end, 0);
		if (*out << unused_bits >> unused_bits != *out)
			return false;
	}
	return end != value && !*end && !errno;
}

static void store(const struct option_var *var, __u64 v)
{
	/* libbpf opens only BPF objects of our own byte order. */
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		v <<= 64 - var->size * 8;
	memcpy(var->data, &v, var->size);
}

/* Sets, before load, the cgroup that a policy without ops.cgroup_id is to look at. */
bool policy_set_root(struct policy *p, __u64 cgroup_id)
{
	struct option_var var;

	if (!find_var(p, "cgroup_id", &var) || var.size != sizeof(cgroup_id))
		return false;
	store(&var, cgroup_id);
	return true;
}

/* Returns the values of all options, together with other constants. NULL: it has none. */
const void *policy_options(const struct policy *p, size_t *size)
{
	struct bpf_map *rodata = find_rodata(p);

	return rodata ? bpf_map__initial_value(rodata, size) : NULL;
}

/**
 * policy_set_option() - set an option before load
 * @p: the policy
 * @name_value: "NAME=VALUE", or "NAME@CGROUP=VALUE"
 *
 * Return: an exit code; tells the user what is wrong.
 */
int policy_set_option(struct policy *p, const char *name_value)
{
	const char *value = strchr(name_value, '=');
	char *name = strndup(name_value, value ? (size_t)(value - name_value) : 0);
	struct option_var var = {};
	int ret = EX_BAD_USAGE;
	__u64 v = 0;

	if (name && strchr(name, '@')) {
		free(name);
		return cgroup_option_set(p, name_value);
	}
	if (!name || !value || !*name) {
		pr_err("--set wants NAME=VALUE, not '%s'", name_value);
	} else if (!find_option(p, name, &var)) {
		pr_err("policy %s has no option '%s'; it has:", p->name, name);
		print_options(p);
	} else if (var.is_bool ? !parse_bool(value + 1, &v) :
				 !parse_int(&var, value + 1, &v)) {
		pr_err("'%s' is not a value of this option:", value + 1);
		print_option(&var);
	} else {
		store(&var, v);
		ret = EX_DONE;
	}
	free(name);
	return ret;
}
