// SPDX-License-Identifier: GPL-2.0-only
/*
 * klp-convert - let the kernel resolve the unexported symbols of a module
 *
 * A module that carries MODULE_INFO(livepatch, "Y") may hold relocations that
 * the kernel resolves at load from its own symbol table instead of from its
 * exports (Documentation/livepatch/module-elf-format.rst). No compiler writes
 * them, so this tool does: in a linked, not yet signed .ko it moves every
 * relocation against a listed undefined symbol into a .klp.rela.vmlinux.*
 * section and renames the symbol to .klp.sym.vmlinux.<name>,0, where the 0
 * makes the kernel insist that the name is unique.
 *
 * If there is a relocation that cannot be moved safely, it fails and leaves the module
 * unchanged.
 */
#include <ctype.h>
#include <elf.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHF_RELA_LIVEPATCH	0x00100000U
#define SHN_LIVEPATCH		0xff20
#define KLP_PREFIX		".klp."
#define KLP_RELA_PREFIX		".klp.rela.vmlinux"
#define KLP_SYM_PREFIX		".klp.sym.vmlinux."
#define SIG_MAGIC		"~Module signature appended~\n"

/* A page: the loader aligns no section further, and more padding only takes space. */
#define ALIGN_MAX		4096

/* KSYM_NAME_LEN of the kernel, which reads names with this fixed width. */
#define NAME_MAX_LEN		511

#define die(fmt, ...)	errx(1, "%s: " fmt, module_path, ##__VA_ARGS__)
#define die_elf(what)	die("%s: %s", what, elf_errmsg(-1))

enum use {
	USE_FUNC = 1,		/* called directly */
	USE_DATA = 2,		/* read, written or pointed to */
	USE_ADDR = 4,		/* a function's address, for comparison only */
};

struct entry {
	char *name;
	unsigned int allowed;	/* from the list */
	unsigned int seen;	/* in the module */
	size_t symidx;		/* 0: the module does not refer to it */
};

/* One .rela section that has relocations to move. */
struct rela_sec {
	Elf_Scn *scn;
	GElf_Shdr shdr;
	Elf_Data *data;
	Elf_Scn *target;
	GElf_Shdr target_shdr;
	Elf_Data *target_data;
	const char *target_name;
};

static const char *module_path;
static char *tmp_path;

static Elf *elf;
static size_t shstrndx;
static Elf_Scn *symtab_scn;
static GElf_Shdr symtab_shdr;
static Elf_Data *symtab;
static size_t nr_syms;

static struct entry *entries;
static size_t nr_entries;

static void remove_working_copy(void)
{
	if (tmp_path)
		unlink(tmp_path);
}

static void bad_usage(void)
{
	fprintf(stderr,
		"usage: klp-convert -s SYMBOLS MODULE.ko\n"
		"SYMBOLS lists one unexported kernel symbol a line:\n"
		"  func NAME   a function that the module calls\n"
		"  data NAME   a variable\n"
		"  addr NAME   a function whose address is compared, never called\n");
	exit(2);
}

static void *xrealloc(void *p, size_t size)
{
	p = realloc(p, size);
	if (!p)
		die("out of memory");
	return p;
}

static char *join(const char *a, const char *b, const char *c)
{
	const size_t size = strlen(a) + strlen(b) + strlen(c) + 1;
	char *s = xrealloc(NULL, size);

	snprintf(s, size, "%s%s%s", a, b, c);
	return s;
}

/* The list of symbols */

static struct entry *find_entry(const char *name)
{
	for (size_t i = 0; i < nr_entries; i++)
		if (!strcmp(entries[i].name, name))
			return &entries[i];
	return NULL;
}

static unsigned int parse_use(const char *word)
{
	if (!strcmp(word, "func"))
		return USE_FUNC;
	if (!strcmp(word, "data"))
		return USE_DATA;
	if (!strcmp(word, "addr"))
		return USE_ADDR;
	return 0;
}

static bool is_c_name(const char *s)
{
	if (!*s || isdigit((unsigned char)*s) || strlen(s) > NAME_MAX_LEN)
		return false;
	while (isalnum((unsigned char)*s) || *s == '_')
		s++;
	return !*s;
}

static void add_entry(const char *file, unsigned int line, unsigned int use,
		      const char *name)
{
	struct entry *e = find_entry(name);

	if (!e) {
		entries = xrealloc(entries, (nr_entries + 1) * sizeof(*e));
		e = &entries[nr_entries++];
		memset(e, 0, sizeof(*e));
		e->name = join(name, "", "");
	}
	if (e->allowed & use)
		die("%s:%u: %s is listed twice", file, line, name);
	e->allowed |= use;
	if ((e->allowed & USE_DATA) && e->allowed != USE_DATA)
		die("%s:%u: %s is listed both as data and as a function", file,
		    line, name);
}

static void parse_line(const char *file, unsigned int line, char *text)
{
	char *save, *word, *name;
	unsigned int use;

	text[strcspn(text, "#\n")] = '\0';
	word = strtok_r(text, " \t\r", &save);
	if (!word)
		return;
	name = strtok_r(NULL, " \t\r", &save);
	use = parse_use(word);
	if (!use || !name || strtok_r(NULL, " \t\r", &save))
		die("%s:%u: expected 'func NAME', 'data NAME' or 'addr NAME'",
		    file, line);
	if (!is_c_name(name))
		die("%s:%u: '%s' is not the name of a C symbol", file, line,
		    name);
	add_entry(file, line, use, name);
}

static void read_list(const char *file)
{
	FILE *f = fopen(file, "r");
	unsigned int line = 0;
	char *text = NULL;
	size_t size = 0;

	if (!f)
		die("cannot read the symbol list %s: %s", file,
		    strerror(errno));
	while (getline(&text, &size, f) >= 0)
		parse_line(file, ++line, text);
	if (ferror(f))
		die("cannot read the symbol list %s: %s", file,
		    strerror(errno));
	if (!nr_entries)
		die("the symbol list %s is empty", file);
	free(text);
	fclose(f);
}

/* The working copy: the module itself is replaced only by a finished file */

static void write_all(int fd, const char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(fd, buf, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			die("cannot write %s: %s", tmp_path, strerror(errno));
		buf += n;
		len -= (size_t)n;
	}
}

static void copy_contents(int in, int out)
{
	static char buf[65536];
	ssize_t n;

	for (;;) {
		n = read(in, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			die("cannot read: %s", strerror(errno));
		if (!n)
			return;
		write_all(out, buf, (size_t)n);
	}
}

static int open_working_copy(off_t *size)
{
	char *path = join(module_path, ".XXXXXX", "");
	struct stat st;
	int in, out;

	in = open(module_path, O_RDONLY | O_CLOEXEC);
	if (in < 0 || fstat(in, &st))
		die("cannot read: %s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		die("not a regular file");
	out = mkostemp(path, O_CLOEXEC);
	if (out < 0)
		die("cannot create %s: %s", path, strerror(errno));
	tmp_path = path;
	if (atexit(remove_working_copy))
		die("cannot register an exit handler");
	copy_contents(in, out);
	close(in);
	if (fchmod(out, st.st_mode & 07777))
		die("cannot set the mode of %s: %s", path, strerror(errno));
	*size = st.st_size;
	return out;
}

static void replace_module(int fd)
{
	if (fsync(fd) || close(fd))
		die("cannot write %s: %s", tmp_path, strerror(errno));
	if (rename(tmp_path, module_path))
		die("cannot rename %s: %s", tmp_path, strerror(errno));
	tmp_path = NULL;
}

/* Checks of the module's format */

/* libelf would silently drop a signature. */
static void check_unsigned(int fd, off_t size)
{
	char tail[sizeof(SIG_MAGIC) - 1];
	const off_t len = sizeof(tail);

	if (size < len)
		return;
	if (pread(fd, tail, sizeof(tail), size - len) != len)
		die("cannot read: %s", strerror(errno));
	if (!memcmp(tail, SIG_MAGIC, sizeof(tail)))
		die("the module is signed; convert it first, then sign it");
}

static void check_header(off_t size)
{
	GElf_Ehdr ehdr;
	size_t nr;

	if (elf_kind(elf) != ELF_K_ELF)
		die("not an ELF file");
	if (gelf_getclass(elf) != ELFCLASS64)
		die("not a 64-bit ELF file");
	if (!gelf_getehdr(elf, &ehdr))
		die_elf("cannot read the ELF header");
	if (ehdr.e_ident[EI_DATA] != ELFDATA2LSB)
		die("not a little-endian ELF file");
	if (ehdr.e_machine != EM_X86_64)
		die("built for machine %u, only x86-64 (%u) is supported",
		    ehdr.e_machine, EM_X86_64);
	if (ehdr.e_type != ET_REL)
		die("not a relocatable file: a kernel module has ELF type %u, this one %u",
		    ET_REL, ehdr.e_type);
	if (!ehdr.e_shoff || !ehdr.e_shnum)
		die("has no section headers");
	if (ehdr.e_shentsize != sizeof(Elf64_Shdr) ||
	    ehdr.e_shoff > (uint64_t)size ||
	    ehdr.e_shnum * sizeof(Elf64_Shdr) > (uint64_t)size - ehdr.e_shoff)
		die("the section headers lie outside the file: truncated?");
	if (elf_getshdrnum(elf, &nr) || nr != ehdr.e_shnum)
		die("cannot read the section headers: truncated?");
}

static GElf_Shdr get_shdr(Elf_Scn *scn)
{
	GElf_Shdr shdr;

	if (!scn || !gelf_getshdr(scn, &shdr))
		die_elf("cannot read a section header");
	return shdr;
}

/* A section of a file has just one Elf_Data. */
static Elf_Data *get_data(Elf_Scn *scn)
{
	const GElf_Shdr shdr = get_shdr(scn);
	Elf_Data *data = elf_getdata(scn, NULL);

	if (!data || !data->d_buf || data->d_size != shdr.sh_size)
		die("cannot read the contents of section %zu", elf_ndxscn(scn));
	return data;
}

static const char *section_name(const GElf_Shdr *shdr)
{
	const char *name = elf_strptr(elf, shstrndx, shdr->sh_name);

	if (!name)
		die_elf("cannot read a section name");
	return name;
}

static void check_section(Elf_Scn *scn, off_t size)
{
	const GElf_Shdr shdr = get_shdr(scn);
	const char *name = section_name(&shdr);

	if (shdr.sh_type != SHT_NOBITS && shdr.sh_type != SHT_NULL &&
	    (shdr.sh_offset > (uint64_t)size ||
	     shdr.sh_size > (uint64_t)size - shdr.sh_offset))
		die("section %s lies outside the file: truncated?", name);
	if ((shdr.sh_flags & SHF_RELA_LIVEPATCH) ||
	    !strncmp(name, KLP_PREFIX, strlen(KLP_PREFIX)))
		die("section %s: already converted", name);
	if (shdr.sh_addralign > ALIGN_MAX)
		die("section %s: aligned to %llu bytes, a module's sections to %u at most: damaged?",
		    name, (unsigned long long)shdr.sh_addralign, ALIGN_MAX);
	if (shdr.sh_type == SHT_REL || shdr.sh_type == SHT_SYMTAB_SHNDX)
		die("section %s: type %u is not supported", name, shdr.sh_type);
	if (shdr.sh_type != SHT_SYMTAB)
		return;
	if (symtab_scn)
		die("more than one symbol table");
	symtab_scn = scn;
	symtab_shdr = shdr;
}

static bool modinfo_has(Elf_Scn *scn, const char *entry)
{
	const Elf_Data *data = get_data(scn);
	const char *p = data->d_buf, *end = p + data->d_size;

	while (p < end) {
		const size_t len = strnlen(p, (size_t)(end - p));

		if (len == strlen(entry) && !memcmp(p, entry, len))
			return true;
		p += len + 1;
	}
	return false;
}

static void check_sections(off_t size)
{
	Elf_Scn *scn = NULL;
	bool livepatch = false;

	if (elf_getshdrstrndx(elf, &shstrndx) || shstrndx == SHN_UNDEF)
		die("no section name table: truncated?");
	while ((scn = elf_nextscn(elf, scn)))
		check_section(scn, size);
	if (!symtab_scn)
		die("no symbol table: stripped?");

	while ((scn = elf_nextscn(elf, scn))) {
		const GElf_Shdr shdr = get_shdr(scn);

		if (shdr.sh_size && !strcmp(section_name(&shdr), ".modinfo") &&
		    modinfo_has(scn, "livepatch=Y"))
			livepatch = true;
	}
	if (!livepatch)
		die("lacks MODULE_INFO(livepatch, \"Y\"): %s",
		    "the kernel would ignore its livepatch relocations");
}

/* Symbols */

static GElf_Sym get_sym(size_t idx)
{
	GElf_Sym sym;

	if (idx >= nr_syms || !gelf_getsym(symtab, (int)idx, &sym))
		die("no symbol %zu in the symbol table", idx);
	return sym;
}

static const char *sym_name(const GElf_Sym *sym)
{
	const char *name = elf_strptr(elf, symtab_shdr.sh_link, sym->st_name);

	if (!name)
		die_elf("cannot read a symbol name");
	return name;
}

static void check_symbol(size_t idx)
{
	const GElf_Sym sym = get_sym(idx);
	const char *name = sym_name(&sym);
	struct entry *e = find_entry(name);

	if (sym.st_shndx == SHN_LIVEPATCH ||
	    !strncmp(name, KLP_PREFIX, strlen(KLP_PREFIX)))
		die("symbol %s: already converted", name);
	if (!e)
		return;
	if (sym.st_shndx != SHN_UNDEF)
		die("%s is listed as a kernel symbol, but the module defines one of that name",
		    name);
	if (GELF_ST_BIND(sym.st_info) != STB_GLOBAL)
		die("%s is a weak reference, which the kernel would not resolve as such",
		    name);
	if (e->symidx)
		die("%s is twice in the symbol table", name);
	e->symidx = idx;
}

static void check_symbols(void)
{
	symtab = get_data(symtab_scn);
	nr_syms = symtab->d_size / sizeof(Elf64_Sym);
	if (nr_syms > INT_MAX)
		die("the symbol table is too big");
	for (size_t i = 1; i < nr_syms; i++)
		check_symbol(i);
}

static struct entry *entry_of(const GElf_Rela *rela)
{
	const size_t idx = GELF_R_SYM(rela->r_info);

	for (size_t i = 0; idx && i < nr_entries; i++)
		if (entries[i].symidx == idx)
			return &entries[i];
	return NULL;
}

/* Checks whether relocations can be moved */

static bool open_rela(struct rela_sec *rs, Elf_Scn *scn)
{
	memset(rs, 0, sizeof(*rs));
	rs->scn = scn;
	rs->shdr = get_shdr(scn);
	if (rs->shdr.sh_type != SHT_RELA || !rs->shdr.sh_size)
		return false;
	if (rs->shdr.sh_link != elf_ndxscn(symtab_scn))
		die("section %s does not use the symbol table",
		    section_name(&rs->shdr));
	rs->data = get_data(scn);
	rs->target = elf_getscn(elf, rs->shdr.sh_info);
	rs->target_shdr = get_shdr(rs->target);
	rs->target_name = section_name(&rs->target_shdr);
	return true;
}

static size_t nr_relas(const struct rela_sec *rs)
{
	return rs->data->d_size / sizeof(Elf64_Rela);
}

static GElf_Rela get_rela(const struct rela_sec *rs, size_t i)
{
	GElf_Rela rela;

	if (i > INT_MAX || !gelf_getrela(rs->data, (int)i, &rela))
		die_elf("cannot read a relocation");
	return rela;
}

#define die_rela(rs, rela, e, fmt, ...)					\
	die("%s at %s+0x%jx: " fmt, (e)->name, (rs)->target_name,	\
	    (uintmax_t)(rela)->r_offset, ##__VA_ARGS__)

static size_t rela_width(const GElf_Rela *rela)
{
	switch (GELF_R_TYPE(rela->r_info)) {
	case R_X86_64_64:
	case R_X86_64_PC64:
		return 8;
	case R_X86_64_32:
	case R_X86_64_32S:
	case R_X86_64_PC32:
	case R_X86_64_PLT32:
		return 4;
	default:
		return 0;
	}
}

enum insn { INSN_NONE, INSN_CALL, INSN_JUMP };

/*
 * Finds the kind of instruction that has a 4-byte pc-relative relocation. The byte
 * before the field is either one of these opcodes or the ModRM byte of an rip-relative
 * operand, which never has one of these values.
 */
static enum insn insn_at(const struct rela_sec *rs, const GElf_Rela *rela)
{
	const unsigned char *code = rs->target_data->d_buf;
	const GElf_Addr off = rela->r_offset;

	if (!(rs->target_shdr.sh_flags & SHF_EXECINSTR) || !off)
		return INSN_NONE;
	if (GELF_R_TYPE(rela->r_info) != R_X86_64_PC32 &&
	    GELF_R_TYPE(rela->r_info) != R_X86_64_PLT32)
		return INSN_NONE;
	if (code[off - 1] == 0xe8)
		return INSN_CALL;
	if (code[off - 1] == 0xe9)
		return INSN_JUMP;
	if (off >= 2 && code[off - 2] == 0x0f && (code[off - 1] & 0xf0) == 0x80)
		return INSN_JUMP;
	return INSN_NONE;
}

static void check_call(const struct rela_sec *rs, const GElf_Rela *rela,
		       struct entry *e)
{
	if (e->allowed & USE_DATA)
		die_rela(rs, rela, e, "a call, but it is listed as data");
	if (!(e->allowed & USE_FUNC))
		die_rela(rs, rela, e,
			 "a call, but it is listed only for its address; list it as func too, so that its prototype is checked");
	if (rela->r_addend != -4)
		die_rela(rs, rela, e, "a call into the middle of a function");
	e->seen |= USE_FUNC;
}

static void check_address(const struct rela_sec *rs, const GElf_Rela *rela,
			  struct entry *e)
{
	if (e->allowed & USE_DATA)
		e->seen |= USE_DATA;
	else if (e->allowed & USE_ADDR)
		e->seen |= USE_ADDR;
	else
		die_rela(rs, rela, e,
			 "the function's address is taken (relocation type %ju); call it directly: a call through a pointer faults on hardware with IBT",
			 (uintmax_t)GELF_R_TYPE(rela->r_info));
}

static void check_rela(struct rela_sec *rs, const GElf_Rela *rela,
		       struct entry *e)
{
	const size_t width = rela_width(rela);
	enum insn insn;

	if (!(rs->target_shdr.sh_flags & SHF_ALLOC))
		die_rela(rs, rela, e,
			 "a reference from a section that is not loaded");
	if (!width)
		die_rela(rs, rela, e, "relocation type %ju is not known",
			 (uintmax_t)GELF_R_TYPE(rela->r_info));
	if (rs->target_shdr.sh_type == SHT_NOBITS)
		die_rela(rs, rela, e, "the section has no contents");
	if (!rs->target_data)
		rs->target_data = get_data(rs->target);
	if (rs->target_data->d_size < width ||
	    rela->r_offset > rs->target_data->d_size - width)
		die_rela(rs, rela, e, "lies outside the section");

	insn = insn_at(rs, rela);
	if (insn == INSN_JUMP)
		die_rela(rs, rela, e,
			 "a jump, where a call is needed: a tail call hides the caller from the hook (build with -fno-optimize-sibling-calls)");
	if (insn == INSN_CALL)
		check_call(rs, rela, e);
	else
		check_address(rs, rela, e);
}

static void check_relas(Elf_Scn *scn)
{
	struct rela_sec rs;

	if (!open_rela(&rs, scn))
		return;
	for (size_t i = 0; i < nr_relas(&rs); i++) {
		const GElf_Rela rela = get_rela(&rs, i);
		struct entry *e = entry_of(&rela);

		if (e)
			check_rela(&rs, &rela, e);
	}
}

/* Refuses unused entries: their kind could not be checked against the module. */
static void check_unused(void)
{
	for (size_t i = 0; i < nr_entries; i++) {
		const struct entry *e = &entries[i];
		const unsigned int unused = e->allowed & ~e->seen;

		if (!unused)
			continue;
		if (!e->seen)
			die("%s is listed, but the module does not refer to it",
			    e->name);
		die("%s is listed as %s, but the module does not use it so",
		    e->name, unused == USE_FUNC ? "func" : "addr");
	}
}

/* Conversion */

/* Append a string to a string table; return its offset. */
static size_t add_string(size_t ndx, const char *s)
{
	Elf_Scn *scn = elf_getscn(elf, ndx);
	GElf_Shdr shdr = get_shdr(scn);
	const size_t off = shdr.sh_size, len = strlen(s) + 1;
	Elf_Data *data;

	/* Load the existing strings first: otherwise the new data would replace them. */
	if (shdr.sh_type != SHT_STRTAB || !elf_getdata(scn, NULL))
		die("cannot read a string table");
	data = elf_newdata(scn);
	if (!data)
		die_elf("cannot add a string");
	data->d_buf = join(s, "", "");
	data->d_size = len;
	data->d_align = 1;
	data->d_type = ELF_T_BYTE;
	shdr.sh_size = off + len;
	if (off + len > UINT32_MAX || !gelf_update_shdr(scn, &shdr))
		die_elf("cannot grow a string table");
	return off;
}

static void convert_symbol(const struct entry *e)
{
	GElf_Sym sym = get_sym(e->symidx);
	char *name = join(KLP_SYM_PREFIX, e->name, ",0");

	sym.st_name = (GElf_Word)add_string(symtab_shdr.sh_link, name);
	sym.st_shndx = SHN_LIVEPATCH;
	if (!gelf_update_sym(symtab, (int)e->symidx, &sym))
		die_elf("cannot rename a symbol");
	free(name);
}

static void add_klp_section(const struct rela_sec *rs, Elf64_Rela *buf,
			    size_t nr)
{
	const char *base = rs->target_name;
	char *name = join(KLP_RELA_PREFIX, *base == '.' ? "" : ".", base);
	const size_t name_off = add_string(shstrndx, name);
	Elf_Scn *scn = elf_newscn(elf);
	Elf_Data *data = scn ? elf_newdata(scn) : NULL;
	GElf_Shdr shdr;

	if (!data)
		die_elf("cannot add a section");
	data->d_buf = buf;
	data->d_size = nr * sizeof(*buf);
	data->d_align = 8;
	data->d_type = ELF_T_RELA;

	shdr = get_shdr(scn);
	shdr.sh_name = (GElf_Word)name_off;
	shdr.sh_type = SHT_RELA;
	shdr.sh_flags = SHF_RELA_LIVEPATCH | SHF_ALLOC | SHF_INFO_LINK;
	shdr.sh_link = rs->shdr.sh_link;
	shdr.sh_info = rs->shdr.sh_info;
	shdr.sh_size = data->d_size;
	shdr.sh_entsize = sizeof(*buf);
	shdr.sh_addralign = 8;
	if (!gelf_update_shdr(scn, &shdr))
		die_elf("cannot add a section");
	free(name);
}

/*
 * The kernel requires a livepatch section to hold only livepatch relocations, so split
 * the two sorts. A section that becomes empty stays, since no section index may change.
 */
static void convert_relas(Elf_Scn *scn)
{
	size_t nr, kept = 0, moved = 0;
	struct rela_sec rs;
	Elf64_Rela *buf;

	if (!open_rela(&rs, scn))
		return;
	nr = nr_relas(&rs);
	buf = xrealloc(NULL, nr * sizeof(*buf));
	for (size_t i = 0; i < nr; i++) {
		GElf_Rela rela = get_rela(&rs, i);

		if (entry_of(&rela))
			buf[moved++] = rela;
		else if (!gelf_update_rela(rs.data, (int)kept++, &rela))
			die_elf("cannot move a relocation");
	}
	if (!moved) {
		free(buf);
		return;
	}
	rs.data->d_size = kept * sizeof(*buf);
	elf_flagdata(rs.data, ELF_C_SET, ELF_F_DIRTY);
	add_klp_section(&rs, buf, moved);
}

static void convert(void)
{
	size_t nr;

	if (elf_getshdrnum(elf, &nr))
		die_elf("cannot count the sections");
	for (size_t i = 1; i < nr; i++)
		check_relas(elf_getscn(elf, i));
	check_unused();

	/* Only the first nr sections: convert_relas() adds others behind them. */
	for (size_t i = 1; i < nr; i++)
		convert_relas(elf_getscn(elf, i));
	for (size_t i = 0; i < nr_entries; i++)
		convert_symbol(&entries[i]);
	if (elf_update(elf, ELF_C_WRITE) < 0)
		die_elf("cannot write");
}

int main(int argc, char **argv)
{
	const char *list = NULL;
	off_t size;
	int opt, fd;

	while ((opt = getopt(argc, argv, "s:")) != -1) {
		if (opt != 's')
			bad_usage();
		list = optarg;
	}
	if (!list || optind != argc - 1)
		bad_usage();
	module_path = argv[optind];

	read_list(list);
	elf_version(EV_CURRENT);
	fd = open_working_copy(&size);
	check_unsigned(fd, size);
	elf = elf_begin(fd, ELF_C_RDWR, NULL);
	if (!elf)
		die_elf("cannot read");
	check_header(size);
	check_sections(size);
	check_symbols();
	convert();
	elf_end(elf);
	replace_module(fd);
	return 0;
}
