/* SPDX-License-Identifier: GPL-2.0-only */
/* psi_ops.c: the struct_ops type of pressure policies */
#ifndef _BPF_OOM_API_PSI_OPS_H
#define _BPF_OOM_API_PSI_OPS_H

int bpf_psi_ops_init(void);

#endif /* _BPF_OOM_API_PSI_OPS_H */
