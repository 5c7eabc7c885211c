// SPDX-License-Identifier: GPL-2.0-only
/* Error messages, messages of libbpf, strings, and files with a single line */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bpfoom.h"

bool verbose;

/* Messages of libbpf, to be shown only if something fails. */
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

/* As strerror(), but knows libbpf's own codes. Valid until the next call. */
const char *error_text(int err)
{
	static char text[128];

	libbpf_strerror(err, text, sizeof(text));
	return text;
}

/* Returns a new string, to be freed by the caller. */
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

/* Reads the first line of a file, without the newline. */
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

/* From now on, keep libbpf's messages instead of printing them, unless -v was given. */
void messages_capture(void)
{
	messages_stream = open_memstream(&messages, &messages_size);
	libbpf_set_print(keep_message);
}

/*
 * Returns the kfunc that the verifier did not find, to be freed by the caller; NULL if
 * the verifier failed otherwise.
 */
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

/* The verifier's log ends with the reason of its failure. */
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
