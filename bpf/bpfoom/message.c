// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages, small files and JSON
 */
#include <ctype.h>
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

/* Bytes that are no UTF-8 cannot be told in JSON; names rarely hold any. */
static size_t utf8_length(const unsigned char *s)
{
	size_t len, i;

	if (s[0] < 0x80)
		return 1;
	len = s[0] >= 0xc2 && s[0] <= 0xdf ? 2 :
	      s[0] >= 0xe0 && s[0] <= 0xef ? 3 :
	      s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0;
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	/* Overlong forms, surrogates, beyond U+10FFFF. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

/* ASCII's, and U+0080 to U+009F. 0: it is none. */
static unsigned int control_character(const unsigned char *c)
{
	if (*c < 0x20 || *c == 0x7f)
		return *c;
	return c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0 ? c[1] : 0;
}

/**
 * print_name() - print the name of a process or a cgroup for people
 * @s: the name
 *
 * Anybody may choose one, and we print it on the terminal of root: it must not
 * hold what a terminal takes for a command.
 */
void print_name(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;
	size_t len;

	for (; *c; c += len ?: 1) {
		len = utf8_length(c);
		if (!len || control_character(c))
			putchar('?');
		else
			fwrite(c, len, 1, stdout);
	}
}

/* How wide print_name() prints it, unless a character takes two columns. */
size_t name_columns(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;
	size_t columns;

	for (columns = 0; *c; columns++)
		c += utf8_length(c) ?: 1;
	return columns;
}

/* As print_name(), but no more than the end of it, and a sign that it is no more. */
void print_name_end(const char *s, size_t columns)
{
	const unsigned char *c = (const unsigned char *)s;
	size_t len = name_columns(s);

	if (len > columns) {
		printf("...");
		for (len += 3; *c && len > columns; len--)
			c += utf8_length(c) ?: 1;
	}
	print_name((const char *)c);
}

/**
 * print_path() - print the path of a cgroup in a column
 * @path: what is too long of it is left out on the left: the end says more. What is no
 *	path is printed whole
 * @width: of the column, in characters
 */
void print_path(const char *path, size_t width)
{
	size_t nr = name_columns(path);

	if (*path == '/')
		print_name_end(path, width);
	else
		print_name(path);
	for (; nr < width; nr++)
		putchar(' ');
}

/* NULL becomes null. */
void print_json_string(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;
	size_t len;

	if (!s) {
		fputs("null", stdout);
		return;
	}
	putchar('"');
	for (; *c; c += len ?: 1) {
		len = utf8_length(c);
		if (!len)
			fputs("\\ufffd", stdout);
		else if (*c == '"' || *c == '\\')
			printf("\\%c", *c);
		else if (control_character(c))
			printf("\\u%04x", control_character(c));
		else
			fwrite(c, len, 1, stdout);
	}
	putchar('"');
}

/**
 * print_quoted() - print a word of a command to standard error
 * @word: the word; a space is printed before it
 *
 * The user may copy the command into a shell.
 */
void print_quoted(const char *word)
{
	const char *c = word;

	fputc(' ', stderr);
	while (isalnum((unsigned char)*c) || (*c && strchr("-_./=@:,+%", *c)))
		c++;
	if (*word && !*c) {
		fputs(word, stderr);
		return;
	}
	fputc('\'', stderr);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", stderr);
		else
			fputc(*word, stderr);
	}
	fputc('\'', stderr);
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
