// SPDX-License-Identifier: GPL-2.0-only
/* The programmable policy with all that it can do */
#define ABLE
#include "policy.bpf.c"
