// SPDX-License-Identifier: GPL-2.0-only
/* The programmable policy, compiled with all of its abilities */
#define ABLE
#include "policy.bpf.c"
