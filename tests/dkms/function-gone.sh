#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel that lacks a function that we hook or call, or has inlined it, so that its BTF
# lacks the function: the build stops and names it.

# shellcheck source=lib.sh
. tests/dkms/lib.sh

! hook_built_in || { echo "the hook is built in: nothing is called that is not exported"; exit 77; }

doctor
for function in oom_evaluate_task oom_kill_process; do
	cp $headers/vmlinux /tmp/vmlinux
	rename_function $function "${function%?}_"
	refused "$function\\(\\)"
	cp /tmp/vmlinux $headers/vmlinux
done
