#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel function has another prototype than the modules expect: the build stops and
# shows both.

# shellcheck source=lib.sh
. tests/dkms/lib.sh

! hook_built_in || { echo "the hook is built in: nothing is called that is not exported"; exit 77; }

doctor
# Swap the names of two functions, and so their prototypes.
rename_function out_of_memory out_of_memor_
rename_function kernel_execve out_of_memory
# Also claim that the kernel was built with another version of pahole.
sed -i 's/^CONFIG_PAHOLE_VERSION=.*/CONFIG_PAHOLE_VERSION=129/' $headers/include/config/auto.conf
refused 'out_of_memory\(\)'
cat /tmp/log
grep -q 'kernel_filename\|const char \*' /tmp/log || fail "the prototype of the kernel is not shown"
grep -q 'struct oom_control \*' /tmp/log || fail "the prototype that we need is not shown"
grep -q '^bpf-oom: pahole 129 made the BTF of this kernel' /tmp/log ||
	fail "it does not say that pahole may be the reason"
