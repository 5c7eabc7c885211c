// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one registration with the hook, for everybody in this module
 *
 * OOM policies want to be asked about OOMs and PSI policies to hear of cgroups.
 * The hook has one user and costs something while it has one, so we are
 * registered exactly while there is a policy of either kind.
 */
#include <linux/mutex.h>
#include <linux/oom_hook.h>

#include "hook.h"

/*
 * Protects hook_users and keeps a registration and its end from overlapping.
 * Taken inside attach_mutex and the struct_ops core's locks; oom_lock is taken
 * inside it. No handler takes it, so the end may wait for handlers.
 */
static DEFINE_MUTEX(hook_mutex);
static unsigned int hook_users;

/* Set before the first use. */
static const struct hook_user *user;

/**
 * bpf_oom_hook_init() - say what is to be called
 * @hook_user: that; must stay valid
 *
 * Context: module init, before anybody uses the hook.
 */
void bpf_oom_hook_init(const struct hook_user *hook_user)
{
	user = hook_user;
}

static int listen(void)
{
	int ret;

	ret = user->begin();
	if (ret)
		return ret;
	ret = oom_hook_register(&user->ops);
	if (ret)
		user->end();
	return ret;
}

/**
 * bpf_oom_hook_get() - be called through the hook
 *
 * Context: process context, may sleep.
 * Return: 0, or an error of oom_hook_register().
 */
int bpf_oom_hook_get(void)
{
	int ret = 0;

	mutex_lock(&hook_mutex);
	if (!hook_users)
		ret = listen();
	if (!ret)
		hook_users++;
	mutex_unlock(&hook_mutex);
	return ret;
}

/**
 * bpf_oom_hook_put() - undo one bpf_oom_hook_get()
 *
 * After the last one nothing of ours is called by the hook any more.
 *
 * Context: process context, may sleep, waits for an OOM that is being handled.
 */
void bpf_oom_hook_put(void)
{
	mutex_lock(&hook_mutex);
	if (!--hook_users) {
		oom_hook_unregister(&user->ops);
		user->end();
	}
	mutex_unlock(&hook_mutex);
}

/**
 * bpf_oom_hook_wait() - wait until the OOM that is being handled is over
 *
 * That is, until its task has given up oom_lock. Registering takes that lock before it
 * finds that somebody, we, is registered.
 *
 * Context: process context, may sleep; not from a handler.
 */
void bpf_oom_hook_wait(void)
{
	mutex_lock(&hook_mutex);
	if (hook_users)
		WARN_ON_ONCE(oom_hook_register(&user->ops) != -EBUSY);
	mutex_unlock(&hook_mutex);
}
