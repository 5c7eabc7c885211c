/* SPDX-License-Identifier: GPL-2.0-only */
/* Variables that hooktest.ko uses and the kernel does not export: see klp-symbols.list. */
#ifndef TESTS_KMOD_KLP_H
#define TESTS_KMOD_KLP_H

extern int sysctl_panic_on_oom;

#endif /* TESTS_KMOD_KLP_H */
