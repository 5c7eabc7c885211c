// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tracepoints themselves
 */
#include <linux/module.h>

#include "oom/decision.h"
#include "policy/attachment.h"

/*
 * Not before what the headers above include: they would define tracepoints, too, and
 * types that do not fit those of the other files, which the module's BTF then has.
 */
#define CREATE_TRACE_POINTS
#include "oom/trace.h"
