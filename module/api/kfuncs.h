/* SPDX-License-Identifier: GPL-2.0-only */
/* kfuncs.c and memcg_kfuncs.c: kfuncs for policies */
#ifndef _BPF_OOM_API_KFUNCS_H
#define _BPF_OOM_API_KFUNCS_H

int bpf_oom_kfuncs_init(void);
#ifdef BPF_OOM_MEMCG_KFUNCS
int bpf_oom_memcg_kfuncs_init(void);
#else
static inline int bpf_oom_memcg_kfuncs_init(void)
{
	return 0;
}
#endif

#endif /* _BPF_OOM_API_KFUNCS_H */
