// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cause OOMs that user space cannot cause, and be another user of the hook
 *
 * Commands are written to /proc/hooktest, and the result of the last command is read
 * from it. CG is a cgroup id, 0 for the whole system.
 *
 *	oom CG		out_of_memory() as called for a GFP_KERNEL allocation, when
 *			there is no room in the cgroup
 *	late CG		the same, but there is room again
 *	nofs CG		the same with GFP_NOFS
 *	dying CG	wait to be killed, then the same with GFP_KERNEL
 *	frozen MS	the same for the whole system, from a worker on the last CPU,
 *			so long after tasks begin to be frozen
 *	block		sleep and do not wake up for a signal, but
 *	unblock		wakes up all tasks that sleep so
 *	victims		how many victims of the OOM killer are exiting
 *	slowfree MS	have victims free their unmapped memory so much later; 0: no more
 *	declare CG ORDER WAIT [TEXT]	oom_hook_declare()
 *	notifier KIND	register an OOM notifier, 0: remove it; its calls are counted, and
 *			1: it claims to have freed a page, 2: and declares an OOM
 *			while one is being handled; 3: it claims so at its second
 *			call only; 4: it sets vm.panic_on_oom to 2; 5: it sets
 *			oom_score_adj of every process to -1000; 6: nothing
 *	user 0|1	register with the hook: decline each OOM, count its domain
 *	select PID OWN OTHER	so registered, kill the task that oom_hook_select()
 *			selects with verdict OWN on PID and OTHER on all others;
 *			0 0 0: decline
 *	rehearse CG	oom_hook_rehearse()
 *	badness PID	oom_hook_badness() for the size of the system
 *	selection	how long the last oom_hook_select() took, in ns
 *	mm PID		hold a process's mm_struct after its memory is free; 0: no more
 *	holders		how many references that has, with this one
 *	hold NR		hold a reference to an attachment of bpf_oom; 0: no more
 *	psi CG RES FULL US WINDOW	create a pressure trigger; 0: destroy it
 *	counts		"notified asked scanned in_domain online offline pressed
 *			selected may": selected is a PID, 0 or an error, may what
 *			oom_hook_may_kill() said of it
 */
#include <linux/cgroup.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/freezer.h>
#include <linux/kernfs.h>
#include <linux/kobject.h>
#include <linux/kprobes.h>
#include <linux/maple_tree.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/oom.h>
#include <linux/oom_hook.h>
#include <linux/proc_fs.h>
#include <linux/rcupdate.h>
#include <linux/sched/coredump.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "klp.h"

/* 6.18 has accessors for the flags of an mm. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
#define mm_flags_test(flag, mm) test_bit(flag, &(mm)->flags)
#endif

/* Serializes commands; not held during OOMs, so that they can race. */
static DEFINE_MUTEX(command_lock);
static char result_text[96];
static atomic_t notified, asked, scanned, in_domain, online, offline, pressed;
static atomic_t selected, may;
static atomic64_t selection_ns;

/* Valid while the caller holds @cgrp, which is NULL for the system and on an error. */
static struct mem_cgroup *memcg_of(u64 id, struct cgroup **cgrp)
{
	struct cgroup_subsys_state *css = NULL;
	struct cgroup *found;

	*cgrp = NULL;
	if (!id)
		return NULL;
	found = cgroup_get_from_id(id);
	if (IS_ERR(found))
		return ERR_CAST(found);
#ifdef CONFIG_MEMCG
	css = rcu_dereference_raw(found->subsys[memory_cgrp_id]);
#endif
	if (!css) {
		cgroup_put(found);
		return ERR_PTR(-ENODEV);
	}
	*cgrp = found;
	return mem_cgroup_from_css(css);
}

/* Calls out_of_memory() with the cgroup's usage raised to its limit. */
static bool oom_without_room(struct oom_control *oc)
{
	atomic_long_t *usage = NULL;
	long rest = 0;
	bool ret;

#ifdef CONFIG_MEMCG
	if (oc->memcg) {
		usage = &oc->memcg->memory.usage;
		rest = READ_ONCE(oc->memcg->memory.max) - atomic_long_read(usage);
	}
#endif
	if (rest > 0)
		atomic_long_add(rest, usage);
	ret = out_of_memory(oc);
	if (rest > 0)
		atomic_long_sub(rest, usage);
	return ret;
}

static long run_oom(u64 id, gfp_t gfp, bool room)
{
	struct oom_control oc = { .gfp_mask = gfp };
	struct cgroup *cgrp;
	long ret;

	oc.memcg = memcg_of(id, &cgrp);
	if (IS_ERR(oc.memcg))
		return PTR_ERR(oc.memcg);
	mutex_lock(&oom_lock);
	ret = room ? out_of_memory(&oc) : oom_without_room(&oc);
	mutex_unlock(&oom_lock);
	if (cgrp)
		cgroup_put(cgrp);
	return ret;
}

static long run_declare(u64 id, int order, bool wait, const char *text)
{
	typeof(oom_hook_declare) *declare = symbol_get(oom_hook_declare);
	struct mem_cgroup *memcg;
	struct cgroup *cgrp;
	long ret;

	if (!declare)
		return -EOPNOTSUPP;
	memcg = memcg_of(id, &cgrp);
	ret = IS_ERR(memcg) ? PTR_ERR(memcg) : declare(memcg, order, wait, text);
	if (cgrp)
		cgroup_put(cgrp);
	symbol_put(oom_hook_declare);
	return ret;
}

/*
 * Is the task, or the freeing of its memory, not done yet? Only this module sees the
 * latter.
 */
static bool is_on_its_way(struct task_struct *p)
{
	struct mm_struct *mm = p->signal->oom_mm;

	if (!mm)
		return false;
	return !mm_flags_test(MMF_OOM_SKIP, mm) ||
	       (!atomic_read(&mm->mm_users) && !mtree_empty(&mm->mm_mt));
}

static long count_victims(void)
{
	struct task_struct *p;
	long nr = 0;

	rcu_read_lock();
	for_each_process(p)
		nr += is_on_its_way(p);
	rcu_read_unlock();
	return nr;
}

static long run_rehearsal(u64 id)
{
	typeof(oom_hook_rehearse) *rehearse = symbol_get(oom_hook_rehearse);
	struct mem_cgroup *memcg;
	struct cgroup *cgrp;
	long ret;

	if (!rehearse)
		return -EOPNOTSUPP;
	memcg = memcg_of(id, &cgrp);
	ret = IS_ERR(memcg) ? PTR_ERR(memcg) : rehearse(memcg);
	if (cgrp)
		cgroup_put(cgrp);
	symbol_put(oom_hook_rehearse);
	return ret;
}

static long get_badness(int pid)
{
	typeof(oom_hook_badness) *badness = symbol_get(oom_hook_badness);
	struct task_struct *task;
	long ret = -ESRCH;

	if (!badness)
		return -EOPNOTSUPP;
	rcu_read_lock();
	task = pid_task(find_vpid(pid), PIDTYPE_PID);
	if (task)
		ret = badness(task, totalram_pages());
	rcu_read_unlock();
	symbol_put(oom_hook_badness);
	return ret;
}

/* Limits freezing, and waiting for it. */
#define FREEZE_MS 60000

static unsigned int frozen_ms;

static void oom_frozen(struct work_struct *work)
{
	for (int ms = 0; !static_branch_unlikely(&freezer_active) && ms < FREEZE_MS; ms += 20)
		msleep(20);
	msleep(frozen_ms);
	pr_info("hooktest: frozen: %ld\n", run_oom(0, GFP_KERNEL, false));
}

static DECLARE_WORK(frozen_work, oom_frozen);

enum notifier_kind {
	NOTIFIER_NONE,
	NOTIFIER_FREES,
	NOTIFIER_DECLARES,
	NOTIFIER_FREES_SECOND,
	NOTIFIER_PANICS,
	NOTIFIER_PROTECTS,
	NOTIFIER_COUNTS,
};

static enum notifier_kind notifier_kind;
static int notifier_calls;

static void protect_all(void)
{
	struct task_struct *p;

	rcu_read_lock();
	for_each_process(p)
		p->signal->oom_score_adj = OOM_SCORE_ADJ_MIN;
	rcu_read_unlock();
}

/* Returns the number of pages that the notifier claims to have freed. */
static unsigned long run_notifier(void)
{
	switch (notifier_kind) {
	case NOTIFIER_DECLARES:
		pr_info("hooktest: declared by a notifier: %ld\n",
			run_declare(0, 0, true, NULL));
		return 1;
	case NOTIFIER_FREES:
		return 1;
	case NOTIFIER_FREES_SECOND:
		return notifier_calls == 2;
	case NOTIFIER_PANICS:
		sysctl_panic_on_oom = 2;
		return 0;
	case NOTIFIER_PROTECTS:
		protect_all();
		return 0;
	default:
		return 0;
	}
}

static int notify(struct notifier_block *nb, unsigned long action, void *data)
{
	unsigned long *freed = data;

	atomic_inc(&notified);
	notifier_calls++;
	*freed += run_notifier();
	return NOTIFY_OK;
}

static struct notifier_block notifier = { .notifier_call = notify };
static bool registered;

static int count_task(struct task_struct *task, void *arg)
{
	typeof(oom_hook_in_domain) *inside = symbol_get(oom_hook_in_domain);

	atomic_inc(&scanned);
	if (inside(arg, task))
		atomic_inc(&in_domain);
	symbol_put(oom_hook_in_domain);
	return 0;
}

static struct {
	int pid;
	enum oom_hook_verdict own, other;
} ranking;

static enum oom_hook_verdict rank(struct oom_control *oc,
				  struct task_struct *task, void *arg)
{
	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "a verdict without RCU");
	return task->tgid == ranking.pid ? ranking.own : ranking.other;
}

static bool kill_selected(struct oom_control *oc)
{
	typeof(oom_hook_select) *sel = symbol_get(oom_hook_select);
	typeof(oom_hook_kill) *kill = symbol_get(oom_hook_kill);
	typeof(oom_hook_may_kill) *may_kill = symbol_get(oom_hook_may_kill);
	struct task_struct *task;
	bool relief = false;
	u64 ns;

	ns = ktime_get_ns();
	task = sel(oc, rank, NULL);
	atomic64_set(&selection_ns, ktime_get_ns() - ns);

	if (IS_ERR_OR_NULL(task)) {
		atomic_set(&selected, PTR_ERR_OR_ZERO(task));
	} else {
		atomic_set(&selected, task->tgid);
		atomic_set(&may, may_kill(oc, task));
		relief = kill(oc, task, "hooktest") >= 0;
		put_task_struct(task);
	}
	symbol_put(oom_hook_may_kill);
	symbol_put(oom_hook_kill);
	symbol_put(oom_hook_select);
	return relief;
}

static bool handle(struct oom_control *oc)
{
	typeof(oom_hook_scan) *scan = symbol_get(oom_hook_scan);

	atomic_inc(&asked);
	scan(oc, count_task, oc);
	symbol_put(oom_hook_scan);
	return ranking.own || ranking.other ? kill_selected(oc) : false;
}

static void count_online(struct cgroup *cgrp)
{
	atomic_inc(&online);
}

static void count_offline(struct cgroup *cgrp)
{
	atomic_inc(&offline);
}

static const struct oom_hook_ops user_ops = {
	.handle_oom = handle,
	.cgroup_online = count_online,
	.cgroup_offline = count_offline,
};

static struct oom_hook_psi *psi;

static void count_pressed(void *arg)
{
	atomic_inc(arg);
}

static long end_psi(void)
{
	typeof(oom_hook_psi_destroy) *destroy = symbol_get(oom_hook_psi_destroy);

	if (!destroy)
		return -EOPNOTSUPP;
	destroy(psi);
	/* The references of this function and of the trigger */
	if (psi)
		symbol_put(oom_hook_psi_destroy);
	symbol_put(oom_hook_psi_destroy);
	psi = NULL;
	return 0;
}

static long set_psi(u64 id, u32 resource, u32 full, u32 us, u32 window)
{
	typeof(oom_hook_psi_create) *create = symbol_get(oom_hook_psi_create);
	struct cgroup *cgrp = NULL;
	long ret;

	if (!create || psi)
		return -EBUSY;
	if (id) {
		cgrp = cgroup_get_from_id(id);
		if (IS_ERR(cgrp)) {
			ret = PTR_ERR(cgrp);
			goto out_put_symbol;
		}
	}
	psi = create(cgrp, resource, full, us, window, count_pressed, &pressed);
	ret = PTR_ERR_OR_ZERO(psi);
	if (cgrp)
		cgroup_put(cgrp);
	/* Keep the reference: the shim has to stay while it has a trigger. */
	if (!ret)
		return 0;
	psi = NULL;
out_put_symbol:
	symbol_put(oom_hook_psi_create);
	return ret;
}

static long set_user(bool on)
{
	typeof(oom_hook_register) *reg = symbol_get(oom_hook_register);
	typeof(oom_hook_unregister) *unreg = symbol_get(oom_hook_unregister);
	long ret = -EINVAL;

	if (!reg || !unreg)
		return -EOPNOTSUPP;
	if (on && !registered)
		ret = reg(&user_ops);
	else if (!on && registered)
		unreg(&user_ops), ret = 0;
	if (!ret)
		registered = on;
	symbol_put(oom_hook_unregister);
	symbol_put(oom_hook_register);
	return ret;
}

static long set_notifier(enum notifier_kind kind)
{
	if (!kind == !notifier_kind)
		return -EINVAL;
	notifier_kind = kind;
	notifier_calls = 0;
	return kind ? register_oom_notifier(&notifier) :
		      unregister_oom_notifier(&notifier);
}

static long run_dying(u64 id)
{
	long ret;

	pr_info("hooktest: dying, waits to be killed\n");
	while (!fatal_signal_pending(current))
		schedule_timeout_killable(HZ / 10);
	/* No process is left to read the result. */
	pr_info("hooktest: dying, out of memory\n");
	ret = run_oom(id, GFP_KERNEL, false);
	pr_info("hooktest: dying: %ld\n", ret);
	return ret;
}

static DECLARE_WAIT_QUEUE_HEAD(blocked);
static atomic_t unblocked;

/*
 * When killed, the task keeps its memory until the OOM reaper comes. The sleep is
 * limited in case a failed test forgets to end it.
 */
static long run_block(void)
{
	int before = atomic_read(&unblocked);

	wait_event_timeout(blocked, atomic_read(&unblocked) != before, 60 * HZ);
	return 0;
}

static long run_unblock(void)
{
	atomic_inc(&unblocked);
	wake_up_all(&blocked);
	return 0;
}

/* The probed function frees all pages that were collected at the end of an mm. */
static unsigned int slowfree_ms;

static int slow_down(struct kprobe *p, struct pt_regs *regs)
{
	if (current->flags & PF_EXITING && current->signal->oom_mm)
		mdelay(slowfree_ms);
	return 0;
}

static struct kprobe slowfree = {
	.symbol_name = "tlb_finish_mmu",
	.pre_handler = slow_down,
};

static long set_slowfree(unsigned int ms)
{
	int ret;

	if (slowfree_ms)
		unregister_kprobe(&slowfree);
	slowfree_ms = 0;
	if (!ms)
		return 0;
	/*
	 * A kprobe keeps its address, and cannot be registered with both name and
	 * address.
	 */
	slowfree.addr = NULL;
	ret = register_kprobe(&slowfree);
	if (!ret)
		slowfree_ms = ms;
	return ret;
}

static struct mm_struct *held_mm;

static long hold_mm(int pid)
{
	struct task_struct *task;
	struct mm_struct *mm;

	if (held_mm)
		mmdrop(held_mm);
	held_mm = NULL;
	if (!pid)
		return 0;
	task = get_pid_task(find_vpid(pid), PIDTYPE_PID);
	if (!task)
		return -ESRCH;
	mm = get_task_mm(task);
	put_task_struct(task);
	if (!mm)
		return -ESRCH;
	mmgrab(mm);
	mmput(mm);
	held_mm = mm;
	return 0;
}

static struct kobject *held_kobj;

/* The attachment must be attached. */
static long hold_attachment(const char *nr)
{
	const char * const names[] = { "bpf_oom", "attachments", nr };
	struct kernfs_node *kn = kernel_kobj->sd, *parent;

	kobject_put(held_kobj);
	held_kobj = NULL;
	if (strcmp(nr, "0") == 0)
		return 0;
	kernfs_get(kn);
	for (int i = 0; i < ARRAY_SIZE(names) && kn; i++) {
		parent = kn;
		kn = kernfs_find_and_get(parent, names[i]);
		kernfs_put(parent);
	}
	if (!kn)
		return -ENOENT;
	held_kobj = kobject_get(kn->priv);
	kernfs_put(kn);
	return 0;
}

static long set_ranking(int pid, int own, int other)
{
	ranking.pid = pid;
	ranking.own = own;
	ranking.other = other;
	return 0;
}

static long run_command(const char *cmd)
{
	unsigned int a, b, c, d;
	char text[32];
	u64 id;

	if (sscanf(cmd, "oom %llu", &id) == 1)
		return run_oom(id, GFP_KERNEL, false);
	if (sscanf(cmd, "late %llu", &id) == 1)
		return run_oom(id, GFP_KERNEL, true);
	if (sscanf(cmd, "rehearse %llu", &id) == 1)
		return run_rehearsal(id);
	if (strcmp(cmd, "selection") == 0)
		return atomic64_read(&selection_ns);
	if (sscanf(cmd, "badness %u", &a) == 1)
		return get_badness(a);
	if (sscanf(cmd, "nofs %llu", &id) == 1)
		return run_oom(id, GFP_NOFS, false);
	if (sscanf(cmd, "dying %llu", &id) == 1)
		return run_dying(id);
	if (sscanf(cmd, "declare %llu %d %u %31s", &id, &a, &b, text) == 4)
		return run_declare(id, a, b, text);
	if (sscanf(cmd, "declare %llu %d %u", &id, &a, &b) == 3)
		return run_declare(id, a, b, NULL);
	if (sscanf(cmd, "select %u %u %u", &a, &b, &c) == 3)
		return set_ranking(a, b, c);
	if (sscanf(cmd, "mm %u", &a) == 1)
		return hold_mm(a);
	if (strcmp(cmd, "holders") == 0)
		return held_mm ? atomic_read(&held_mm->mm_count) : 0;
	if (sscanf(cmd, "hold %31s", text) == 1)
		return hold_attachment(text);
	if (strcmp(cmd, "victims") == 0)
		return count_victims();
	if (strcmp(cmd, "block") == 0)
		return run_block();
	if (strcmp(cmd, "unblock") == 0)
		return run_unblock();
	if (sscanf(cmd, "slowfree %u", &a) == 1)
		return set_slowfree(a);
	if (sscanf(cmd, "frozen %u", &frozen_ms) == 1)
		return queue_work_on(cpumask_last(cpu_online_mask), system_long_wq,
				     &frozen_work);
	if (sscanf(cmd, "notifier %u", &a) == 1)
		return set_notifier(a);
	if (sscanf(cmd, "psi %llu %u %u %u %u", &id, &a, &b, &c, &d) == 5)
		return set_psi(id, a, b, c, d);
	if (strcmp(cmd, "psi 0") == 0)
		return end_psi();
	if (sscanf(cmd, "user %u", &a) == 1)
		return set_user(a);
	return -EINVAL;
}

static ssize_t hooktest_write(struct file *file, const char __user *ubuf,
			      size_t len, loff_t *pos)
{
	char cmd[64] = "";
	long ret;

	if (len >= sizeof(cmd) || copy_from_user(cmd, ubuf, len))
		return -EINVAL;
	if (strncmp(cmd, "counts", 6) == 0) {
		mutex_lock(&command_lock);
		snprintf(result_text, sizeof(result_text),
			 "%d %d %d %d %d %d %d %d %d\n", atomic_read(&notified),
			 atomic_read(&asked), atomic_read(&scanned),
			 atomic_read(&in_domain), atomic_read(&online),
			 atomic_read(&offline), atomic_read(&pressed),
			 atomic_read(&selected), atomic_read(&may));
		mutex_unlock(&command_lock);
		return len;
	}
	ret = run_command(cmd);
	mutex_lock(&command_lock);
	snprintf(result_text, sizeof(result_text), "%ld\n", ret);
	mutex_unlock(&command_lock);
	return len;
}

static ssize_t hooktest_read(struct file *file, char __user *ubuf, size_t len,
			     loff_t *pos)
{
	return simple_read_from_buffer(ubuf, len, pos, result_text,
				       strlen(result_text));
}

static const struct proc_ops hooktest_ops = {
	.proc_read = hooktest_read,
	.proc_write = hooktest_write,
};

static int __init hooktest_init(void)
{
	return proc_create("hooktest", 0600, NULL, &hooktest_ops) ? 0 : -ENOMEM;
}
module_init(hooktest_init);

static void __exit hooktest_exit(void)
{
	/* Otherwise removing the entry would wait for blocked tasks. */
	run_unblock();
	remove_proc_entry("hooktest", NULL);
	cancel_work_sync(&frozen_work);
	set_slowfree(0);
	hold_mm(0);
	hold_attachment("0");
	if (notifier_kind)
		set_notifier(NOTIFIER_NONE);
	if (registered)
		set_user(false);
	if (psi)
		end_psi();
}
module_exit(hooktest_exit);

MODULE_DESCRIPTION("The kernel's part in the tests of bpf-oom");
MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
