/* SPDX-License-Identifier: GPL-2.0-only */
/* oom_ops.c: the struct_ops type of OOM policies */
#ifndef _BPF_OOM_API_OOM_OPS_H
#define _BPF_OOM_API_OOM_OPS_H

int bpf_oom_ops_init(void);

#endif /* _BPF_OOM_API_OOM_OPS_H */
