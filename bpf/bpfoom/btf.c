// SPDX-License-Identifier: GPL-2.0-only
/* Offsets of members in a type that BTF describes */
#include <errno.h>
#include <string.h>

#include "bpfoom.h"

static const struct btf_member *find_member(const struct btf *btf,
					    const struct btf_type *t,
					    const char *name, size_t len)
{
	const struct btf_member *m = btf_members(t);
	const char *member;
	int i;

	for (i = 0; i < btf_vlen(t); i++, m++) {
		member = btf__name_by_offset(btf, m->name_off);
		if (!strncmp(member, name, len) && !member[len])
			return m;
	}
	return NULL;
}

/**
 * btf_member_offset() - look up a member by name
 * @btf: the types
 * @type_id: a struct
 * @path: a member, or members joined by dots
 * @size: filled in, in bytes
 *
 * Return: its offset in bytes, -ENOENT if there is no such member.
 */
int btf_member_offset(const struct btf *btf, int type_id, const char *path,
		      size_t *size)
{
	const struct btf_member *m;
	const struct btf_type *t;
	long long bytes;
	size_t len;
	int offset = 0;

	for (;;) {
		type_id = btf__resolve_type(btf, type_id);
		t = btf__type_by_id(btf, type_id);
		if (!t || !btf_is_composite(t))
			return -ENOENT;
		len = strcspn(path, ".");
		m = find_member(btf, t, path, len);
		if (!m)
			return -ENOENT;
		/* The callers look for no bit fields. */
		offset += m->offset / 8;
		type_id = m->type;
		if (!path[len])
			break;
		path += len + 1;
	}
	bytes = btf__resolve_size(btf, type_id);
	if (bytes < 0)
		return -ENOENT;
	*size = bytes;
	return offset;
}
