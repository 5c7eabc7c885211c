// SPDX-License-Identifier: GPL-2.0-only
/* Local storage in an OOM policy: existing storage is found, none is created */
#include <fcntl.h>
#include <unistd.h>

#include <linux/types.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <bpf_oom/oom.h>

#include "harness.h"
#include "klog.h"
#include "util.h"
#include "storage.skel.h"

static struct storage_bpf *storage_open(bool of_tasks)
{
	struct storage_bpf *s = storage_bpf__open();

	CHECK(s, "cannot open: %s", strerror(errno));
	bpf_program__set_autoload(s->progs.cgroup_storage, !of_tasks);
	bpf_program__set_autoload(s->progs.task_storage, of_tasks);
	bpf_map__set_autocreate(s->maps.cgroup_policy, !of_tasks);
	bpf_map__set_autocreate(s->maps.task_policy, of_tasks);
	bpf_map__set_autocreate(s->maps.of_cgroups, !of_tasks);
	bpf_map__set_autocreate(s->maps.of_tasks, of_tasks);
	return s;
}

/* No storage is created, and the OOM is still decided. */
static void check_nothing_made(struct storage_bpf *s, struct bpf_map *map)
{
	struct bpf_link *link = bpf_map__attach_struct_ops(map);
	pid_t pid;

	CHECK(link, "attach: %s", strerror(errno));
	pid = oom_in("dom");
	CHECK(killed(pid), "nobody killed the eater");
	reap(pid);
	CHECK(s->bss->asked, "not asked");
	CHECK_EQ(s->bss->made, 0);
	CHECK_EQ(s->bss->found, 0);
	bpf_link__destroy(link);
}

static void check_found(struct storage_bpf *s, struct bpf_map *storage,
			struct bpf_map *map)
{
	struct bpf_link *link;
	__u64 value = 42;
	pid_t pid;
	int dir;

	dir = open(CG_ROOT "/test/dom", O_RDONLY | O_DIRECTORY);
	CHECK(dir >= 0, "no cgroup");
	CHECK(!bpf_map_update_elem(bpf_map__fd(storage), &dir, &value, BPF_ANY),
	      "cannot make it: %s", strerror(errno));
	close(dir);
	s->bss->asked = 0;
	link = bpf_map__attach_struct_ops(map);
	CHECK(link, "attach: %s", strerror(errno));
	pid = oom_in("dom");
	CHECK(killed(pid), "nobody killed the eater");
	reap(pid);
	CHECK_EQ(s->bss->made, s->bss->asked);
	CHECK_EQ(s->bss->found, s->bss->asked);
	CHECK_EQ(s->bss->value, 42);
	bpf_link__destroy(link);
}

TEST(storage_of_a_cgroup_is_found_but_not_made)
{
	struct bpf_oom_ops *ops;
	struct storage_bpf *s;

	cg_make_limited("dom", 40);
	s = storage_open(false);
	ops = bpf_map__initial_value(s->maps.cgroup_policy, NULL);
	ops->cgroup_id = cg_id("dom");
	CHECK(!storage_bpf__load(s), "load");
	check_nothing_made(s, s->maps.cgroup_policy);
	check_found(s, s->maps.of_cgroups, s->maps.cgroup_policy);
	storage_bpf__destroy(s);
}

TEST(storage_of_a_task_is_not_made)
{
	struct bpf_oom_ops *ops;
	struct storage_bpf *s;

	cg_make_limited("dom", 40);
	s = storage_open(true);
	ops = bpf_map__initial_value(s->maps.task_policy, NULL);
	ops->cgroup_id = cg_id("dom");
	if (storage_bpf__load(s)) {
		storage_bpf__destroy(s);
		test_skip("this kernel has it in tracing programs only");
	}
	check_nothing_made(s, s->maps.task_policy);
	storage_bpf__destroy(s);
}
