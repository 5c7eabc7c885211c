/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words of a record, for the module, its tracepoints and those who read them
 *
 * What /dev/bpf_oom says in lines "key=value" is described in ABI/dev-bpf_oom.
 */
#ifndef _BPF_OOM_RECORD_H
#define _BPF_OOM_RECORD_H

/* result: what came of the OOM. Numbers as in tracepoints, which print the words. */
#define BPF_OOM_RESULT_DEFAULT	0	/* the kernel decides */
#define BPF_OOM_RESULT_KILL	1	/* the policy killed */
#define BPF_OOM_RESULT_WAIT	2	/* the policy waits for a victim on its way out */
#define BPF_OOM_RESULT_RAISE	3	/* the policy raised the limit */
#define BPF_OOM_RESULT_FREED	4	/* memory came back by itself */

#define BPF_OOM_RESULT_NAMES			\
	{ BPF_OOM_RESULT_DEFAULT, "default" },	\
	{ BPF_OOM_RESULT_KILL, "kill" },	\
	{ BPF_OOM_RESULT_WAIT, "wait" },	\
	{ BPF_OOM_RESULT_RAISE, "raise" },	\
	{ BPF_OOM_RESULT_FREED, "freed" }

/* policy, when no policy decided */
#define BPF_OOM_POLICY_DEFAULT	"default"

/* declined: why the policy left the OOM to the next one */
#define BPF_OOM_WHY_DECLINED	"declined"	/* it returned 0 */
#define BPF_OOM_WHY_NOTHING	"nothing-done"	/* it returned 1, but had done nothing */
#define BPF_OOM_WHY_ERROR	"error"		/* it returned an error */
#define BPF_OOM_WHY_REFUSED	"refused"	/* a kill of it was refused */
#define BPF_OOM_WHY_BYPASSED	"bypassed"	/* its breaker has tripped */
#define BPF_OOM_WHY_DRY_RUN	"dry-run"	/* it would have acted */

/* kernel: what the kernel would have done */
#define BPF_OOM_KERNEL_KILL	"kill"
#define BPF_OOM_KERNEL_WAIT	"wait"
#define BPF_OOM_KERNEL_NONE	"none"

#endif /* _BPF_OOM_RECORD_H */
