// SPDX-License-Identifier: GPL-2.0
/* Prints the frequency of this machine's TSC in kHz, as the clock measures it. */
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

struct reading {
	long long ns;
	unsigned long long ticks;
};

static long long clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* The one of many that was interrupted least between its two values. */
static struct reading read_both(void)
{
	unsigned long long before, after, best = ~0ULL;
	struct reading r = { 0 };
	int i;

	for (i = 0; i < 1000; i++) {
		long long ns;

		before = __rdtsc();
		ns = clock_ns();
		after = __rdtsc();
		if (after - before >= best)
			continue;
		best = after - before;
		r.ns = ns;
		r.ticks = before + best / 2;
	}
	return r;
}

int main(void)
{
	struct timespec wait = { .tv_nsec = 200000000 };
	struct reading first = read_both(), last;

	nanosleep(&wait, NULL);
	last = read_both();
	printf("%lld\n", (long long)(last.ticks - first.ticks) * 1000000 /
	       (last.ns - first.ns));
	return 0;
}
