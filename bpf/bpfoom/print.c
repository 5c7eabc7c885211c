// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sizes, and how much room there is for what we print
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bpfoom.h"

/* For people. */
void print_size(unsigned long long bytes)
{
	if (bytes < 1ULL << 20)
		printf("%llu KiB", bytes >> 10);
	else if (bytes < 10ULL << 30)
		printf("%.1f MiB", (double)bytes / (1 << 20));
	else
		printf("%.1f GiB", (double)bytes / (1 << 30));
}

/**
 * output_columns() - how long may a line be?
 *
 * Return: a number of characters, 0: any.
 */
size_t output_columns(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;

	if (columns && atoi(columns) > 0)
		return atoi(columns);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return 0;
	return size.ws_col;
}
