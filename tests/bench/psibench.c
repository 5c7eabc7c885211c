// SPDX-License-Identifier: GPL-2.0-only
/*
 * psibench: what psi.sh runs in the VM
 *
 *	psibench latency EVENTS DISK	from a threshold to a kill, ours and a poller's
 *	psibench idle SECONDS NR...	what so many triggers cost when nothing happens
 *	psibench hog FIFO		leaks as soon as somebody writes to the FIFO
 *	psibench server FILE READY	reads a mapped file at random
 *	psibench watch PID FIFO FILE SECONDS	what the hog does to somebody else
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
