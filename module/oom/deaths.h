/* SPDX-License-Identifier: GPL-2.0-only */
/* deaths.c: victims of the OOM killer, from the tracepoint mark_victim */
#ifndef _BPF_OOM_OOM_DEATHS_H
#define _BPF_OOM_OOM_DEATHS_H

int bpf_oom_deaths_get(void);
void bpf_oom_deaths_put(void);
int bpf_oom_deaths_init(void);
void bpf_oom_deaths_exit(void);

#endif /* _BPF_OOM_OOM_DEATHS_H */
