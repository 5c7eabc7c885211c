/* SPDX-License-Identifier: GPL-2.0-only */
/* deny.c: helpers and kfuncs that programs of policies must not call */
#ifndef _BPF_OOM_API_DENY_H
#define _BPF_OOM_API_DENY_H

#include <linux/bpf.h>

void bpf_oom_deny_init(void);
int bpf_oom_check_kfuncs(const struct bpf_prog *prog);
const struct bpf_func_proto *
bpf_psi_get_func_proto(enum bpf_func_id func_id, const struct bpf_prog *prog);
const struct bpf_func_proto *
bpf_oom_get_func_proto(enum bpf_func_id func_id, const struct bpf_prog *prog);

#endif /* _BPF_OOM_API_DENY_H */
