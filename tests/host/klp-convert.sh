#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Tests of scripts/klp-convert: how it converts a module, and each refusal.
# Needs cc (x86), binutils and libelf-dev; no kernel headers, no root.
#
# KLP_CONVERT=path tests that binary instead of building one.

# shellcheck disable=SC2016 # a $ in quotes is the assembler's

set -u

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/w" && cd "$tmp/w" || exit 1

failed=0
log=$tmp/log

ok()
{
	printf 'ok - %s\n' "$1"
}

not_ok()
{
	printf 'not ok - %s\n' "$1"
	sed 's/^/# /' "$log"
	failed=$((failed + 1))
}

die()
{
	printf 'Bail out! %s\n' "$*"
	exit 1
}

# check NAME COMMAND...: the command must succeed
check()
{
	name=$1
	shift
	if "$@" >"$log" 2>&1; then
		ok "$name"
	else
		echo "failed: $*" >>"$log"
		not_ok "$name"
	fi
}

# Assemble modinfo, then the arguments, one line each.
assemble()
{
	out=$1
	shift
	{
		echo '.section .modinfo, "a"'
		echo '.asciz "license=GPL"'
		[ "${LIVEPATCH-Y}" = no ] ||
			echo ".asciz \"livepatch=${LIVEPATCH-Y}\""
		printf '%s\n' "$@"
	} | cc "${MACHINE--m64}" -x assembler -c -o "$out" - ||
		die "cannot assemble $out"
}

list()
{
	printf '%s\n' "$@" >list
}

# convert FILE: must succeed without output
convert()
{
	"$KLP_CONVERT" -s list "$1" >"$log" 2>&1 && [ ! -s "$log" ]
}

# refuse_file NAME TEXT FILE: must exit with 1, print TEXT, and leave the file unchanged
refuse_file()
{
	cp "$3" "$tmp/before"
	"$KLP_CONVERT" -s list "$3" >"$log" 2>&1
	got=$?
	if [ "$got" -ne 1 ]; then
		echo "exit status $got" >>"$log"
		not_ok "$1"
	elif ! grep -qF -e "$2" "$log"; then
		echo "does not say: $2" >>"$log"
		not_ok "$1"
	elif ! cmp "$3" "$tmp/before" >>"$log" 2>&1; then
		not_ok "$1: the file was changed"
	elif [ "$(find . -name '*.ko.??????' | wc -l)" -ne 0 ]; then
		not_ok "$1: a working copy was left behind"
	else
		ok "$1"
	fi
}

# refuse NAME TEXT LINES...: refuse_file for a module assembled from these lines
refuse()
{
	name=$1
	text=$2
	shift 2
	assemble refused.ko "$@"
	refuse_file "$name" "$text" refused.ko
}

# poke FILE OFFSET OCTAL: overwrite one byte
poke()
{
	# shellcheck disable=SC2059 # the format is the byte
	printf "\\$3" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# Make a module like those that kbuild links: with calls, data, mixed and foreign symbols.
make_module()
{
	assemble "$1" \
		'.text' 'nop' 'local: call foo' 'call other' 'lea var(%rip), %rax' \
		'mov $var, %rdi' 'movl $7, var(%rip)' 'call bar' 'call local' \
		'.section .init.text, "ax"' 'call foo' 'mov var(%rip), %eax' \
		'.data' '.quad var' '.quad other' \
		'.section naked, "aw"' '.quad both' \
		'.section .text.both, "ax"' 'call both' 'lea both(%rip), %rcx' \
		'.section .gnu.linkonce.this_module, "aw"' '.balign 64' \
		'.zero 128' \
		'.section .debug_info' '.quad local' \
		'.bss' '.zero 8' '.globl mine' 'mine:'
	list '# what make_module needs' 'func foo # called' '' 'func bar' \
		'data var' 'addr both' 'func both'
}

sections()
{
	readelf -SW "$1" | sed -n 's/^ *\[ *\([0-9]*\)\] */\1 /p'
}

# klp_relocs FILE NAME: print its number of relocations
klp_relocs()
{
	readelf -rW "$1" | sed -n "/'$2'/,/^\$/p" | grep -c '\.klp\.sym\.vmlinux\.'
}

# Check flags, type, link and info of a new section in the output of readelf.
klp_section_is_right()
{
	symtab=$(sections "$1" | awk '$2 == ".symtab" { print $1 }')
	target=$(sections "$1" | awk -v n="$3" '$2 == n { print $1 }')
	sections "$1" | awk -v n="$2" -v s="$symtab" -v t="$target" '
		$2 == n && $3 == "RELA" && $7 == "18" && $8 == "AIo" &&
		$9 == s && $10 == t && $11 == 8 { found = 1 }
		END { exit !found }'
}

# Check the flag itself, since readelf shows any OS-specific one as "o".
has_livepatch_flag()
{
	readelf -tW "$1" | grep -A2 -F "$2" | grep -q '00100000'
}

# The kernel refuses a livepatch section that has any other symbol.
only_klp_symbols()
{
	! readelf -rW "$1" | sed -n "/'\.klp\.rela/,/^\$/p" |
		grep R_X86_64 | grep -vF .klp.sym.vmlinux.
}

symbol_is_right()
{
	readelf -sW "$1" | grep -F " .klp.sym.vmlinux.$2,0" |
		grep -q 'GLOBAL DEFAULT OS \[0xff20\]'
}

no_left_relocs()
{
	! readelf -rW "$1" | sed -n "/'\\.rela/,/^\$/p" |
		grep -E '\.klp\.| (foo|bar|var|both) '
}

# Check what must not change: section numbers, kinds, alignment, contents.
same_layout()
{
	nr=$(sections "$1" | wc -l)
	sections "$1" | awk '{ print $1, $2, $3, $NF }' >"$tmp/a"
	sections "$2" | head -n "$nr" | awk '{ print $1, $2, $3, $NF }' \
		>"$tmp/b"
	diff "$tmp/a" "$tmp/b"
}

same_contents()
{
	for s in .text .init.text .text.both .data naked .modinfo .debug_info \
		.gnu.linkonce.this_module; do
		readelf -x "$s" "$1" >"$tmp/a" 2>&1
		readelf -x "$s" "$2" >"$tmp/b" 2>&1
		sed -i 's/ at file offset.*//' "$tmp/a" "$tmp/b"
		diff "$tmp/a" "$tmp/b" || return 1
	done
}

symbols()
{
	readelf -sW "$1" | awk '{ print $1, $3, $4, $5, $NF }' |
		sed 's/\.klp\.sym\.vmlinux\.\(.*\),0/\1/'
	sections "$1" | awk '$2 == ".symtab" { print $(NF - 1) }'
}

# Symbols must keep their numbers, and sh_info the first global one.
same_symbols()
{
	symbols "$1" >"$tmp/a"
	symbols "$2" >"$tmp/b"
	diff "$tmp/a" "$tmp/b"
}

# List where each relocation applies, and its target, whichever section it is in.
relocs()
{
	readelf -rW "$1" | awk '
		/^Relocation section/ {
			sec = substr($3, 2, length($3) - 2)
			sub(/^\.klp\.rela\.vmlinux/, ".rela", sec)
			sub(/^\.rela\.?/, "", sec)
		}
		/R_X86_64/ { $2 = ""; print sec, $0 }' |
		sed 's/\.klp\.sym\.vmlinux\.\([^,]*\),0/\1/' | sort
}

same_relocs()
{
	relocs "$1" >"$tmp/a"
	relocs "$2" >"$tmp/b"
	[ -s "$tmp/a" ] && diff "$tmp/a" "$tmp/b"
}

aligned()
{
	off=$(sections "$1" | awk '$2 == ".gnu.linkonce.this_module" { print $5 }')
	[ $((0x$off % 64)) -eq 0 ]
}

readelf_is_content()
{
	! readelf -aW "$1" 2>&1 >/dev/null | grep .
}

test_conversion()
{
	make_module good.ko
	cp good.ko orig.ko
	chmod 640 good.ko
	check 'a good module is converted' convert good.ko

	for s in .text .init.text .data .text.both; do
		check "section for $s: flags, link, info, alignment" \
			klp_section_is_right good.ko ".klp.rela.vmlinux$s" "$s"
		check "section for $s: SHF_RELA_LIVEPATCH" \
			has_livepatch_flag good.ko ".klp.rela.vmlinux$s"
	done
	check 'section for a name without a dot' \
		klp_section_is_right good.ko .klp.rela.vmlinux.naked naked
	for s in foo bar var both; do
		check "symbol $s: name and SHN_LIVEPATCH" \
			symbol_is_right good.ko "$s"
	done
	check 'relocations in .text' \
		[ "$(klp_relocs good.ko .klp.rela.vmlinux.text)" -eq 5 ]
	check 'relocations in .init.text' \
		[ "$(klp_relocs good.ko .klp.rela.vmlinux.init.text)" -eq 2 ]
	check 'nothing else is in the new sections' only_klp_symbols good.ko
	check 'no listed symbol is left behind' no_left_relocs good.ko
	check 'no relocation is lost or changed' same_relocs orig.ko good.ko
	check 'sections keep their number, type and alignment' \
		same_layout orig.ko good.ko
	check 'sections keep their contents' same_contents orig.ko good.ko
	check 'symbols keep their number and kind' same_symbols orig.ko good.ko
	check 'struct module is aligned' aligned good.ko
	check 'readelf finds no fault' readelf_is_content good.ko
	check 'the mode is kept' [ "$(stat -c %a good.ko)" = 640 ]
	check 'no working copy is left' [ -z "$(find . -name '*.ko.??????')" ]
	refuse_file 'converting it twice' 'already converted' good.ko

	make_module again.ko
	convert again.ko
	chmod 640 again.ko
	check 'the result is reproducible' cmp good.ko again.ko
	objcopy good.ko copied.ko 2>/dev/null
	check 'objcopy can read the result' [ -s copied.ko ]
}

test_files()
{
	make_module m.ko
	cp m.ko f.ko && poke f.ko 5 2
	refuse_file 'big-endian' 'not a little-endian' f.ko
	cp m.ko f.ko && poke f.ko 18 267 && poke f.ko 19 0
	refuse_file 'wrong machine' 'built for machine 183' f.ko
	cp m.ko f.ko && poke f.ko 16 2
	refuse_file 'wrong ELF type' 'not a relocatable file' f.ko
	MACHINE=-m32 assemble f.ko '.text' 'call foo'
	refuse_file 'wrong class' 'not a 64-bit ELF file' f.ko
	cp list f.ko
	refuse_file 'not ELF' 'not an ELF file' f.ko
	: >f.ko
	refuse_file 'empty file' 'not an ELF file' f.ko
	cp m.ko f.ko && objcopy --strip-unneeded f.ko && strip f.ko
	refuse_file 'stripped' 'symbol' f.ko
	cp m.ko f.ko
	printf 'signature~Module signature appended~\n' >>f.ko
	refuse_file 'signed' 'is signed' f.ko
	LIVEPATCH=no refuse 'not a livepatch module' 'lacks MODULE_INFO' \
		'.text' 'call foo'
	LIVEPATCH=N refuse 'livepatch=N' 'lacks MODULE_INFO' '.text' 'call foo'
	LIVEPATCH='' refuse 'livepatch=' 'lacks MODULE_INFO' '.text' 'call foo'
	LIVEPATCH=Yes refuse 'livepatch=Yes' 'lacks MODULE_INFO' \
		'.text' 'call foo'
	mkdir dir.ko
	check 'a directory' sh -c "! '$KLP_CONVERT' -s list dir.ko"
	check 'no such module' sh -c "! '$KLP_CONVERT' -s list absent.ko"
	rm -f f.ko
}

# Every truncated file must be refused, and none may crash the tool.
test_truncation()
{
	make_module m.ko
	size=$(stat -c %s m.ko)
	bad=
	for len in 1 4 16 20 63 64 65 $(seq 100 101 "$size") $((size - 64)) \
		$((size - 1)); do
		head -c "$len" m.ko >cut.ko
		"$KLP_CONVERT" -s list cut.ko >"$log" 2>&1
		[ $? -eq 1 ] && [ -s "$log" ] &&
			[ "$(stat -c %s cut.ko)" -eq "$len" ] || bad="$bad $len"
	done
	check 'truncated files are refused' [ -z "$bad" ]
	head -c $((size - 64)) m.ko >cut.ko
	refuse_file 'truncated: says so' 'truncated?' cut.ko
}

# A file with one wrong byte must be converted or refused, and must not crash the tool.
test_corruption()
{
	make_module m.ko
	size=$(stat -c %s m.ko)
	bad=
	for off in $(seq 0 63) $(seq 64 37 "$size"); do
		[ "$off" -lt "$size" ] || continue
		cp m.ko f.ko && poke f.ko "$off" 377
		timeout 60 "$KLP_CONVERT" -s list f.ko >"$log" 2>&1
		[ $? -le 1 ] || bad="$bad $off"
	done
	check 'a corrupt file does not crash it' [ -z "$bad" ]
	rm -f f.ko
}

test_functions()
{
	list 'func foo'
	refuse 'function by pointer: lea' 'foo at .text+0x3' \
		'.text' 'lea foo(%rip), %rax'
	refuse 'function by pointer: says why' 'IBT' \
		'.text' 'call foo' 'lea foo(%rip), %rax'
	refuse 'function by pointer: mov $foo' 'foo at .text+0x3' \
		'.text' 'mov $foo, %rax'
	refuse 'function by pointer: .quad' 'foo at .data+0x8' \
		'.text' 'call foo' '.data' '.quad 0, foo'
	refuse 'function by pointer: looks like a call, but in .data' 'IBT' \
		'.text' 'call foo' '.data' '.byte 0xe8' '.long foo - . - 4'
	refuse 'function called through a pointer' 'foo at .text+0x2' \
		'.text' 'call *foo(%rip)'
	refuse 'tail call' 'tail call' '.text' 'jmp foo'
	refuse 'conditional tail call' 'tail call' '.text' 'jne foo'
	refuse 'call into the middle' 'middle' '.text' 'call foo + 4'
	list 'data foo'
	refuse 'data that is called' 'listed as data' '.text' 'call foo'
	refuse 'data that is jumped to' 'a jump' '.text' 'jmp foo'
	list 'addr foo'
	refuse 'addr only, but called' 'list it as func too' '.text' 'call foo'
	refuse 'addr only, but jumped to' 'tail call' \
		'.text' 'lea foo(%rip), %rax' 'jmp foo'
	list 'addr foo' 'func foo'
	refuse 'func and addr, but jumped to' 'tail call' \
		'.text' 'lea foo(%rip), %rax' 'call foo' 'jmp foo'
	refuse 'func and addr, but never called' 'listed as func' \
		'.text' 'lea foo(%rip), %rax'
	refuse 'func and addr, but only called' 'listed as addr' \
		'.text' 'call foo'
	list 'addr foo'
	assemble f.ko '.text' 'cmp $foo, %rax' '.data' '.quad foo'
	check 'addr may be used freely' convert f.ko
	list 'func foo'
	assemble f.ko '.section .init.text, "ax"' 'call foo'
	check 'a section whose every relocation moves' convert f.ko
	check 'what it leaves is valid' readelf_is_content f.ko
}

test_relocations()
{
	list 'data foo'
	refuse 'unknown relocation type: GOT' 'is not known' \
		'.text' 'mov foo@GOTPCREL(%rip), %rax'
	refuse 'unknown relocation type: 16 bits' 'is not known' \
		'.data' '.word foo'
	refuse 'debug section' 'not loaded' \
		'.data' '.quad foo' '.section .debug_info' '.quad foo'
	refuse 'section aligned to more than a page' 'aligned to 8192 bytes' \
		'.data' '.balign 8192' '.quad foo'
	refuse 'weak reference' 'weak' '.weak foo' '.data' '.quad foo'
	refuse 'the module defines it' 'the module defines one' \
		'.data' '.globl foo' 'foo: .quad foo'
	refuse 'not in the module' 'does not refer' '.data' '.quad other'
	refuse 'declared, but not used' 'does not refer' '.globl foo' \
		'.data' '.quad other'
	refuse 'klp symbol of other making' 'already converted' \
		'.data' '.quad ".klp.sym.vmlinux.bar,0"' '.quad foo'
	refuse 'klp section of other making' 'already converted' \
		'.section .klp.rela.vmlinux.data, "a"' '.quad 0' \
		'.data' '.quad foo'
}

test_list()
{
	assemble m.ko '.text' 'call foo' 'lea var(%rip), %rax'
	list 'func foo' 'data var' 'func more'
	refuse_file 'entry that is not needed' 'more is listed' m.ko
	list 'func foo' 'func foo'
	refuse_file 'entry twice' 'list:2: foo is listed twice' m.ko
	list 'func foo' 'data foo'
	refuse_file 'func and data' 'both as data and as a function' m.ko
	list 'func foo' 'function bar'
	refuse_file 'unknown keyword' 'list:2: expected' m.ko
	list 'func'
	refuse_file 'no name' 'list:1: expected' m.ko
	list 'func foo bar'
	refuse_file 'two names' 'list:1: expected' m.ko
	list 'func foo.isra.0'
	refuse_file 'no C name' 'not the name of a C symbol' m.ko
	list 'func foo,1'
	refuse_file 'a position' 'not the name of a C symbol' m.ko
	list '# nothing'
	refuse_file 'empty list' 'is empty' m.ko
	rm -f list
	refuse_file 'no list' 'cannot read the symbol list' m.ko
}

# usage NAME ARGS...: must exit with 2
usage()
{
	name=$1
	shift
	"$KLP_CONVERT" "$@" >"$log" 2>&1
	check "usage: $name" [ $? -eq 2 ]
}

if [ -z "${KLP_CONVERT-}" ]; then
	make -s -C "$top/scripts" O="$tmp" "$tmp/klp-convert" >"$log" 2>&1 ||
		die "cannot build klp-convert: $(cat "$log")"
	KLP_CONVERT=$tmp/klp-convert
fi

test_conversion
test_files
test_truncation
test_corruption
test_functions
test_relocations
test_list
list 'func foo'
usage 'no arguments'
usage 'no list' m.ko
usage 'no module' -s list
usage 'two modules' -s list m.ko m.ko
usage 'unknown option' -x -s list m.ko

[ "$failed" -eq 0 ]
