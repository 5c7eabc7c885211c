// SPDX-License-Identifier: GPL-2.0-only
/* bpfoom: attach OOM policies and list the attached ones */
#include <getopt.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "bpfoom.h"

static int cmd_help(int argc, char **argv);
static int cmd_version(int argc, char **argv);

/**
 * struct verb - a command of bpfoom
 * @name: its name on the command line
 * @run: the function for it, returns an exit code
 * @arguments: for the help
 * @help: for the help
 */
struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments;
	const char *help;
};

static const struct verb verbs[] = {
	{ "attach", cmd_attach, "POLICY [--cgroup PATH]... [--before] [--dry-run] [--set NAME=VALUE]... [-v]",
	  "Attach a policy to a cgroup, or to the whole system. POLICY is a name\n"
	  "('bpfoom policies' lists them) or the path of a .bpf.o file, with a slash.\n"
	  "  -c, --cgroup PATH     /sys/fs/cgroup/..., or the path below it as in\n"
	  "                        /proc/PID/cgroup; several: to all of them or none\n"
	  "  -b, --before          to be asked before those that are attached there\n"
	  "  -n, --dry-run         it only says what it would do: see 'bpfoom events'\n"
	  "  -s, --set NAME=VALUE  set an option of the policy, or with NAME@PATH=VALUE\n"
	  "                        for a cgroup\n"
	  "  -v, --verbose         show what libbpf and the verifier say\n" },
	{ "detach", cmd_detach, "POLICY [--cgroup PATH]... | POLICY@ID | --all [-v]",
	  "Detach a policy. Returns when no handler of it is running, and after the last\n"
	  "policy when the module can be removed. ID is the id of a cgroup, which may be\n"
	  "gone.\n"
	  "  -c, --cgroup PATH     from this cgroup, else from the whole system\n"
	  "  -a, --all             all policies, from everywhere\n"
	  "  -v, --verbose         show what libbpf says\n" },
	{ "events", cmd_events, "[-f] [--json]",
	  "List what has been decided about OOMs that policies were asked about, or that\n"
	  "were declared.\n"
	  "  -f, --follow          wait for more\n"
	  "  -j, --json            for programs: one object a line\n" },
	{ "list", cmd_list, "[--json] [-v]",
	  "List the policies that are attached, with their kind: oom or psi (pressure).\n"
	  "  -j, --json            for programs\n"
	  "  -v, --verbose         show whole paths, pins, and what libbpf says\n" },
	{ "policies", cmd_policies, "[-v]",
	  "List the policies that are installed, and what they do.\n"
	  "  -v, --verbose         show their files\n" },
	{ "reset", cmd_reset, "[POLICY]",
	  "Have a policy, or all, asked again at once that is bypassed for a while since\n"
	  "its breaker has tripped.\n" },
	{ "status", cmd_status, "[--json] [-v]",
	  "Tell whether this system has what policies need, and what to do if not.\n"
	  "  -j, --json            for programs\n"
	  "  -v, --verbose         show what libbpf says\n" },
	{ "test", cmd_test, "POLICY [--cgroup PATH] [--set NAME=VALUE]... [-v]",
	  "Ask a policy what it would do if the cgroup, or the whole system, were out of\n"
	  "memory now. Nobody is killed. The options are those of attach, but for\n"
	  "--before and --dry-run.\n" },
	{ "why", cmd_why, "[PID|last]",
	  "Tell why a process was killed, without an argument the last one that was, or\n"
	  "with 'last' what was decided last.\n" },
	{ "version", cmd_version, "", "Print the version.\n" },
	{ "help", cmd_help, "[VERB]", "Explain a verb.\n" },
};

static const struct verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	}
	return NULL;
}

/* @fmt may be NULL if getopt_long() has printed a message already. */
int bad_usage(const char *fmt, ...)
{
	va_list args;

	if (fmt) {
		fputs("bpfoom: ", stderr);
		va_start(args, fmt);
		vfprintf(stderr, fmt, args);
		va_end(args);
		fputc('\n', stderr);
	}
	fputs("Try 'bpfoom help'.\n", stderr);
	return EX_BAD_USAGE;
}

static void print_usage(FILE *to)
{
	size_t i;

	fputs("usage: bpfoom VERB [ARGUMENTS]\n\n", to);
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(to, "  bpfoom %s %s\n", verbs[i].name, verbs[i].arguments);
	fputs("\n'bpfoom VERB --help' explains a verb, bpfoom(8) says all.\n", to);
}

/* Prints the help of one verb; NULL: of all. */
int print_help(const char *name)
{
	const struct verb *verb = name ? find_verb(name) : NULL;

	if (verb)
		printf("usage: bpfoom %s %s\n\n%s", verb->name, verb->arguments,
		       verb->help);
	else
		print_usage(stdout);
	return EX_DONE;
}

/**
 * next_argument() - getopt_long(), with messages that begin with our name
 * @argc: as the verb got it
 * @argv: as the verb got it; begins with the verb
 * @letters: as for getopt_long()
 * @options: as for getopt_long()
 *
 * Return: as getopt_long().
 */
int next_argument(int argc, char **argv, const char *letters,
		  const struct option *options)
{
	char *verb = argv[0];
	int opt;

	argv[0] = "bpfoom";
	opt = getopt_long(argc, argv, letters, options, NULL);
	argv[0] = verb;
	return opt;
}

/**
 * parse_json() - parse the command line of a verb that takes no arguments
 * @argc: as the verb got it
 * @argv: as the verb got it
 * @json: set by --json; NULL if the verb has no such option
 *
 * Return: 0 or an exit code; -1: the user asked for help.
 */
int parse_json(int argc, char **argv, bool *json)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	int opt;

	while ((opt = next_argument(argc, argv, json ? "jvh" : "vh",
				    json ? options : options + 1)) != -1) {
		switch (opt) {
		case 'j':
			*json = true;
			break;
		case 'v':
			verbose = true;
			break;
		case 'h':
			return -1;
		default:
			return bad_usage(NULL);
		}
	}
	if (optind < argc)
		return bad_usage("%s takes no arguments", argv[0]);
	return EX_DONE;
}

int need_root(void)
{
	if (!geteuid())
		return EX_DONE;
	pr_err("must be run as root");
	return EX_FAILED;
}

/* For verbs without options of their own */
bool wants_help(int argc, char **argv)
{
	return argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"));
}

static int cmd_help(int argc, char **argv)
{
	if (argc > 2)
		return bad_usage("help takes one verb");
	if (argc == 2 && !wants_help(argc, argv) && !find_verb(argv[1]))
		return bad_usage("there is no verb '%s'", argv[1]);
	return print_help(argc == 2 ? argv[1] : NULL);
}

static int cmd_version(int argc, char **argv)
{
	if (wants_help(argc, argv))
		return print_help(argv[0]);
	if (argc > 1)
		return bad_usage("version takes no arguments");
	puts("bpfoom " BPF_OOM_VERSION);
	return EX_DONE;
}

/* A failed write to standard output is a failure too. */
static int finish(int ret)
{
	if ((fflush(stdout) || ferror(stdout)) && !ret) {
		pr_err("cannot write the output");
		return EX_FAILED;
	}
	return ret;
}

int main(int argc, char **argv)
{
	const struct verb *verb;

	if (argc < 2) {
		print_usage(stderr);
		return EX_BAD_USAGE;
	}
	if (wants_help(argc, argv))
		return finish(print_help(NULL));
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		argv[1] = "version";
	verb = find_verb(argv[1]);
	if (!verb)
		return bad_usage("there is no verb '%s'", argv[1]);
	return finish(verb->run(argc - 1, argv + 1));
}
