/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files that handle an OOM share: dispatch.c asks, relief.c acts. */
#ifndef _BPF_OOM_DISPATCH_H
#define _BPF_OOM_DISPATCH_H

#include "internal.h"

/**
 * struct decision - an OOM that is being handled
 * @oc: the OOM
 * @task: whose failed allocation brought it here; only it may act
 * @att: the attachment that is being asked
 * @ops: its policy, as it was when it was asked
 * @asked: policies asked so far
 * @kills: processes that this policy has killed
 * @dying: it chose one that had been killed before and is on its way out
 */
struct decision {
	struct oom_control *oc;
	struct task_struct *task;
	struct attachment *att;
	const struct bpf_oom_ops *ops;
	unsigned int asked;
	unsigned int kills;
	bool dying;
};

/* dispatch.c */

struct decision *bpf_oom_deciding(struct oom_control *oc);

#endif /* _BPF_OOM_DISPATCH_H */
