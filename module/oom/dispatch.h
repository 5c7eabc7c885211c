/* SPDX-License-Identifier: GPL-2.0-only */
/* dispatch.c: asks the policies about an OOM */
#ifndef _BPF_OOM_OOM_DISPATCH_H
#define _BPF_OOM_OOM_DISPATCH_H

#include <linux/types.h>

struct oom_control;

extern bool bpf_oom_enabled;

bool bpf_oom_handle(struct oom_control *oc);

#endif /* _BPF_OOM_OOM_DISPATCH_H */
