// SPDX-License-Identifier: GPL-2.0-only
/*
 * Options of a policy: --set NAME=VALUE
 */
#include <errno.h>

#include "tool.h"

static void begin(void)
{
	open_policy();
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
}

TEST(options_take_the_words_for_true_and_false)
{
	static const char *const yes[] = { "flag=true", "flag=yes", "flag=on", "flag=1" };
	static const char *const no[] = { "flag=false", "flag=no", "flag=off", "flag=0" };
	size_t i;

	begin();
	for (i = 0; i < ARRAY_SIZE(yes); i++) {
		CHECK_EQ(set(yes[i]), EX_DONE);
		CHECK_EQ(skel->rodata->flag, true);
		CHECK_EQ(set(no[i]), EX_DONE);
		CHECK_EQ(skel->rodata->flag, false);
	}
	CHECK_STR(said, "");
	end();
}

TEST(options_take_no_other_words_for_true_and_false)
{
	begin();
	check_refused("flag=2");
	check_refused("flag=");
	check_refused("flag=TRUE");
	check_refused("flag=true ");
	CHECK_HAS(said, "bpfoom: 'true ' is not a value of this option:\n");
	CHECK_HAS(said, "  flag (true or false)\n");
	end();
}

TEST(options_without_a_sign_take_their_whole_range)
{
	begin();
	CHECK_EQ(set("small=255"), EX_DONE);
	CHECK_EQ(skel->rodata->small, 255);
	CHECK_EQ(set("medium=65535"), EX_DONE);
	CHECK_EQ(skel->rodata->medium, 65535);
	CHECK_EQ(set("large=4294967295"), EX_DONE);
	CHECK_EQ(skel->rodata->large, 4294967295);
	CHECK_EQ(set("huge=18446744073709551615"), EX_DONE);
	CHECK(skel->rodata->huge == -1ULL, "huge is %llu", skel->rodata->huge);
	CHECK_EQ(set("huge=0"), EX_DONE);
	CHECK_EQ(skel->rodata->huge, 0);
	end();
}

TEST(options_without_a_sign_take_nothing_beyond_it)
{
	begin();
	check_refused("small=256");
	check_refused("medium=65536");
	check_refused("large=4294967296");
	check_refused("huge=18446744073709551616");
	check_refused("small=-1");
	check_refused("huge=-1");
	CHECK_HAS(said, "  huge (64-bit integer, not negative)\n");
	CHECK_EQ(skel->rodata->small, 0);
	CHECK_EQ(skel->rodata->huge, 0);
	end();
}

TEST(options_with_a_sign_take_their_whole_range)
{
	begin();
	CHECK_EQ(set("small_signed=127"), EX_DONE);
	CHECK_EQ(skel->rodata->small_signed, 127);
	CHECK_EQ(set("small_signed=-128"), EX_DONE);
	CHECK_EQ(skel->rodata->small_signed, -128);
	CHECK_EQ(set("medium_signed=-32768"), EX_DONE);
	CHECK_EQ(skel->rodata->medium_signed, -32768);
	CHECK_EQ(set("large_signed=-2147483648"), EX_DONE);
	CHECK_EQ(skel->rodata->large_signed, -2147483648LL);
	CHECK_EQ(set("huge_signed=9223372036854775807"), EX_DONE);
	CHECK_EQ(skel->rodata->huge_signed, 9223372036854775807LL);
	CHECK_EQ(set("huge_signed=-9223372036854775808"), EX_DONE);
	CHECK_EQ(skel->rodata->huge_signed, -9223372036854775807LL - 1);
	end();
}

TEST(options_with_a_sign_take_nothing_beyond_it)
{
	begin();
	check_refused("small_signed=128");
	check_refused("small_signed=-129");
	check_refused("medium_signed=32768");
	check_refused("large_signed=2147483648");
	check_refused("large_signed=-2147483649");
	check_refused("huge_signed=9223372036854775808");
	CHECK_HAS(said, "  huge_signed (64-bit integer, may be negative)\n");
	CHECK_EQ(skel->rodata->large_signed, 0);
	end();
}

TEST(options_take_hexadecimal_numbers)
{
	begin();
	CHECK_EQ(set("large=0xfe"), EX_DONE);
	CHECK_EQ(skel->rodata->large, 254);
	end();
}

TEST(options_take_no_number_with_something_behind_it)
{
	begin();
	check_refused("large=5M");
	check_refused("large=5 ");
	check_refused("large=");
	check_refused("large=x");
	check_refused("large=1=2");
	end();
}

TEST(options_leave_their_neighbours_alone)
{
	size_t i;

	begin();
	memset(skel->rodata, 0xff, sizeof(*skel->rodata));
	CHECK_EQ(set("medium=0"), EX_DONE);
	CHECK_EQ(skel->rodata->medium, 0);
	skel->rodata->medium = 65535;
	for (i = 0; i < sizeof(*skel->rodata); i++)
		CHECK_EQ(((const unsigned char *)skel->rodata)[i], 0xff);
	end();
}

TEST(options_that_are_unknown_are_refused_with_a_list)
{
	begin();
	check_refused("colour=5");
	CHECK_HAS(said, "bpfoom: policy test has no option 'colour'; it has:\n");
	CHECK_HAS(said, "  flag (true or false)\n");
	CHECK_HAS(said, "  small_signed (8-bit integer, may be negative)\n");
	CHECK_HAS(said, "  huge (64-bit integer, not negative)\n");
	CHECK_HAS(said, "  priority@CGROUP (32-bit integer, not negative)\n");
	end();
}

TEST(options_are_only_what_a_user_can_set)
{
	begin();
	check_refused("array=5");
	check_refused("pair=5");
	check_refused("hidden=5");
	check_refused("changes=5");
	CHECK_LACKS(said, "  array");
	CHECK_LACKS(said, "  pair");
	CHECK_LACKS(said, "  hidden");
	CHECK_LACKS(said, "  changes");
	end();
}

TEST(options_do_not_have_what_sets_the_cgroup)
{
	begin();
	check_refused("cgroup_id=5");
	CHECK_LACKS(said, "  cgroup_id");
	CHECK(policy_set_root(&policy, 5), "it cannot be set");
	CHECK_EQ(skel->rodata->cgroup_id, 5);
	end();
}

TEST(options_want_a_name_and_a_value)
{
	begin();
	check_refused("large");
	CHECK_HAS(said, "--set wants NAME=VALUE, not 'large'");
	check_refused("=5");
	check_refused("=");
	check_refused("");
	end();
}

/* Otherwise a prefix of a name would be accepted. */
TEST(options_are_known_by_their_whole_name)
{
	begin();
	check_refused("medi=5");
	check_refused("mediums=5");
	check_refused("medium =5");
	end();
}

TEST(options_are_all_in_what_is_compared)
{
	size_t size;
	const void *data;

	begin();
	data = policy_options(&policy, &size);
	CHECK(data == skel->rodata, "it is something else");
	CHECK(size >= sizeof(*skel->rodata), "%zu bytes", size);
	end();
}
