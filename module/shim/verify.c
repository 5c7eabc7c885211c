// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checks at load, before anything is hooked
 *
 * The module loader has already refused a kernel that lacks one of the symbols. Two
 * questions remain: is it the kernel whose prototypes were checked at build, and does
 * the selection of a victim go through the function that we redirect?
 */
#define pr_fmt(fmt) "oom_hook: " fmt

#include <linux/btf.h>
#include <linux/crc32.h>
#include <linux/kernel.h>
#include <linux/unaligned.h>

#include "btf-id.h"
#include "klp.h"
#include "shim.h"

extern const char __start_BTF[], __stop_BTF[];

/*
 * Calls through livepatch relocations are only as safe as the prototypes, which were
 * compared with the BTF of one particular kernel at build. vermagic does not tell two
 * builds of the same version apart; their BTF does.
 */
static int verify_btf(void)
{
	size_t len = __stop_BTF - __start_BTF;
	u32 crc = ~crc32_le(~0, (const u8 *)__start_BTF, len);

	if (len == OOM_HOOK_BTF_SIZE && crc == OOM_HOOK_BTF_CRC)
		return 0;
	pr_err("built against another kernel (its BTF: %zu bytes, crc %#x; this kernel's: %zu, %#x): rebuild the module\n",
	       (size_t)OOM_HOOK_BTF_SIZE, (u32)OOM_HOOK_BTF_CRC, len, crc);
	return -ENOEXEC;
}

#define CALL_OPCODE 0xe8
#define CALL_LEN 5
/*
 * Maximum distance from a function's symbol to the target of a call: into the padding
 * before it, where call depth tracking puts its thunks, or behind its ENDBR.
 */
#define CALL_BEFORE 16
#define CALL_BEHIND 4

static bool calls(const u8 *code, unsigned long len, unsigned long callee)
{
	const u8 *insn;

	for (insn = code; insn + CALL_LEN <= code + len; insn++) {
		unsigned long to;

		if (*insn != CALL_OPCODE)
			continue;
		to = (unsigned long)insn + CALL_LEN +
		     (long)(s32)get_unaligned_le32(insn + 1);
		if (to >= callee - CALL_BEFORE && to <= callee + CALL_BEHIND)
			return true;
	}
	return false;
}

/*
 * If the compiler has inlined oom_evaluate_task() into the scan of all tasks, global
 * OOMs would silently bypass the policies.
 */
static int verify_call(void)
{
	unsigned long caller = (unsigned long)out_of_memory;
	unsigned long size, offset;

	if (!kallsyms_lookup_size_offset(caller, &size, &offset) || offset) {
		pr_err("cannot find the size of out_of_memory()\n");
		return -ENOENT;
	}
	if (calls((const u8 *)caller, size, (unsigned long)oom_evaluate_task))
		return 0;
	pr_err("out_of_memory() does not call oom_evaluate_task() in this kernel (inlined?): global OOMs could not be covered\n");
	return -EOPNOTSUPP;
}

int shim_verify(void)
{
	BTF_TYPE_EMIT(struct oom_hook_klp_protos);

	return verify_btf() ?: verify_call();
}
