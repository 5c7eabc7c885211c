/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints bpf_oom:*, for perf, trace-cmd and bpftrace
 *
 * New fields are appended; existing ones are neither removed nor changed. oom_cgroup_id
 * is the id of the cgroup that hit its limit, 0 for the whole system; policy_cgroup_id is
 * the cgroup that the policy is attached to.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM bpf_oom

#if !defined(_BPF_OOM_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _BPF_OOM_TRACE_H

#include <linux/oom.h>
#include <linux/tracepoint.h>

#include "oom/decision.h"
#include "policy/attachment.h"

/* The policy's fields, first in each event but fallback. */
#define POLICY_ENTRY							\
	__string(policy, d->ops->name)					\
	__field(u64, policy_cgroup_id)					\
	__field(u64, oom_cgroup_id)					\
	__field(bool, dry_run)

#define POLICY_ASSIGN do {						\
	__assign_str(policy);						\
	__entry->policy_cgroup_id = cgroup_id(d->att->cgrp);		\
	__entry->oom_cgroup_id = bpf_oom_domain(d->oc);			\
	__entry->dry_run = d->dry_run;					\
} while (0)

#define POLICY_FMT "policy=%s policy_cgroup_id=%llu oom_cgroup_id=%llu dry_run=%d"

#define POLICY_ARGS							\
	__get_str(policy), __entry->policy_cgroup_id, __entry->oom_cgroup_id,	\
	__entry->dry_run

/* A policy is being asked. */
TRACE_EVENT(asked,
	TP_PROTO(const struct decision *d),
	TP_ARGS(d),
	TP_STRUCT__entry(
		POLICY_ENTRY
		__field(int, order)
		__string(constraint, bpf_oom_constraint(d->oc))
	),
	TP_fast_assign(
		POLICY_ASSIGN;
		__entry->order = d->oc->order;
		__assign_str(constraint);
	),
	TP_printk(POLICY_FMT " order=%d constraint=%s",
		  POLICY_ARGS, __entry->order, __get_str(constraint))
);

/* The policy considers a process, or with pid=0 a cgroup. */
TRACE_EVENT(candidate,
	TP_PROTO(const struct decision *d, const struct record_candidate *c),
	TP_ARGS(d, c),
	TP_STRUCT__entry(
		POLICY_ENTRY
		__field(s64, score)
		__field(pid_t, pid)
		__field(u64, cgroup_id)
		__string(text, c->text)
	),
	TP_fast_assign(
		POLICY_ASSIGN;
		__entry->score = c->score;
		__entry->pid = c->pid;
		__entry->cgroup_id = c->cgroup_id;
		__assign_str(text);
	),
	TP_printk(POLICY_FMT " score=%lld pid=%d cgroup_id=%llu text=%s",
		  POLICY_ARGS, __entry->score, __entry->pid,
		  __entry->cgroup_id, __get_str(text))
);

/* The policy has killed (ret=0), waits for a victim (ret=1), or was refused. */
TRACE_EVENT(kill,
	TP_PROTO(const struct decision *d, pid_t pid, const char *comm, int ret),
	TP_ARGS(d, pid, comm, ret),
	TP_STRUCT__entry(
		POLICY_ENTRY
		__field(pid_t, pid)
		__string(comm, comm)
		__field(int, ret)
	),
	TP_fast_assign(
		POLICY_ASSIGN;
		__entry->pid = pid;
		__assign_str(comm);
		__entry->ret = ret;
	),
	TP_printk(POLICY_FMT " pid=%d comm=%s ret=%d",
		  POLICY_ARGS, __entry->pid, __get_str(comm), __entry->ret)
);

/* The policy has answered. */
TRACE_EVENT(verdict,
	TP_PROTO(const struct decision *d, int result, u64 latency_ns),
	TP_ARGS(d, result, latency_ns),
	TP_STRUCT__entry(
		POLICY_ENTRY
		__field(int, result)
		__field(int, ret)
		__field(unsigned int, kills)
		__field(u64, latency_ns)
	),
	TP_fast_assign(
		POLICY_ASSIGN;
		__entry->result = result;
		__entry->ret = d->answer.ret;
		__entry->kills = d->answer.kills;
		__entry->latency_ns = latency_ns;
	),
	TP_printk(POLICY_FMT " result=%s ret=%d kills=%u latency_ns=%llu",
		  POLICY_ARGS,
		  __print_symbolic(__entry->result, BPF_OOM_RESULT_NAMES),
		  __entry->ret, __entry->kills, __entry->latency_ns)
);

/* The policy has not handled the OOM: the next one is asked, or the kernel decides. */
TRACE_EVENT(declined,
	TP_PROTO(const struct decision *d, const char *why, u64 latency_ns),
	TP_ARGS(d, why, latency_ns),
	TP_STRUCT__entry(
		POLICY_ENTRY
		__string(why, why)
		__field(int, ret)
		__field(u64, latency_ns)
	),
	TP_fast_assign(
		POLICY_ASSIGN;
		__assign_str(why);
		__entry->ret = d->answer.ret;
		__entry->latency_ns = latency_ns;
	),
	TP_printk(POLICY_FMT " why=%s ret=%d latency_ns=%llu",
		  POLICY_ARGS, __get_str(why), __entry->ret,
		  __entry->latency_ns)
);

/* A scan in which the policy ranked tasks has ended without a victim. */
TRACE_EVENT(failed_scan,
	TP_PROTO(const struct decision *d, int err),
	TP_ARGS(d, err),
	TP_STRUCT__entry(
		POLICY_ENTRY
		__field(int, err)
	),
	TP_fast_assign(
		POLICY_ASSIGN;
		__entry->err = err;
	),
	TP_printk(POLICY_FMT " err=%d", POLICY_ARGS, __entry->err)
);

/* The policy's breaker has tripped: OOMs of this domain bypass it for a while. */
TRACE_EVENT(breaker,
	TP_PROTO(const struct decision *d, const char *why),
	TP_ARGS(d, why),
	TP_STRUCT__entry(
		POLICY_ENTRY
		__string(why, why)
	),
	TP_fast_assign(
		POLICY_ASSIGN;
		__assign_str(why);
	),
	TP_printk(POLICY_FMT " why=%s", POLICY_ARGS, __get_str(why))
);

/* Policies were asked or bypassed, or a program declared the OOM: the kernel decides. */
TRACE_EVENT(fallback,
	TP_PROTO(const struct decision *d, u64 latency_ns),
	TP_ARGS(d, latency_ns),
	TP_STRUCT__entry(
		__field(u64, oom_cgroup_id)
		__field(int, order)
		__string(constraint, bpf_oom_constraint(d->oc))
		__field(unsigned int, asked)
		__field(u64, latency_ns)
	),
	TP_fast_assign(
		__entry->oom_cgroup_id = bpf_oom_domain(d->oc);
		__entry->order = d->oc->order;
		__assign_str(constraint);
		__entry->asked = d->asked;
		__entry->latency_ns = latency_ns;
	),
	TP_printk("oom_cgroup_id=%llu order=%d constraint=%s asked=%u latency_ns=%llu",
		  __entry->oom_cgroup_id, __entry->order, __get_str(constraint),
		  __entry->asked, __entry->latency_ns)
);

#endif /* _BPF_OOM_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
