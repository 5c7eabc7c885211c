/* SPDX-License-Identifier: GPL-2.0-only */
/* Unexported variables that hooktest.ko uses: see klp-symbols.list */
#ifndef TESTS_KMOD_KLP_H
#define TESTS_KMOD_KLP_H

extern int sysctl_panic_on_oom;

#endif /* TESTS_KMOD_KLP_H */
