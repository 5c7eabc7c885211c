#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# style.sh [-t GLOB] [-k KERNEL | -k host]: run the static checks; -k limits them to
# those for one kernel, or to those that need no kernel. Without it: for all kernels that
# come from packages. Prints a line for each: "ok - NAME (KERNEL)" or
# "not ok - NAME (KERNEL)" with the findings below it.

set -uo pipefail
shopt -s nullglob globstar extglob

cd "$(dirname "$0")/.." || exit
inside=
if [ "${1:-}" = --inside ]; then
	inside=1
	shift
fi

# checkpatch warnings that are ignored, and why. In the kernel's own files:
IGNORE_KERNEL=(
	LINUX_VERSION_CODE	# see style_kernel_version
	CONSTANT_COMPARISON	# takes LINUX_VERSION_CODE for a constant
	LONG_LINE_STRING	# messages are not split: they must be found by grep
)
# Tracepoints, whose form TRACE_EVENT() prescribes, and text that they print:
IGNORE_TRACE=(
	"${IGNORE_KERNEL[@]}"
	OPEN_ENDED_LINE PARENTHESIS_ALIGNMENT
	COMPLEX_MACRO		# required by that form
)
# BPF programs and their headers:
IGNORE_BPF=(
	LONG_LINE_STRING
	AVOID_EXTERNS		# kfuncs are declared extern ... __ksym
	VOLATILE		# "const volatile" is what a loader can set
)
# Replacements of the kernel and its headers in unit tests:
IGNORE_STAND_IN=(
	LONG_LINE_STRING
	# The names are the kernel's, and these files define what others should use.
	NEW_TYPEDEFS VOLATILE IS_ENABLED_CONFIG PRINTK_WITHOUT_KERN_LEVEL CONST_STRUCT
	PREFER_DEFINED_ATTRIBUTE_MACRO BIT_MACRO PREFER_KERNEL_TYPES
	# Macros that are no expressions, as in the kernel
	COMPLEX_MACRO MACRO_ARG_REUSE MACRO_ARG_UNUSED MACRO_ARG_PRECEDENCE
)
# Programs:
IGNORE_USER=(
	LONG_LINE_STRING
	CAMELCASE		# libelf's types
	EMBEDDED_FUNCTION_NAME	# tests are named after what they test
	MACRO_ARG_REUSE		# TEST(id): a name, no expression
	PREFER_KERNEL_TYPES PREFER_DEFINED_ATTRIBUTE_MACRO STRNCPY	# kernel only
)

# Ignored warnings of shellcheck, and why
SHELLCHECK_IGNORE=(
	SC2034	# variables that one file sets and another uses
	SC2317	# functions that are called by a name in a variable
)

glob='*' only=
while getopts t:k: opt; do
	case $opt in
	t) glob=$OPTARG ;;
	k) only=$OPTARG ;;
	*) exit 2 ;;
	esac
done
if [ -z "$inside" ]; then
	named=()
	case $only in
	'' | host) ;;
	*) named=(-k "$only") ;;
	esac
	exec tests/in-root.sh "${named[@]}" tests/style.sh --inside "$@"
fi

die() { echo "$*"; exit 1; }

# List every shell script, found by name or by first line.
shell_scripts()
{
	find . -type f ! -path './patches/*' \( -name '*.sh' -o \
		-exec sh -c 'head -n 1 "$1" | grep -qaE "^#!.*[/ ](ba|da)?sh( |$)"' - {} \; \) -print |
		sort
}

# --- checks that need no kernel; each prints its findings --------------------

# known TEXT REGEX: drop messages "FILE:LINE: MESSAGE" with TEXT in the message if that
# line of the file matches REGEX: false positives of a tool
known()
{
	local message file line _

	while IFS= read -r message; do
		IFS=: read -r file line _ <<<"$message"
		[[ $message == *"$1"* ]] && sed -n "${line}p" "$file" | grep -qE "$2" ||
			echo "$message"
	done
}

# checkpatch IGNORED-TYPES FILES
checkpatch()
{
	local ignore=$1

	shift
	# It searches the kernel's headers for names, even with --no-tree.
	mkdir -p /tmp/no-kernel/include
	[ $# = 0 ] || perl /usr/share/linux-checkpatch/scripts/checkpatch.pl \
		--no-tree --root=/tmp/no-kernel --strict --no-summary --terse --show-types \
		--ignore "$ignore" -f "$@" 2>&1
}

style_checkpatch()
{
	local wrong f bpf=() user=() stand_in=() IFS=,

	for f in {bpf,tests}/**/*.[ch] scripts/*.[ch]; do
		case $f in
		tests/guest/kmod/*) ;;
		tests/unit/kernel.[ch] | tests/unit/policy/*) stand_in+=("$f") ;;
		*.bpf.[ch] | tests/guest/progs/*) bpf+=("$f") ;;
		*) user+=("$f") ;;
		esac
	done
	wrong=$(
		checkpatch "${IGNORE_TRACE[*]}" module/oom/trace.[ch] include/bpf_oom/record.h
		checkpatch "${IGNORE_KERNEL[*]}" module/**/!(trace).[ch] include/linux/*.h \
			include/bpf_oom/!(*.bpf|record).h tests/guest/kmod/*.[ch]
		checkpatch "${IGNORE_BPF[*]}" include/bpf_oom/*.bpf.h "${bpf[@]}" |
			known 'after a cast' '\(void\) __ksym'
		checkpatch "${IGNORE_STAND_IN[*]}" "${stand_in[@]}"
		checkpatch "${IGNORE_USER[*]}" "${user[@]}"
	)
	[ -z "$wrong" ] || die "$wrong"
}

style_shellcheck()
{
	local scripts IFS=,

	mapfile -t scripts < <(shell_scripts)
	shellcheck -x -P SCRIPTDIR -f gcc -e "${SHELLCHECK_IGNORE[*]}" "${scripts[@]}"
}

style_codespell()
{
	# "Nd" is a macro of man pages.
	codespell --ignore-words-list nd --skip './.git,./COPYING' .
}

style_kernel_doc()
{
	local tool=(/usr/lib/linux-kbuild-6*/scripts/kernel-doc)

	[ ${#tool[@]} = 1 ] || die "kernel-doc is not where it is expected"
	"${tool[0]}" -none -Werror include/linux/oom_hook.h include/bpf_oom/{oom,psi}.h \
		module/api/{kfuncs,memcg_kfuncs}.c
}

style_man_pages()
{
	local pages=(bpf/man/*.[178]) wrong

	[ ${#pages[@]} != 0 ] || die "no man page is where they are expected"
	# Our pages refer to each other, but are not installed here.
	wrong=$(mandoc -Tlint -Wstyle "${pages[@]}" 2>&1 |
		grep -vE 'referenced manual not found: Xr bpf-?oom')
	[ -z "$wrong" ] || die "$wrong"
}

# includes FILES: list their #include lines as "file:line header"
includes()
{
	[ $# = 0 ] || grep -HnE '^[[:space:]]*#[[:space:]]*include' "$@" |
		sed -E 's/^([^:]*:[0-9]*):[^<"]*([<"][^>"]*[>"]).*/\1 \2/'
}

# Check the direction of includes: a part that does not know another can be replaced or
# sent upstream without it.
style_includes()
{
	local wrong

	wrong=$(
		includes include/linux/oom_hook.h |
			grep -v ' <linux/types\.h>$' |
			sed 's/$/: the contract includes <linux\/types.h> only/'
		includes module/shim/*.[ch] |
			grep -E ' [<"]((\.\./)*(include/)?bpf_oom/|linux/(bpf|filter)|\.\./[^"]*")' |
			sed 's/$/: the shim knows the contract and the kernel, not BPF/'
		includes module/*.[ch] module/!(shim)/*.[ch] | grep -E '[<"/]shim[/."]' |
			sed 's/$/: bpf_oom.ko must not know which hook it got/'
		includes module/{hook,permission,memcg,compat}*.[ch] module/record/*.[ch] |
			grep -E ' "(api|oom|policy|psi)/' |
			sed 's/$/: this is for all rooms and knows none/'
		includes module/policy/*.[ch] | grep -E ' "(api|oom|psi|record)/' |
			sed 's/$/: attachments know nothing of OOMs/'
		includes module/oom/*.[ch] | grep -E ' "(api|psi)/' |
			sed 's/$/: an OOM is handled without BPF types and pressure/'
		includes module/psi/*.[ch] | grep -E ' "(api|oom|policy|record)/' |
			sed 's/$/: pressure policies know nothing of OOMs/'
		includes bpf/**/*.bpf.[ch] |
			grep -vE ' [<"](bpf_oom/[^/]*|([^/.]+/)?[^/]*\.(bpf|gen)\.h)[>"]$' |
			sed 's/$/: policies include headers of bpf_oom\/ and their own only/'
		includes bpf/**/*.[ch] | grep -E '[<"/](module/|linux/oom_hook)' |
			sed 's/$/: the tool and the policies must not know the module/'
		includes tests/**/*.[ch] | grep -E '[<"/](module/|shim/)' |
			sed 's/$/: tests use what users use/'
	)
	[ -z "$wrong" ] || die "$wrong"
}

style_kernel_version()
{
	local wrong

	wrong=$(grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION' -r module include bpf |
		grep -v '^module/compat\.h:')
	[ -z "$wrong" ] || die "$wrong"
}

# --- checks for one kernel --------------------------------------------------

# Run both in one build, since kbuild compiles only once; in a copy of the sources.
style_sparse_and_w1()
{
	# A fixed path, so that ccache finds earlier results
	local d=/tmp/style-$1 status=0 valid what wrong=

	# Kernel 7 runs a script, which is missing in the headers package, to check that
	# sparse knows typeof_unqual: create it.
	valid=$(sed -n 's/^include \(.*\)\/Makefile$/\1/p' "/lib/modules/$1/build/Makefile")
	[ -e "$valid/scripts/checker-valid.sh" ] ||
		printf '#!/bin/sh\necho 1\n' >"$valid/scripts/checker-valid.sh"
	chmod +x "$valid/scripts/checker-valid.sh"
	rm -rf "$d"
	cp -a . "$d" || die "cannot copy the sources"
	make -C "$d" modules KVER="$1" \
		KBUILD_ARGS='C=2 CF=-D__typeof_unqual__=__typeof__ W=1' >"$d/log" 2>&1 || status=$?
	wrong=$(grep -E '(warning|error|WARNING|ERROR)[]:]|\*\*\*|C=2 specified' "$d/log" |
		sed "s|$d/||g" |
		# kfuncs are declared in BTF, which sparse does not read.
		grep -v "symbol 'bpf_[a-z_]*' was not declared" |
		# sparse 0.6.4 fails at MODULE_INFO() of kernel 7, which parameters use,
		# too.
		known 'bad constant expression' '^(MODULE_|module_param\()')
	for what in ' CHECK ' ' CC \[M\] '; do
		grep -q "$what" "$d/log" || wrong="the build does not say '$what'"
	done
	if [ "$status" != 0 ]; then
		tail -n 20 "$d/log"
		wrong="the build failed with status $status"
	fi
	rm -rf "$d"
	[ -z "$wrong" ] || die "$wrong"
}

# ---------------------------------------------------------------------------

failed=0
log=$(mktemp)

# check NAME KERNEL [KVER]
check()
{
	local line="$1 ($2)"

	# shellcheck disable=SC2053 # a glob
	[[ $1 == $glob ]] || return 0
	[ -z "$only" ] || [ "$only" = "$2" ] || return 0
	if ("$1" ${3:+"$3"}) >"$log" 2>&1; then
		echo "ok - $line"
	else
		echo "not ok - $line"
		sed 's/^/# /' "$log"
		failed=1
	fi
}

for name in checkpatch shellcheck codespell kernel_doc man_pages includes kernel_version; do
	check "style_$name" host
done
while read -r kernel kver; do
	check style_sparse_and_w1 "$kernel" "$kver"
done <<<"$KERNELS"
rm -f "$log"
exit $failed
