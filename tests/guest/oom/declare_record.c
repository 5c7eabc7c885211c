// SPDX-License-Identifier: GPL-2.0-only
/* Records of OOMs that a program has declared */
#include <unistd.h>

#include <bpf/bpf.h>

#include "harness.h"
#include "hooktest.h"
#include "psi_util.h"
#include "seen.h"
#include "declare.skel.h"

static void declare_in(const char *cg)
{
	struct bpf_test_run_opts opts = { .sz = sizeof(opts) };
	struct declare_bpf *d;

	need_memcg();
	d = declare_bpf__open_and_load();
	CHECK(d, "load: %s", strerror(errno));
	d->bss->cgroup_id = cg_id(cg);
	d->bss->declare = (struct psi_declare){
		.flags = BPF_OOM_FLAGS_WAIT_ON_OOM_LOCK, .text = TEXT_PRESSURE,
	};
	CHECK(!bpf_prog_test_run_opts(bpf_program__fd(d->progs.declare_now), &opts),
	      "run: %s", strerror(errno));
	CHECK_EQ(d->bss->declare.ret, 1);
	declare_bpf__destroy(d);
}

static void check_declared(const char *record, const char *by, const char *cg)
{
	check_record_number(record, "declared", 1);
	check_record(record, "declared_by", by);
	check_record(record, "constraint", "PRESSURE");
	check_record(record, "cgroup", cg);
	check_record(record, "result", "default");
	check_record_number(record, "asked", 0);
}

TEST(an_oom_that_a_pressure_policy_declares_is_on_record_without_an_oom_policy)
{
	int fd = records_open();
	struct press press;
	struct psi *p;
	const char *r;
	pid_t pid;

	need_memcg();
	cg_make("dom");
	pid = hog("dom", 20, 1000);
	p = psi_open("watcher");
	psi_watch(p, "dom", CPU, 100000, 1000000);
	psi_load(p);
	p->ctl->declares = 1;
	p->ctl->declare.flags = BPF_OOM_FLAGS_WAIT_ON_OOM_LOCK;
	p->ctl->declare.text = TEXT_PRESSURE;
	CHECK_EQ(psi_attach(p), 0);
	press = press_begin("dom");
	CHECK(WAIT_FOR(p->ctl->declared, 60), "it declared nothing");
	CHECK(killed(pid), "the kernel chose somebody else");
	press_end(press);
	r = record_of(fd, "default");
	check_declared(r, "watcher", "/test/dom");
	check_record_number(r, "victim_pid", pid);
	check_record_number(r, "kills", 1);
	close(fd);
	psi_close(p);
}

TEST(an_oom_that_a_program_declares_is_on_record_without_a_policy_on_the_way)
{
	struct policy *elsewhere;
	int fd = records_open();
	const char *r;
	pid_t pid;

	cg_make("dom");
	cg_make("elsewhere");
	pid = hog("dom", 20, 0);
	elsewhere = policy_on("elsewhere", "elsewhere", 1);
	declare_in("dom");
	CHECK(killed(pid), "the kernel did not kill");
	r = record_of(fd, "default");
	check_declared(r, "oomtest", "/test/dom");
	check_record_number(r, "victim_pid", pid);
	CHECK(!record_next(fd), "two records");
	close(fd);
	policy_close(elsewhere);
}

TEST(an_oom_that_a_program_declares_is_on_record_without_any_policy)
{
	int fd = records_open();
	const char *r;
	pid_t pid;

	cg_make("dom");
	pid = hog("dom", 20, 0);
	declare_in("dom");
	CHECK(killed(pid), "the kernel did not kill");
	r = record_of(fd, "default");
	check_declared(r, "oomtest", "/test/dom");
	check_record_number(r, "victim_pid", pid);
	check_record_number(r, "kills", 1);
	CHECK(!record_next(fd), "two records");
	close(fd);
}

TEST(an_oom_that_a_program_declares_is_on_record_with_all_of_its_victims)
{
	int fd = records_open();
	pid_t first, other;
	const char *r;

	cg_make("dom");
	cg_write("dom", "memory.oom.group", "1");
	first = hog("dom", 20, 0);
	other = hog("dom", 1, 0);
	declare_in("dom");
	CHECK(killed(first) && killed(other), "the kernel did not kill both");
	r = record_of(fd, "default");
	check_record_number(r, "victim_pid", first);
	check_record_number(r, "also_killed", other);
	check_record_number(r, "kills", 2);
	CHECK(!record_next(fd), "two records");
	/* The next one has a record of its own. */
	cg_make("again");
	other = hog("again", 1, 0);
	declare_in("again");
	CHECK(killed(other), "the kernel did not kill");
	check_record_number(record_of(fd, "default"), "victim_pid", other);
	close(fd);
}

/* Without an attached policy, OOMs that no program declared are not recorded. */
TEST(an_oom_that_nobody_declares_is_on_no_record_without_a_policy)
{
	int fd = records_open();

	cg_make_limited("dom", 20);
	oom_is_the_kernels("dom");
	CHECK(!record_next(fd), "a record");
	close(fd);
}

TEST(an_oom_that_a_policy_decides_says_who_declared_it)
{
	int fd = records_open();
	struct policy *p;
	const char *r;
	pid_t pid;

	cg_make("dom");
	pid = hog("dom", 20, 0);
	p = policy_on("decides", "dom", 1);
	policy_control(p)->kill_pid[0] = pid;
	declare_in("dom");
	r = record_of(fd, "decides");
	check_record(r, "declared_by", "oomtest");
	check_record_number(r, "victim_pid", pid);
	close(fd);
	policy_close(p);
}

TEST(an_oom_that_has_come_by_itself_was_declared_by_nobody)
{
	int fd = records_open();
	struct policy *p;
	pid_t pid;

	cg_make("dom");
	pid = hog("dom", 20, 0);
	p = policy_on("decides", "dom", 1);
	policy_control(p)->kill_pid[0] = pid;
	one_oom("dom");
	check_record(record_of(fd, "decides"), "declared", NULL);
	close(fd);
	policy_close(p);
}
