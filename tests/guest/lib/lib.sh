# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# For shell tests: . /usr/lib/bpf-oom/tests/lib.sh
#
# A test passes by exiting with 0. The last line that it prints to stderr is the reason of
# a failure; 77 is a skip.

set -eu
CG=/sys/fs/cgroup/test
TESTS=/usr/lib/bpf-oom/tests
mkdir -p "$CG"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail()
{
	echo "$*" >&2
	exit 1
}

skip()
{
	echo "$*" >&2
	exit 77
}

# dmesg shows only messages since the test began.
klog_has()
{
	dmesg | grep -qF -- "$1" || fail "not in the kernel log: $1"
}

# expect STATUS COMMAND...: run it and check its exit status; its output is in $work/out
expect()
{
	want=$1
	shift
	got=0
	"$@" > "$work/out" 2>&1 || got=$?
	[ "$got" = "$want" ] ||
		fail "$*: exit status $got, expected $want: $(tail -1 "$work/out")"
}

says()
{
	grep -qiF -- "$1" "$work/out" || fail "does not say '$1' but: $(head -3 "$work/out" | tr '\n' ' ')"
}

# within SECONDS COMMAND...: repeat it until it succeeds
within()
{
	tries=$(($1 * 10))
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.1
	done
}

# The kernel frees policies of a test that has just ended some time later; 'bpfoom detach'
# waits for that, test programs do not.
unload()
{
	[ ! -d /sys/module/bpf_oom ] || within 30 rmmod bpf_oom 2>/dev/null ||
		fail "bpf_oom is still in use"
	[ ! -d /sys/module/oom_hook ] || rmmod oom_hook
}

# victim DIR: start a process "victim" of 20 MB in a cgroup, its id in $pid. Tests are
# protected from the OOM killer, and so are their children unless they change it.
victim()
{
	sh -c "echo 0 > /proc/self/oom_score_adj && echo 0 > $1/cgroup.procs &&
		exec perl -e '\$x = \"x\" x 20_000_000; \$0 = \"victim\"; sleep 1000'" &
	pid=$!
	within 60 grep -qsx victim /proc/$pid/comm || fail "the victim did not start"
}

# oom DIR: cause exactly one OOM in a cgroup, which kills a victim
oom()
{
	[ -e /proc/hooktest ] || insmod "$TESTS/kmod/hooktest.ko"
	victim "$1"
	echo "oom $(stat -c %i "$1")" > /proc/hooktest
	# Otherwise the shell reports the kill, which would look like the reason of a
	# failure.
	{ ! wait $pid; } 2>/dev/null || fail "$pid was not killed"
}

# Is the hook built into the kernel?
built_in()
{
	grep -q ' oom_hook_register$' /proc/kallsyms
}

# Load a module with one of the hook's names.
fakehook()
{
	cp "$TESTS/kmod/fakehook.ko" "$work/"
	binary_edit "$work/fakehook.ko" 's/oom_hook_providez/oom_hook_provider/g'
}

# For tests of the tool's output. They load dozens of policies, which takes minutes on a
# debug kernel, but none that other tests do not load.
tool_only()
{
	[ ! -e /sys/kernel/debug/kmemleak ] ||
		skip "it is the tool that is tested, not the kernel, and this one is slow"
}

need_shim()
{
	unload
	! built_in || { modprobe bpf_oom; skip "the hook is built in"; }
}

need_memcg()
{
	[ -e $CG/memory.max ] || skip "this kernel has no memory cgroups"
}

# Sets $tracing, and $events to the directory of the module's tracepoints.
need_tracefs()
{
	tracing=/sys/kernel/tracing
	mountpoint -q $tracing || mount -t tracefs none $tracing 2>/dev/null ||
		skip "this kernel has no tracefs"
	events=$tracing/events/bpf_oom
}

load_hook()
{
	built_in || modprobe oom_hook
}

# Copy the installed module, uncompressed and without its signature, which will be invalid
# once a test has changed the module.
module_copy()
{
	path=$(modinfo -F filename "$1")
	case $path in
	*.xz) xz -dc "$path" ;;
	*.zst) zstd -qdc "$path" ;;
	*) cat "$path" ;;
	esac > "$work/$1.ko"
	strip_signature "$work/$1.ko"
}

strip_signature()
{
	perl -e '
		local $/; open F, "<:raw", $ARGV[0]; my $d = <F>; close F;
		my $m = "~Module signature appended~\n";
		if (substr($d, -length $m) eq $m) {
			my $len = unpack "N", substr($d, -length($m) - 4, 4);
			$d = substr($d, 0, length($d) - length($m) - 12 - $len);
			open F, ">:raw", $ARGV[0]; print F $d; close F;
		}' "$1"
}

# binary_edit FILE PERL-EXPRESSION: change $_, the content of the file
binary_edit()
{
	perl -e '
		local $/; open F, "<:raw", $ARGV[0]; $_ = <F>; close F;
		my $n = eval $ARGV[1]; die "nothing to change\n" unless $n;
		open F, ">:raw", $ARGV[0]; print F $_; close F;' "$1" "$2"
}
