// SPDX-License-Identifier: GPL-2.0-only
/*
 * addstruct VMLINUX MODULE.ko NAME OUT: change the BTF of a module
 *
 * Writes the module's BTF with an additional struct, which is as large as the kernel's
 * struct NAME: a build without deduplication would have it.
 */
#include <stdio.h>

#include <bpf/btf.h>

int main(int argc, char **argv)
{
	const struct btf_type *t;
	struct btf *base, *btf;
	const void *data;
	__u32 size;
	int id;
	FILE *f;

	if (argc != 5)
		return 2;
	base = btf__parse(argv[1], NULL);
	btf = base ? btf__parse_split(argv[2], base) : NULL;
	id = base ? btf__find_by_name_kind(base, argv[3], BTF_KIND_STRUCT) : -1;
	if (!btf || id < 0) {
		fprintf(stderr, "addstruct: cannot read the BTF\n");
		return 1;
	}
	t = btf__type_by_id(base, (__u32)id);
	if (btf__add_struct(btf, argv[3], t->size) < 0)
		return 1;
	data = btf__raw_data(btf, &size);
	f = fopen(argv[4], "w");
	if (!f || fwrite(data, size, 1, f) != 1 || fclose(f)) {
		perror(argv[4]);
		return 1;
	}
	return 0;
}
