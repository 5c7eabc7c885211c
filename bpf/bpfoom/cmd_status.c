// SPDX-License-Identifier: GPL-2.0-only
/* bpfoom status: does this system have everything that a policy needs? */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bpfoom.h"

/**
 * struct problem - something that is missing
 * @what: a sentence about it
 * @action: what the user can do about it
 */
struct problem {
	const char *what;
	const char *action;
};

struct status {
	struct utsname uts;
	char version[64], provider[64], shim_version[64];
	char abi[16];		/* empty: unknown */
	char lockdown[32];	/* empty: unknown */
	bool supported, loaded, installed, shim_loaded, btf, memory_controller, bpffs;
	bool secure_boot, have_attached, psi, enabled;
	unsigned long taint;
	size_t nr_attached, nr_bypasses;
	struct problem problems[8];
	size_t nr_problems;
	char *advice, *no_cgroups;	/* for two of the problems */
	const char *no_memory, *memory_action;
};

static void problem(struct status *s, const char *what, const char *action)
{
	s->problems[s->nr_problems++] = (struct problem) { what, action };
}

static void count_attached(struct status *s)
{
	struct attached_list list;
	size_t i;

	if (geteuid())
		return;
	s->have_attached = attached_get(&list) == EX_DONE;
	for (i = 0; i < list.nr; i++)
		s->nr_attached += !!list.items[i].map_id;
	attached_put(&list);
}

static bool count_bypasses(const struct shown *shown, void *arg)
{
	struct status *s = arg;

	s->nr_bypasses += shown->nr_bypasses;
	return false;
}

static void collect(struct status *s)
{
	char line[64];

	uname(&s->uts);
	s->supported = kernel_release_supported();
	s->loaded = module_loaded("bpf_oom");
	s->installed = s->loaded || module_installed();
	s->shim_loaded = module_loaded("oom_hook");
	read_line("/sys/module/bpf_oom/version", s->version, sizeof(s->version));
	read_line("/sys/module/bpf_oom/parameters/provider", s->provider,
		  sizeof(s->provider));
	read_line("/sys/kernel/bpf_oom/abi", s->abi, sizeof(s->abi));
	s->enabled = read_line("/sys/module/bpf_oom/parameters/enabled", line,
			       sizeof(line)) && *line == 'Y';
	read_line("/sys/module/oom_hook/version", s->shim_version,
		  sizeof(s->shim_version));
	s->btf = module_btf_present();
	s->memory_controller = cgroup_mount() &&
			       !memory_missing(&s->no_memory, &s->memory_action);
	s->bpffs = bpffs_mounted();
	s->psi = !access("/proc/pressure/memory", F_OK);
	if (read_line("/proc/sys/kernel/tainted", line, sizeof(line)))
		s->taint = strtoul(line, NULL, 10);
	read_lockdown(s->lockdown, sizeof(s->lockdown));
	s->secure_boot = secure_boot_on();
	count_attached(s);
	shown_each(count_bypasses, s);
}

static bool print_bypasses(const struct shown *shown, void *arg)
{
	const char *label = arg;
	unsigned int i;

	for (i = 0; i < shown->nr_bypasses; i++) {
		printf("%s%s is ", label, shown->policy);
		bypass_print(&shown->bypasses[i]);
		printf("; to do: see dmesg, or 'bpfoom reset %s'\n", shown->policy);
	}
	return false;
}

static bool print_json_bypasses(const struct shown *shown, void *arg)
{
	const char **separator = arg;
	unsigned int i;

	for (i = 0; i < shown->nr_bypasses; i++) {
		printf("%s{\"policy\":", *separator);
		print_json_string(shown->policy);
		printf(",\"policy_cgroup_id\":%llu,", shown->cgroup_id);
		bypass_print_json(&shown->bypasses[i]);
		putchar('}');
		*separator = ",";
	}
	return false;
}

static void judge_module(struct status *s)
{
	if (!s->supported)
		problem(s, "this kernel is older than 6.12",
			"boot a newer kernel");
	else if (s->loaded && !s->btf)
		problem(s, "the module bpf_oom has no BTF, so no policy can be loaded",
			"use a kernel with CONFIG_DEBUG_INFO_BTF_MODULES");
	else if (!s->installed)
		problem(s, "the module bpf_oom is not installed for this kernel",
			s->advice = module_advice());
	if (!strcmp(s->lockdown, "confidentiality"))
		problem(s,
			"the kernel is locked down (confidentiality), policies cannot read kernel memory",
			"boot with lockdown=integrity");
}

static void judge(struct status *s)
{
	judge_module(s);
	if (!cgroup_mount())
		problem(s,
			"cgroup2 is not mounted, so only system-wide policies are possible",
			"boot with systemd.unified_cgroup_hierarchy=1, or mount -t cgroup2 none /sys/fs/cgroup");
	else if (!s->memory_controller)
		problem(s, s->no_cgroups = format("the memory controller, which %s, so only system-wide policies are possible",
						  s->no_memory), s->memory_action);
	if (!s->bpffs)
		problem(s, "no BPF file system at " BPFFS ", where attachments are kept",
			"mount -t bpf none " BPFFS);
	if (!s->psi)
		problem(s, "pressure is not measured (PSI), so no pressure policies are possible",
			"boot with psi=1");
}

static const char *yes(bool b)
{
	return b ? "yes" : "no";
}

static void print_module(const struct status *s)
{
	printf("module             ");
	if (s->loaded)
		printf("bpf_oom %s\n", s->version);
	else if (s->installed)
		printf("installed, to be loaded when a policy is attached%s\n",
		       signature_needed() ? " (if its key is enrolled)" : "");
	else
		puts("not installed");
}

static void print_text(const struct status *s)
{
	size_t i;

	printf("kernel             %s, %s\n", s->uts.release,
	       s->supported ? "supported" : "not supported");
	print_module(s);
	if (s->loaded)
		printf("hooked in by       %s%s%s%s\n",
		       s->provider[0] ? s->provider : "unknown",
		       s->shim_loaded ? " (oom_hook " : "", s->shim_version,
		       s->shim_loaded ? ")" : "");
	if (s->loaded)
		printf("interface (ABI)    %s\n", s->abi[0] ? s->abi : "unknown");
	if (s->loaded)
		printf("module BTF         %s\n", yes(s->btf));
	printf("cgroup2            %s%s\n", cgroup_mount() ?: "not mounted",
	       s->memory_controller ? ", memory controller" : "");
	printf("BPF file system    %s\n", yes(s->bpffs));
	printf("pressure (PSI)     %s\n", yes(s->psi));
	printf("kernel tainted     %lu\n", s->taint);
	printf("lockdown           %s%s\n", s->lockdown[0] ? s->lockdown : "unknown",
	       s->secure_boot ? ", secure boot" : "");
	if (s->loaded)
		printf("policies asked     %s\n", !s->enabled ?
		       "no, switched off by the parameter enabled of bpf_oom" :
		       s->nr_bypasses ? "yes, but not about all OOMs:" :
		       s->have_attached ? "yes" : "yes (about all OOMs? ask as root)");
	shown_each(print_bypasses, "policy bypassed    ");
	if (s->have_attached)
		printf("policies attached  %zu\n", s->nr_attached);
	else
		printf("policies attached  unknown (ask as root)\n");
	for (i = 0; i < s->nr_problems; i++)
		printf("\nmissing: %s\n  to do: %s\n", s->problems[i].what,
		       s->problems[i].action);
}

static void print_json_member(const char *key, const char *s)
{
	printf(",\"%s\":", key);
	print_json_string(s && *s ? s : NULL);
}

static void print_json_bool(const char *key, bool b)
{
	printf(",\"%s\":%s", key, b ? "true" : "false");
}

static void print_json(const struct status *s)
{
	const char *separator = "";
	size_t i;

	printf("{\"kernel\":");
	print_json_string(s->uts.release);
	print_json_bool("supported", s->supported);
	print_json_bool("loaded", s->loaded);
	print_json_bool("installed", s->installed);
	print_json_member("version", s->version);
	print_json_member("provider", s->provider);
	printf(",\"abi\":%s", s->abi[0] ? s->abi : "null");
	print_json_bool("module_btf", s->btf);
	print_json_member("cgroup2", cgroup_mount());
	print_json_bool("memory_controller", s->memory_controller);
	print_json_bool("bpffs", s->bpffs);
	print_json_bool("psi", s->psi);
	printf(",\"tainted\":%lu", s->taint);
	print_json_member("lockdown", s->lockdown);
	print_json_bool("secure_boot", s->secure_boot);
	print_json_bool("enabled", s->enabled);
	if (s->have_attached)
		printf(",\"attached\":%zu", s->nr_attached);
	else
		printf(",\"attached\":null");
	if (s->have_attached) {
		printf(",\"bypassed\":[");
		shown_each(print_json_bypasses, &separator);
		putchar(']');
	} else {
		printf(",\"bypassed\":null");
	}
	printf(",\"problems\":[");
	for (i = 0; i < s->nr_problems; i++) {
		printf("%s{\"what\":", i ? "," : "");
		print_json_string(s->problems[i].what);
		print_json_member("action", s->problems[i].action);
		putchar('}');
	}
	printf("]}\n");
}

int cmd_status(int argc, char **argv)
{
	struct status s = {};
	bool json = false;
	int ret;

	ret = parse_json(argc, argv, &json);
	if (ret)
		return ret < 0 ? print_help(argv[0]) : ret;

	messages_capture();
	collect(&s);
	judge(&s);
	if (json)
		print_json(&s);
	else
		print_text(&s);
	free(s.advice);
	free(s.no_cgroups);
	return s.installed && !s.nr_bypasses ? EX_DONE : EX_NOT_ACTIVE;
}
