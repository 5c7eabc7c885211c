// SPDX-License-Identifier: GPL-2.0-only
/*
 * Error messages, what libbpf says, strings and files of one line
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bpfoom.h"

bool verbose;

/* What libbpf said; shown only when something failed. */
static char *messages;
static size_t messages_size;
static FILE *messages_stream;

void pr_err(const char *fmt, ...)
{
	va_list args;

	fputs("bpfoom: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

/* As strerror(), also of libbpf's own numbers. Until the next call. */
const char *error_text(int err)
{
	static char text[128];

	libbpf_strerror(err, text, sizeof(text));
	return text;
}

/* A new string, for the caller to free. */
char *format(const char *fmt, ...)
{
	va_list args;
	char *s;

	va_start(args, fmt);
	if (vasprintf(&s, fmt, args) < 0)
		abort();
	va_end(args);
	return s;
}

/* The first line of a file, without its end. */
bool read_line(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");
	bool ok;

	buf[0] = '\0';
	if (!f)
		return false;
	ok = fgets(buf, size, f);
	fclose(f);
	buf[strcspn(buf, "\n")] = '\0';
	return ok;
}

static int keep_message(enum libbpf_print_level level, const char *fmt,
			va_list args)
{
	if (verbose)
		return vfprintf(stderr, fmt, args);
	if (level == LIBBPF_DEBUG || !messages_stream)
		return 0;
	return vfprintf(messages_stream, fmt, args);
}

/* From now on libbpf is silent, unless -v was given. */
void messages_capture(void)
{
	messages_stream = open_memstream(&messages, &messages_size);
	libbpf_set_print(keep_message);
}

/* The kfunc that the verifier did not find, to be freed; NULL if it was not that. */
char *messages_missing_kfunc(void)
{
	static const char behind[] = "' is referenced but wasn't resolved";
	char *end, *name;

	if (!messages_stream)
		return NULL;
	fflush(messages_stream);
	end = memmem(messages, messages_size, behind, strlen(behind));
	if (!end)
		return NULL;
	for (name = end; name > messages && name[-1] != '\''; name--)
		;
	return strndup(name, (size_t)(end - name));
}

/* The end of the verifier's log says what it did not like. */
void messages_show_tail(unsigned int lines)
{
	size_t start;

	if (verbose || !messages_stream)
		return;
	fflush(messages_stream);
	for (start = messages_size; start; start--) {
		if (messages[start - 1] == '\n' && start != messages_size &&
		    !lines--)
			break;
	}
	fwrite(messages + start, messages_size - start, 1, stderr);
	if (messages_size && start)
		pr_err("these were the last lines; -v shows all");
}
