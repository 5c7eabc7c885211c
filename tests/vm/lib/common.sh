# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Cache, locks and messages. Sourced by the scripts in tests/vm.

VM_LIB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
VM_DIR=$(dirname "$VM_LIB")
VM_SRC=$(cd "$VM_DIR/../.." && pwd)
VM_CACHE=${BPF_OOM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/bpf-oom}
VM_KEEP=3	# newest entries of a kind that stay in the cache

say() { printf 'vm: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

vm_init() {
	[ "$(uname -m)" = x86_64 ] || die "only x86_64 hosts are supported"
	[ "$(id -u)" = 0 ] || die "needs root, for mounts and device nodes of the VM's root file system (try sudo)"
	mkdir -p "$VM_CACHE/mnt"
	VM_CACHE=$(cd "$VM_CACHE" && pwd -P)
}

# Prefix that runs a command as PID 1 of its own mount and PID namespace. Its processes,
# mounts and temporary file systems end with it, and it ends with the shell that started
# it, however that one ends. Not a function: bash would put a subshell between the two.
VM_ISOLATED=(setpriv --pdeathsig KILL
	unshare --mount --propagation private --pid --fork --kill-child --mount-proc)

vm_hash() { sha256sum | cut -c1-16; }

# vm_lock KIND: allows one builder per kind. A lock lasts as long as its descriptor, which
# namespaces inherit: a build that is still exiting keeps its lock.
vm_lock() {
	exec 7>"$VM_CACHE/$1.lock"
	flock -n 7 && return
	say "waiting for another run that builds $1"
	flock 7
}

vm_unlock() { exec 7>&-; }

# vm_begin KIND KEY: returns false if the entry exists. Otherwise locks, and makes $VM_TMP
# an empty directory to fill.
vm_begin() {
	local entry=$VM_CACHE/$1-$2

	if [ -d "$entry" ]; then
		touch "$entry"
		return 1
	fi
	vm_lock "$1"
	if [ -d "$entry" ]; then	# built while we waited
		vm_unlock
		return 1
	fi
	vm_remove "$VM_CACHE/$1".tmp.*	# left by runs that were killed
	VM_TMP=$VM_CACHE/$1.tmp.$$
	mkdir "$VM_TMP"
}

# vm_commit KIND KEY: publish $VM_TMP atomically, drop the oldest entries of the kind.
vm_commit() {
	touch "$VM_TMP"
	mv -T "$VM_TMP" "$VM_CACHE/$1-$2"
	vm_prune "$1"
	vm_unlock
}

vm_prune() {
	local entries

	mapfile -t entries < <(find "$VM_CACHE" -mindepth 1 -maxdepth 1 -type d -regextype posix-extended \
		-regex ".*/$1-[0-9a-f]{16}" -printf '%T@ %p\n' | sort -rn | cut -d' ' -f2- | tail -n +$((VM_KEEP + 1)))
	vm_remove "${entries[@]}"
}

# Remove cache entries unless they are locked (vm_hold). Rename them first: an interrupted
# removal must not leave half an entry under a valid name.
vm_remove() {
	local entry

	for entry; do
		[ -d "$entry" ] || continue
		case $entry in
		*.tmp.*) ;;
		*) flock -n -x "$entry" mv -T "$entry" "$entry.tmp.$$" || continue
		   entry=$entry.tmp.$$ ;;
		esac
		rm -rf --one-file-system "$entry"
	done
}

# vm_hold FD ENTRY: keep an entry from being removed while this process or a child of it
# lives.
vm_hold() {
	eval "exec $1<\"\$2\""
	flock -s "$1"
	[ -d "$2" ] || die "$2 was removed meanwhile, try again"
}
