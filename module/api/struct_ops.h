/* SPDX-License-Identifier: GPL-2.0-only */
/* struct_ops.c: common parts of the struct_ops types */
#ifndef _BPF_OOM_API_STRUCT_OPS_H
#define _BPF_OOM_API_STRUCT_OPS_H

#include <linux/bpf.h>
#include <linux/btf.h>

int bpf_oom_init_btf(struct btf *btf);
int bpf_oom_check_registered(int ret);
bool bpf_oom_ops_owns(const struct bpf_prog *prog);
bool bpf_psi_ops_owns(const struct bpf_prog *prog);
int bpf_oom_prog_callback(const struct bpf_prog *prog);
bool bpf_oom_kfunc_in(const struct bpf_prog *prog, u32 kfunc_id,
		      const struct btf_id_set *set);
int bpf_oom_init_name(char *name, const char *uname);

#endif /* _BPF_OOM_API_STRUCT_OPS_H */
