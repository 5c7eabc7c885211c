// SPDX-License-Identifier: GPL-2.0-only
/*
 * psibench: run by psi.sh in the VM
 *
 *	psibench latency EVENTS DISK	from a threshold to a kill: policy and poller
 *	psibench idle SECONDS NR...	the cost of so many triggers on an idle machine
 *	psibench hog FIFO		leaks as soon as the FIFO is written to
 *	psibench server FILE READY	reads a mapped file at random
 *	psibench watch PID FIFO FILE SECONDS	how another process suffers from the hog
 */
#include "bench.h"

const struct verb verbs[] = {
	{ "latency", bench_latency, 2 },
	{ "idle", bench_idle, 2 },
	{ "hog", bench_hog, 1 },
	{ "server", bench_server, 2 },
	{ "watch", bench_watch, 4 },
	{}
};
