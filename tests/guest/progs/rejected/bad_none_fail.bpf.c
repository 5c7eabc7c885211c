// SPDX-License-Identifier: GPL-2.0-only
/* Must not load: a policy without a handler. */
#include <bpf_oom/common.bpf.h>

char _license[] SEC("license") = "GPL";

BPF_OOM_OPS(handlerless, .flags = 0);
