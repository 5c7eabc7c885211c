// SPDX-License-Identifier: GPL-2.0-only
/* Output: names, JSON, sizes, and the width of lines */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bpfoom.h"

/* Returns 0 if it is no UTF-8. JSON cannot express such bytes; names rarely have them. */
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
	/* Overlong forms, surrogates, code points beyond U+10FFFF */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

/* Control characters of ASCII, and U+0080 to U+009F. Returns 0 for others. */
static unsigned int control_character(const unsigned char *c)
{
	if (*c < 0x20 || *c == 0x7f)
		return *c;
	return c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0 ? c[1] : 0;
}

/**
 * print_name() - print the name of a process or a cgroup in text output
 * @s: the name
 *
 * Any user may choose names, and root's terminal shows them: so they are printed without
 * control characters.
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

/* The width of print_name()'s output, if no character takes two columns. */
size_t name_columns(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;
	size_t columns;

	for (columns = 0; *c; columns++)
		c += utf8_length(c) ?: 1;
	return columns;
}

/* As print_name(), but limited to the end of the name, with a sign that it is cut. */
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
 * @path: if too long, it is cut on the left, since the end says more; text that is no
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

/* Prints NULL as null. */
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

/* Prints a rounded size in text output. */
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
 * output_columns() - find the maximum length of lines
 *
 * Return: the number of characters; 0: unlimited.
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
