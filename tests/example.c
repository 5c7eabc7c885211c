// SPDX-License-Identifier: GPL-2.0-only
/* The examples, loaded as their comments say */
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "util.h"

#define PINS "/sys/fs/bpf/example"
#define MAPS "/sys/fs/bpf/example-maps"

/* 8 bytes, as bpftool wants them. */
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
