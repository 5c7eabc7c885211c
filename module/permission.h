/* SPDX-License-Identifier: GPL-2.0-only */
/* permission.c: may the current task attach policies? */
#ifndef _BPF_OOM_PERMISSION_H
#define _BPF_OOM_PERMISSION_H

int bpf_oom_check_attacher(const char *name);

#endif /* _BPF_OOM_PERMISSION_H */
