// SPDX-License-Identifier: GPL-2.0-only
/* Programs that must not load, each for exactly one reason */
#include <bpf/libbpf.h>

#include "harness.h"
#include "klog.h"
#include "util.h"

static char verifier_log[1 << 20];

/* Returns the end of the log as one line. */
static const char *log_tail(void)
{
	size_t len = strlen(verifier_log);
	char *tail = verifier_log + (len > 400 ? len - 400 : 0);

	for (char *c = tail; *c; c++) {
		if (*c == '\n')
			*c = '|';
	}
	return tail;
}

/* The reason must be in the verifier's log or the kernel log. */
static void must_not_load(const char *name, const char *why)
{
	struct bpf_object_open_opts opts = {
		.sz = sizeof(opts),
		.kernel_log_buf = verifier_log,
		.kernel_log_size = sizeof(verifier_log),
		.kernel_log_level = 1,
	};
	char path[256];
	struct bpf_object *obj;
	int err;

	snprintf(path, sizeof(path), "/usr/lib/bpf-oom/tests/%s_fail.bpf.o", name);
	obj = bpf_object__open_file(path, &opts);
	CHECK(obj, "cannot open %s", path);
	err = bpf_object__load(obj);
	if (!err) {
		struct bpf_map *map = bpf_object__next_map(obj, NULL);
		struct bpf_link *link;

		while (map && bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS)
			map = bpf_object__next_map(obj, map);
		link = map ? bpf_map__attach_struct_ops(map) : NULL;
		CHECK(map && !link, "%s loads", name);
		err = -errno;
	}
	CHECK(err < 0, "%s loads", name);
	if (!strstr(verifier_log, why) && !klog_has(why))
		FAIL("not for the reason expected (%s) but: %s", why,
		     log_tail());
	bpf_object__close(obj);
}

/* Shows that the others are not rejected only because all programs are. */
TEST(a_good_policy_verifies)
{
	policy_close(policy_on("good", NULL, 0));
}

TEST(a_policy_without_a_handler_is_rejected)
{
	must_not_load("bad_none", "policy handlerless has neither handle_out_of_memory nor evaluate_task");
}

TEST(a_handler_that_is_not_sleepable_is_rejected)
{
	must_not_load("bad_notsleepable",
		      "attach to unsupported member handle_out_of_memory of struct bpf_oom_ops");
}

TEST(evaluate_a_sleepable_program_is_rejected)
{
	must_not_load("bad_evaluate_sleepable",
		      "attach to unsupported member evaluate_task of struct bpf_oom_ops");
}

TEST(evaluate_a_kill_is_rejected)
{
	must_not_load("bad_evaluate_kill",
		      "program must be sleepable to call sleepable kfunc bpf_oom_kill_process");
}

TEST(evaluate_a_declared_oom_is_rejected)
{
	must_not_load("bad_evaluate_declare", "bpf_out_of_memory is not allowed");
}

TEST(evaluate_a_write_to_oom_control_is_rejected)
{
	must_not_load("bad_evaluate_write", "only read is supported");
}

TEST(evaluate_a_kfunc_that_evades_the_checks_is_rejected)
{
	if (sh("grep -q ' bpf_send_signal_task$' /proc/kallsyms"))
		test_skip("this kernel has none of them");
	must_not_load("bad_evaluate_signal",
		      "a policy cannot call bpf_send_signal_task()");
}

TEST(wait_for_an_untrusted_task_is_rejected)
{
	must_not_load("bad_wait_untrusted", "R2 must be referenced or trusted");
}

TEST(evaluate_a_wait_is_rejected)
{
	must_not_load("bad_evaluate_wait",
		      "program must be sleepable to call sleepable kfunc bpf_oom_wait_victim");
}

TEST(raise_of_an_untested_memcg_is_rejected)
{
	must_not_load("bad_raise_nullable", "R2");
}

TEST(evaluate_a_raise_is_rejected)
{
	/* The program needs a memcg first. */
	need_memcg();
	must_not_load("bad_evaluate_raise",
		      "program must be sleepable to call sleepable kfunc bpf_oom_raise_max");
}

TEST(badness_of_an_untrusted_task_is_rejected)
{
	must_not_load("bad_badness_untrusted", "R1 must be referenced or trusted");
}

TEST(badness_in_a_pressure_policy_is_rejected)
{
	must_not_load("bad_psi_badness", "bpf_oom_badness is not allowed");
}

TEST(offline_a_callback_that_is_not_sleepable_is_rejected)
{
	must_not_load("bad_offline_notsleepable",
		      "attach to unsupported member handle_cgroup_offline of struct bpf_oom_ops");
}

TEST(offline_a_policy_with_nothing_else_is_rejected)
{
	must_not_load("bad_offline_only",
		      "policy idle has neither handle_out_of_memory nor evaluate_task");
}

TEST(an_untested_memcg_is_rejected)
{
	must_not_load("bad_nullable",
		      "R1 invalid mem access 'trusted_ptr_or_null_'");
}

TEST(an_untested_memcg_of_an_oom_control_is_rejected)
{
	/* Without memory cgroups the kernel's BTF has no such type. */
	need_memcg();
	must_not_load("bad_oc_memcg",
		      "R1 invalid mem access 'trusted_ptr_or_null_'");
}

TEST(an_untrusted_task_is_rejected)
{
	must_not_load("bad_untrusted", "R2 must be referenced or trusted");
}

TEST(the_kill_kfunc_is_rejected_in_other_program_types)
{
	must_not_load("bad_progtype", "bpf_oom_kill_process is not allowed");
}

TEST(oom_kfuncs_are_rejected_in_other_struct_ops)
{
	must_not_load("bad_otherops", "bpf_task_is_oom_victim is not allowed");
}

TEST(a_write_to_oom_control_is_rejected)
{
	must_not_load("bad_write", "only read is supported");
}

TEST(an_arena_is_rejected)
{
	must_not_load("bad_arena", "a policy cannot use an arena");
}

TEST(reading_the_memory_of_another_task_is_rejected)
{
	must_not_load("bad_usermem",
		      "program of this type cannot use helper bpf_copy_from_user_task");
}

TEST(sending_a_signal_is_rejected)
{
	must_not_load("bad_signal",
		      "program of this type cannot use helper bpf_send_signal");
}

TEST(a_kfunc_that_evades_the_checks_is_rejected)
{
	if (sh("grep -q ' bpf_send_signal_task$' /proc/kallsyms"))
		test_skip("this kernel has none of them");
	must_not_load("bad_kfunc", "a policy cannot call bpf_send_signal_task()");
}

TEST(reading_a_file_is_rejected)
{
	if (sh("grep -q ' bpf_dynptr_from_file$' /proc/kallsyms"))
		test_skip("this kernel's programs cannot do that");
	must_not_load("bad_file", "a policy cannot call bpf_dynptr_from_file()");
}

TEST(psi_sending_a_signal_is_rejected)
{
	must_not_load("bad_psi_send_signal", "cannot use helper bpf_send_signal#");
	must_not_load("bad_psi_send_signal_thread",
		      "cannot use helper bpf_send_signal_thread#");
}

TEST(psi_a_kfunc_that_sends_a_signal_is_rejected)
{
	if (sh("grep -q ' bpf_send_signal_task$' /proc/kallsyms"))
		test_skip("this kernel has none of them");
	must_not_load("bad_psi_kfunc", "a policy cannot call bpf_send_signal_task()");
}

TEST(psi_a_policy_without_a_handler_of_events_is_rejected)
{
	must_not_load("bad_psi_none", "policy handlerless has no handle_psi_event");
}

TEST(psi_a_callback_that_is_not_sleepable_is_rejected)
{
	must_not_load("bad_psi_notsleepable", "handle_psi_event");
}

TEST(psi_a_write_to_a_trigger_is_rejected)
{
	must_not_load("bad_psi_write", "only read is supported");
}

TEST(psi_the_kfuncs_of_oom_policies_are_rejected)
{
	must_not_load("bad_psi_kill", "bpf_task_is_oom_victim is not allowed");
}

TEST(psi_a_trigger_created_by_the_offline_callback_is_rejected)
{
	must_not_load("bad_psi_offline", "bpf_psi_create_trigger is not allowed");
}

TEST(psi_a_trigger_created_by_an_oom_policy_is_rejected)
{
	must_not_load("bad_oom_trigger", "bpf_psi_create_trigger is not allowed");
}

TEST(psi_a_trigger_created_by_another_program_is_rejected)
{
	must_not_load("bad_trace_trigger", "bpf_psi_create_trigger is not allowed");
}

TEST(declare_in_an_oom_policy_is_rejected)
{
	must_not_load("bad_oom_declare", "bpf_out_of_memory is not allowed");
}

TEST(declare_in_other_struct_ops_is_rejected)
{
	must_not_load("bad_otherops_declare", "bpf_out_of_memory is not allowed");
}

TEST(declare_in_a_program_that_is_not_sleepable_is_rejected)
{
	must_not_load("bad_trace_declare", "sleepable");
}

TEST(declare_in_an_iterator_is_rejected)
{
	must_not_load("bad_iter_declare", "bpf_out_of_memory is not allowed");
}
