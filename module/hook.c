// SPDX-License-Identifier: GPL-2.0-only
/*
 * This module's one registration with the hook
 *
 * OOM policies need the OOM callback, pressure policies those for cgroups. The hook
 * takes one user and costs time while it has one, so the module is registered exactly
 * while a policy of either kind is attached.
 */
#include <linux/mutex.h>
#include <linux/oom_hook.h>

#include "hook.h"

/*
 * Protects hook_users and serialises register and unregister. Nests inside
 * attach_mutex and the struct_ops core's locks, and outside oom_lock. No handler takes
 * it, so unregistering may wait for handlers.
 */
static DEFINE_MUTEX(hook_mutex);
static unsigned int hook_users;

/* Set before the first use. */
static const struct hook_user *user;

/**
 * bpf_oom_hook_init() - set the callbacks
 * @hook_user: the callbacks; must stay valid
 *
 * Context: module init, before the first bpf_oom_hook_get().
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
 * bpf_oom_hook_get() - register with the hook, unless we are registered
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
 * After the last one the hook does not call us any more.
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
 * It is over when its task releases oom_lock. A second registration takes that lock
 * before it fails because the hook has a user.
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
