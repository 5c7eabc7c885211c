// SPDX-License-Identifier: GPL-2.0-only
/* Data collected while policies are asked: the best candidates, victims, paths */
#include "kernel.h"

#include "oom/note.h"
#include "unit.h"

static struct oom_control oc = { .totalpages = 1000 }, shown;
static struct record record;
static struct decision decision = { .oc = &oc, .shown = &shown, .record = &record };
static struct cgroup root = { .id = 1, .path = "/" };
static struct mm_struct mm = { .rss = 3 };

/* --- stubs of the module's other files and of the hook ---------------------- */

static struct task_struct *kernels_choice;

struct decision *bpf_oom_deciding(struct oom_control *of)
{
	return of == &oc ? &decision : NULL;
}

struct decision *bpf_oom_deciding_now(void)
{
	return &decision;
}

struct task_struct *
oom_hook_select(struct oom_control *of,
		enum oom_hook_verdict (*verdict)(struct oom_control *of,
						 struct task_struct *task, void *arg),
		void *arg)
{
	return kernels_choice;
}

long oom_hook_badness(struct task_struct *task, unsigned long totalpages)
{
	return task->tgid * 10;
}

/* --- candidates ------------------------------------------------------------- */

static struct cgroup *child(struct cgroup *parent, u64 id, const char *path)
{
	struct cgroup *cgrp = calloc(1, sizeof(*cgrp));

	*cgrp = (struct cgroup) { .id = id, .path = path, .parent = parent };
	return cgrp;
}

static struct task_struct *new_task(pid_t pid, const char *comm, struct cgroup *cgrp)
{
	struct task_struct *task = calloc(1, sizeof(*task));

	task->tgid = pid;
	task->uid.val = 1000;
	strscpy(task->comm, comm, sizeof(task->comm));
	task->group_leader = task;
	task->mm = &mm;
	task->cgroup = cgrp;
	return task;
}

/* Considers a cgroup of this id. */
static void consider(u64 id, s64 score)
{
	struct cgroup cgrp = { .id = id, .path = "/a" };

	CHECK_EQ(bpf_oom_note_cgroup(&oc, &cgrp, score, ""), 0);
}

/* The policy ranks a process by the kernel's score, ten times its pid. */
static void rank(pid_t pid, enum oom_hook_verdict verdict)
{
	struct task_struct task = {
		.tgid = pid, .comm = "a", .group_leader = &task, .cgroup = &root
	};

	rcu_read_lock();
	bpf_oom_note_ranked(&decision, &task, verdict);
	rcu_read_unlock();
}

/* The listed ids or pids, in order */
static const char *listed(void)
{
	static char list[400];
	const struct record_candidate *c;
	unsigned int i;
	size_t len = 0;

	list[0] = '\0';
	for (i = 0; i < record.nr_candidates; i++) {
		c = &record.candidates[i];
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%llu%s",
					i ? " " : "", c->pid ? (u64)c->pid : c->cgroup_id,
					c->chosen ? "!" : "");
	}
	return list;
}

TEST(candidates_are_listed_best_first)
{
	consider(10, 5);
	consider(11, 7);
	consider(12, -3);
	consider(13, 6);
	CHECK_STR(listed(), "11 13 10 12");
	CHECK_EQ(record.nr_considered, 4);
}

TEST(candidates_of_the_same_score_stay_in_their_order)
{
	consider(10, 5);
	consider(11, 5);
	consider(12, 5);
	CHECK_STR(listed(), "10 11 12");
}

TEST(candidates_with_the_least_and_the_greatest_score_are_told_apart)
{
	consider(10, 0);
	consider(11, (s64)(1ULL << 63));
	consider(12, (s64)(-1ULL >> 1));
	CHECK_STR(listed(), "12 10 11");
}

/* Considers cgroups with ids from 10 and scores of 100, 101 and so on. */
static void consider_many(unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		consider(10 + i, 100 + i);
}

TEST(candidates_16_are_kept)
{
	consider_many(16);
	CHECK_EQ(record.nr_candidates, 16);
	CHECK_STR(listed(), "25 24 23 22 21 20 19 18 17 16 15 14 13 12 11 10");
}

TEST(candidates_the_17th_takes_the_place_of_the_last_if_it_is_better)
{
	consider_many(16);
	consider(99, 101);
	CHECK_EQ(record.nr_candidates, 16);
	CHECK_EQ(record.nr_considered, 17);
	CHECK_STR(listed(), "25 24 23 22 21 20 19 18 17 16 15 14 13 12 11 99");
}

TEST(candidates_the_17th_is_counted_only_if_it_is_as_good_as_the_last)
{
	consider_many(16);
	consider(99, 100);
	CHECK_EQ(record.nr_considered, 17);
	CHECK_STR(listed(), "25 24 23 22 21 20 19 18 17 16 15 14 13 12 11 10");
}

TEST(candidates_the_best_of_many_are_kept_in_any_order)
{
	unsigned int i;

	/* 7 and 1000 have no common factor, so this has all scores from 0 to 999. */
	for (i = 0; i < 1000; i++)
		consider(1000 + i * 7 % 1000, i * 7 % 1000);
	CHECK_EQ(record.nr_considered, 1000);
	CHECK_STR(listed(), "1999 1998 1997 1996 1995 1994 1993 1992 1991 1990 1989 1988 1987 1986 1985 1984");
}

TEST(candidates_told_again_have_the_new_score)
{
	consider(10, 5);
	consider(11, 6);
	consider(10, 7);
	CHECK_STR(listed(), "10 11");
	CHECK_EQ(record.candidates[0].score, 7);
	CHECK_EQ(record.nr_considered, 2);
}

TEST(candidates_told_again_in_a_full_list_push_nobody_out)
{
	consider_many(16);
	consider(25, 1);
	CHECK_STR(listed(), "24 23 22 21 20 19 18 17 16 15 14 13 12 11 10 25");
	CHECK_EQ(record.nr_considered, 16);
}

TEST(candidates_a_process_is_not_its_cgroup)
{
	struct task_struct *task = new_task(5, "task", child(&root, 10, "/a"));

	consider(10, 5);
	CHECK_EQ(bpf_oom_note_task(&oc, task, 6), 0);
	CHECK_STR(listed(), "5 10");
	free(task->cgroup);
	free(task);
}

TEST(candidates_two_processes_of_a_cgroup_are_two)
{
	struct task_struct *a = new_task(5, "a", &root), *other = new_task(6, "b", &root);

	bpf_oom_note_task(&oc, a, 1);
	bpf_oom_note_task(&oc, other, 2);
	CHECK_STR(listed(), "6 5");
	free(a);
	free(other);
}

TEST(candidates_of_another_oom_are_refused)
{
	struct oom_control other = {};

	CHECK_EQ(bpf_oom_note_cgroup(&other, &root, 1, ""), -EINVAL);
	CHECK_EQ(bpf_oom_note_task(&other, current, 1), -EINVAL);
	CHECK_EQ(record.nr_considered, 0);
}

TEST(candidates_have_the_reason_why_they_are_passed_over)
{
	char why[RECORD_WHY + 10];

	memset(why, 'w', sizeof(why));
	why[sizeof(why) - 1] = '\0';
	CHECK_EQ(bpf_oom_note_cgroup(&oc, &root, 1, why), 0);
	CHECK_EQ(strlen(record.candidates[0].why), RECORD_WHY - 1);
	CHECK_STR(record.candidates[0].text, "/");
}

/* --- ranking ---------------------------------------------------------------- */

TEST(candidates_ranked_say_what_the_policy_thought)
{
	rank(5, OOM_HOOK_DEFAULT);
	rank(6, OOM_HOOK_SKIP);
	rank(7, OOM_HOOK_ABORT);
	CHECK_STR(listed(), "7 6 5");
	CHECK_STR(record.candidates[0].why, "the policy ended the scan at it");
	CHECK_STR(record.candidates[1].why, "the policy skipped it");
	CHECK_STR(record.candidates[2].why, "");
	CHECK_EQ(record.candidates[2].score, 50);
}

TEST(candidates_ranked_have_the_score_that_the_policy_told)
{
	struct task_struct task = { .tgid = 5, .comm = "a", .group_leader = &task,
				    .cgroup = &root };

	CHECK_EQ(bpf_oom_note_task(&shown, &task, -4), 0);
	CHECK_EQ(record.nr_considered, 0);
	rank(5, OOM_HOOK_DEFAULT);
	CHECK_EQ(record.candidates[0].score, -4);
}

TEST(candidates_only_the_one_selected_last_is_chosen)
{
	rank(5, OOM_HOOK_SELECT);
	rank(6, OOM_HOOK_SELECT);
	rank(7, OOM_HOOK_DEFAULT);
	CHECK_STR(listed(), "7 6! 5");
}

TEST(candidates_the_chosen_one_stays_however_many_are_better)
{
	pid_t pid;

	rank(1, OOM_HOOK_SELECT);
	for (pid = 10; pid < 50; pid++)
		rank(pid, OOM_HOOK_DEFAULT);
	CHECK_STR(listed(), "49 48 47 46 45 44 43 42 41 40 39 38 37 36 35 1!");
	CHECK_EQ(record.nr_considered, 41);
}

TEST(candidates_the_chosen_one_comes_in_however_many_are_better)
{
	pid_t pid;

	for (pid = 10; pid < 26; pid++)
		rank(pid, OOM_HOOK_DEFAULT);
	rank(1, OOM_HOOK_SELECT);
	CHECK_STR(listed(), "25 24 23 22 21 20 19 18 17 16 15 14 13 12 11 1!");
}

TEST(candidates_ranked_are_not_noted_without_explain)
{
	CHECK_EQ(kernel_set_param("explain", "0"), 0);
	rank(5, OOM_HOOK_SELECT);
	CHECK_EQ(record.nr_considered, 0);
}

/* --- victims ---------------------------------------------------------------- */

TEST(candidates_the_best_cgroup_that_the_victim_is_in_was_chosen)
{
	struct cgroup *a = child(&root, 10, "/a"), *ab = child(a, 11, "/a/b");
	struct task_struct *task = new_task(5, "victim", ab);

	consider(12, 9);
	consider(10, 8);
	consider(11, 7);
	bpf_oom_note_kill(&decision, task, "large", 0);
	CHECK_STR(listed(), "12 10! 11");
	CHECK_EQ(record.victim.pid, 5);
	CHECK_EQ(record.victim.uid, 1000);
	CHECK_EQ(record.victim.rss_kb, 12);
	CHECK_STR(record.victim.comm, "victim");
	CHECK_STR(record.victim.cgroup, "/a/b");
	CHECK_STR(record.reason, "large");
	free(task);
	free(ab);
	free(a);
}

TEST(candidates_that_were_passed_over_were_not_chosen)
{
	struct cgroup *a = child(&root, 10, "/a");
	struct task_struct *task = new_task(5, "victim", a);

	CHECK_EQ(bpf_oom_note_cgroup(&oc, a, 9, "it is protected"), 0);
	consider(1, 2);
	bpf_oom_note_kill(&decision, task, "large", 0);
	CHECK_STR(listed(), "10 1!");
	free(task);
	free(a);
}

TEST(victim_of_a_refused_kill_is_not_noted)
{
	struct task_struct *task = new_task(5, "init", &root);

	bpf_oom_note_kill(&decision, task, "large", -EPERM);
	CHECK_EQ(record.victim.pid, 0);
	CHECK_EQ(record.kills, 0);
	free(task);
}

TEST(victim_that_is_waited_for_gives_way_to_one_that_is_killed)
{
	struct task_struct *a = new_task(5, "a", &root), *other = new_task(6, "b", &root);

	bpf_oom_note_wait(&decision, a);
	CHECK_EQ(record.victim.pid, 5);
	bpf_oom_note_kill(&decision, other, "large", 0);
	CHECK_EQ(record.victim.pid, 6);
	bpf_oom_note_wait(&decision, a);
	CHECK_EQ(record.victim.pid, 6);
	free(a);
	free(other);
}

/* The first thread has exited, but the process still has its name. */
TEST(victim_has_the_memory_that_its_second_thread_has)
{
	struct task_struct *first = new_task(5, "first", &root);
	struct task_struct *second = new_task(5, "second", &root);

	first->mm = NULL;
	first->next_thread = second;
	second->group_leader = first;
	bpf_oom_note_kill(&decision, second, "", 0);
	CHECK_EQ(record.victim.rss_kb, 12);
	CHECK_STR(record.victim.comm, "first");
	free(first);
	free(second);
}

TEST(victim_that_has_been_reaped_is_described_without_its_threads)
{
	struct task_struct *task = new_task(5, "gone", &root);

	task->reaped = true;
	task->group_leader = (void *)-1UL;
	bpf_oom_note_kill(&decision, task, "", 0);
	CHECK_STR(record.victim.comm, "gone");
	CHECK_EQ(record.victim.rss_kb, 0);
	free(task);
}

TEST(kernel_rule_says_whom_it_would_kill)
{
	kernels_choice = new_task(5, "largest", &root);
	bpf_oom_note_kernel(&decision);
	CHECK_STR(record.kernel, "kill");
	CHECK_EQ(record.kernel_pid, 5);
	CHECK_EQ(record.kernel_score, 50);
	CHECK_STR(record.kernel_comm, "largest");
	CHECK_EQ(kernels_choice->references, -1);
	free(kernels_choice);
}

TEST(kernel_rule_tells_a_victim_on_its_way_from_nobody)
{
	bpf_oom_note_kernel(&decision);
	CHECK_STR(record.kernel, "none");
	kernels_choice = ERR_PTR(-EINPROGRESS);
	bpf_oom_note_kernel(&decision);
	CHECK_STR(record.kernel, "wait");
	CHECK_EQ(record.kernel_pid, 0);
}

TEST(kernel_rule_is_not_asked_for_without_explain)
{
	CHECK_EQ(kernel_set_param("explain", "0"), 0);
	bpf_oom_note_kernel(&decision);
	CHECK(!record.kernel, "kernel is %s", record.kernel);
}

TEST(decline_reason_is_cut_to_its_room)
{
	char why[2 * RECORD_WHY];

	memset(why, 'w', sizeof(why));
	why[sizeof(why) - 1] = '\0';
	CHECK_EQ(bpf_oom_note_decline(&oc, why), 0);
	CHECK_EQ(strlen(decision.answer.reason), RECORD_WHY - 1);
	CHECK_EQ(bpf_oom_note_decline(&shown, why), -EINVAL);
}

/* --- paths ------------------------------------------------------------------ */

/* Uses a heap buffer of exactly @size, so that the sanitizer detects an overflow. */
static const char *path_in(const char *path, size_t size)
{
	static char copy[PATH_MAX];
	struct cgroup cgrp = { .id = 10, .path = path };
	char *to = malloc(size);

	bpf_oom_note_path(&cgrp, to, size);
	strscpy(copy, to, sizeof(copy));
	free(to);
	return copy;
}

TEST(path_that_just_fits_is_whole)
{
	CHECK_STR(path_in("/abc/defg", 10), "/abc/defg");
}

TEST(path_that_is_one_too_long_has_its_end)
{
	CHECK_STR(path_in("/abc/defgh", 10), ".../defgh");
}

TEST(path_of_a_thousand_levels_has_its_end)
{
	char path[4001];
	unsigned int i;

	for (i = 0; i < 1000; i++)
		sprintf(path + 4 * i, "/%03u", i);
	CHECK_STR(path_in(path, 12), ".../998/999");
}

TEST(path_is_left_out_where_its_lock_may_sleep)
{
	kernel_preempt_rt = true;
	kernel_preemptible = false;
	CHECK_STR(path_in("/abc", 10), "...");
	kernel_preemptible = true;
	CHECK_STR(path_in("/abc", 10), "/abc");
}
