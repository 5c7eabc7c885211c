// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access to the policy of an attachment
 */
#include "policy/attachment.h"

DEFINE_SRCU(bpf_oom_attach_srcu);

/**
 * bpf_oom_wait_for_programs() - wait until all running policies have returned
 *
 * Context: process context, may sleep; not from a program.
 */
void bpf_oom_wait_for_programs(void)
{
	synchronize_srcu(&bpf_oom_attach_srcu);
}

/**
 * bpf_oom_attached_ops() - get the policy of an attachment
 * @att: the attachment, which must not go away
 * @ops: set to the policy, which is valid until bpf_oom_attached_ops_put()
 *
 * Context: process context.
 * Return: the argument of bpf_oom_attached_ops_put().
 */
int bpf_oom_attached_ops(struct attachment *att, const struct bpf_oom_ops **ops)
	__acquires(&bpf_oom_attach_srcu)
{
	int idx = srcu_read_lock(&bpf_oom_attach_srcu);

	*ops = srcu_dereference(att->ops, &bpf_oom_attach_srcu);
	return idx;
}

/**
 * bpf_oom_attached_ops_put() - release the policy of an attachment
 * @idx: from bpf_oom_attached_ops()
 *
 * Context: process context.
 */
void bpf_oom_attached_ops_put(int idx)
	__releases(&bpf_oom_attach_srcu)
{
	srcu_read_unlock(&bpf_oom_attach_srcu, idx);
}
