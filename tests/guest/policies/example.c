// SPDX-License-Identifier: GPL-2.0-only
/* The examples, loaded as their comments tell */
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness.h"
#include "hooktest.h"
#include "util.h"

#define PINS "/sys/fs/bpf/example"
#define MAPS "/sys/fs/bpf/example-maps"

/* Formats 8 bytes for bpftool. */
static char *bytes(unsigned long long v, char *buf)
{
	char *p = buf;

	for (int i = 0; i < 8; i++, v >>= 8)
		p += sprintf(p, "%llu ", v & 0xff);
	return buf;
}

TEST(example_psi_averages_declares_an_oom)
{
	char id[64], percent[64];
	bool was_killed;
	pid_t pid;

	cg_make("dom");
	cg_write("dom", "memory.high", "20M");
	cg_write("dom", "memory.max", "400M");
	write_file(CG_ROOT "/test/dom/memory.swap.max", "0");
	CHECK(!sh("bpftool prog loadall /usr/lib/bpf-oom/examples/example-psi-averages.bpf.o "
		  PINS " pinmaps " MAPS " autoattach"), "it does not load");
	CHECK(!sh("bpftool map update pinned " MAPS "/watched key 0 0 0 0 value %s %s",
		  bytes(cg_id("dom"), id), bytes(10, percent)), "no map");
	pid = eater("dom", 0, 20000);
	was_killed = killed(pid);
	sh("rm -r " PINS " " MAPS);
	CHECK(was_killed, "it lives");
	CHECK_EQ(cg_key("dom", "memory.events", "oom_kill"), 1);
}

static pid_t nice_hog(unsigned int mb)
{
	pid_t pid = hog("dom", mb, 0);

	CHECK(!setpriority(PRIO_PROCESS, pid, 1), "setpriority: %m");
	return pid;
}

TEST(example_minimal_kills_the_largest_nice_process_and_else_the_kernels_choice)
{
	pid_t in_turn[3], last;

	need_memcg();
	cg_make_limited("dom", 150);
	in_turn[1] = nice_hog(10);
	in_turn[0] = nice_hog(20);
	in_turn[2] = hog("dom", 40, 0);
	last = hog("dom", 5, 0);
	CHECK(!sh("bpfoom attach /usr/lib/bpf-oom/examples/example-minimal.bpf.o"),
	      "it does not attach");
	for (int i = 0; i < 3; i++) {
		one_oom("dom");
		CHECK(killed(in_turn[i]), "number %d lives", i);
	}
	CHECK(alive(last), "more than one died");
	check_report("minimal", "/", "MEMCG", "/test/dom", 1);
	CHECK(!sh("bpfoom detach minimal"), "it does not detach");
}
