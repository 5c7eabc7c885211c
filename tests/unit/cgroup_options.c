// SPDX-License-Identifier: GPL-2.0-only
/*
 * Options of single cgroups: --set NAME@CGROUP=VALUE
 */
#include <errno.h>

#include <bpf/bpf.h>

#include "tool.h"

/* --- stubs of the tool's other files and of the kernel's maps --------------- */

/* "/" and a number is the path of the cgroup with this id. */
int cgroup_id_of(const char *path, __u64 *id)
{
	return sscanf(path, "/%llu", id) == 1 ? EX_DONE : EX_NOT_FOUND;
}

/* Content of the kernel's map */
static struct {
	__u64 id;
	__u32 value;
} entries[8];

static unsigned int nr_entries;
static int update_error;

int bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags)
{
	unsigned int i;

	if (update_error)
		return update_error;
	for (i = 0; i < nr_entries && entries[i].id != *(const __u64 *)key; i++)
		;
	entries[i].id = *(const __u64 *)key;
	entries[i].value = *(const __u32 *)value;
	nr_entries += i == nr_entries;
	return 0;
}

int bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	unsigned int i;

	for (i = 0; i < nr_entries; i++) {
		if (entries[i].id == *(const __u64 *)key) {
			memcpy(value, &entries[i].value, sizeof(entries[i].value));
			return 0;
		}
	}
	return -ENOENT;
}

int bpf_map_get_next_key(int fd, const void *key, void *next_key)
{
	unsigned int i = 0;

	while (key && entries[i++].id != *(const __u64 *)key)
		;
	if (i >= nr_entries)
		return -ENOENT;
	memcpy(next_key, &entries[i].id, sizeof(entries[i].id));
	return 0;
}

/* ----------------------------------------------------------------------------- */

static int apply(void)
{
	int ret;

	free(said);
	capture(&stderr);
	ret = cgroup_options_apply(&policy);
	said = capture_end(&stderr);
	return ret;
}

static void end(void)
{
	close_policy();
	free(said);
}

static void check_refused(const char *name_value)
{
	CHECK(set(name_value) == EX_BAD_USAGE, "'%s' was taken", name_value);
	CHECK(*said, "'%s' was refused without a word", name_value);
	CHECK(!policy.settings, "'%s' was remembered", name_value);
}

static int compare(void)
{
	return cgroup_options_compare(&policy, skel->maps.priority, 0);
}

TEST(cgroup_options_are_put_into_the_map)
{
	open_policy();
	CHECK_EQ(set("priority@/7=5"), EX_DONE);
	CHECK_EQ(set("priority@/8=4294967295"), EX_DONE);
	CHECK_EQ(nr_entries, 0);
	CHECK_EQ(apply(), EX_DONE);
	CHECK_EQ(nr_entries, 2);
	CHECK_EQ(entries[0].id, 7);
	CHECK_EQ(entries[0].value, 5);
	CHECK_EQ(entries[1].id, 8);
	CHECK_EQ(entries[1].value, 4294967295);
	CHECK_STR(said, "");
	end();
}

TEST(cgroup_options_the_last_value_for_a_cgroup_counts)
{
	open_policy();
	set("priority@/7=5");
	set("priority@/8=1");
	set("priority@/7=6");
	CHECK_EQ(apply(), EX_DONE);
	CHECK_EQ(nr_entries, 2);
	CHECK_EQ(entries[0].value, 6);
	CHECK_EQ(compare(), 1);
	end();
}

TEST(cgroup_options_may_have_both_signs_in_the_path)
{
	open_policy();
	/* The name ends at the first @, and the path at the last =. */
	CHECK_EQ(set("priority@/7@a=b=5"), EX_DONE);
	CHECK_EQ(apply(), EX_DONE);
	CHECK_EQ(entries[0].id, 7);
	CHECK_EQ(entries[0].value, 5);
	end();
}

TEST(cgroup_options_want_a_path)
{
	open_policy();
	check_refused("priority@=5");
	CHECK_HAS(said, "--set wants NAME@CGROUP=VALUE, not 'priority@=5'");
	end();
}

TEST(cgroup_options_want_a_name)
{
	open_policy();
	check_refused("@/7=5");
	check_refused("@=5");
	end();
}

/* In the last one the @ is in the value, so there is no cgroup. */
TEST(cgroup_options_want_a_value)
{
	open_policy();
	check_refused("priority@/7");
	check_refused("priority@/7=");
	check_refused("priority@");
	check_refused("priority=5@/7");
	end();
}

TEST(cgroup_options_are_hash_maps_of_the_right_size_only)
{
	open_policy();
	check_refused("table@/7=5");
	CHECK_HAS(said, "policy test has no option 'table' for single cgroups\n");
	CHECK_HAS(said, "  priority@CGROUP (32-bit integer, not negative)\n");
	check_refused("state@/7=5");
	check_refused("large@/7=5");
	check_refused("unknown@/7=5");
	end();
}

TEST(cgroup_options_take_nothing_beyond_their_range)
{
	open_policy();
	check_refused("priority@/7=4294967296");
	check_refused("priority@/7=18446744073709551617");
	check_refused("priority@/7=-1");
	check_refused("priority@/7=x");
	check_refused("priority@/7=5x");
	CHECK_HAS(said, "'5x' is not a value of this option:\n");
	end();
}

TEST(cgroup_options_want_a_cgroup_that_exists)
{
	open_policy();
	CHECK_EQ(set("priority@/gone=5"), EX_NOT_FOUND);
	CHECK(!policy.settings, "it was remembered");
	end();
}

TEST(cgroup_options_say_which_could_not_be_set)
{
	open_policy();
	set("priority@/7=5");
	update_error = -E2BIG;
	CHECK_EQ(apply(), EX_FAILED);
	CHECK_HAS(said, "policy test was not attached: cannot set priority for cgroup 7: Argument list too long");
	end();
}

TEST(cgroup_options_none_are_the_same_as_an_empty_map)
{
	open_policy();
	CHECK_EQ(compare(), 1);
	nr_entries = 1;
	entries[0].id = 7;
	CHECK_EQ(compare(), 0);
	end();
}

TEST(cgroup_options_differ_by_value_and_by_cgroup)
{
	open_policy();
	set("priority@/7=5");
	CHECK_EQ(compare(), 0);
	apply();
	CHECK_EQ(compare(), 1);
	entries[0].value = 6;
	CHECK_EQ(compare(), 0);
	entries[0].value = 5;
	entries[0].id = 8;
	CHECK_EQ(compare(), 0);
	end();
}

TEST(cgroup_options_do_not_compare_maps_that_are_none)
{
	open_policy();
	nr_entries = 1;
	CHECK_EQ(cgroup_options_compare(&policy, skel->maps.state, 0), 1);
	end();
}
