// SPDX-License-Identifier: GPL-2.0-only
/*
 * The workqueue that runs the callbacks of pressure policies
 */
#include <linux/errno.h>
#include <linux/workqueue.h>

#include "psi/psi_policy.h"

/*
 * Callbacks must run when memory is short (WQ_MEM_RECLAIM: a rescuer needs no
 * allocation) and soon (WQ_HIGHPRI), and may take long (WQ_UNBOUND).
 */
static struct workqueue_struct *psi_wq;

/**
 * bpf_psi_queue() - queue the callbacks for what has been noted
 * @p: the policy
 *
 * Context: any.
 */
void bpf_psi_queue(struct psi_policy *p)
{
	queue_work(psi_wq, &p->work);
}

int bpf_psi_queue_init(void)
{
	psi_wq = alloc_workqueue("bpf_psi",
				 WQ_MEM_RECLAIM | WQ_UNBOUND | WQ_HIGHPRI, 0);
	return psi_wq ? 0 : -ENOMEM;
}

/* Called when no policy is attached any more. */
void bpf_psi_queue_exit(void)
{
	destroy_workqueue(psi_wq);
}
