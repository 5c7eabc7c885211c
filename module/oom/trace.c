// SPDX-License-Identifier: GPL-2.0-only
/*
 * Definition of the tracepoints
 */
#include <linux/module.h>

#include "oom/decision.h"
#include "policy/attachment.h"

/*
 * Set only after the headers above: otherwise they would define tracepoints, too, and
 * the module's BTF would get types that differ from those of the other files.
 */
#define CREATE_TRACE_POINTS
#include "oom/trace.h"
