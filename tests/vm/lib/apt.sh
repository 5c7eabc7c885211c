# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Content of the root file system: asks apt, in a state directory of our own, for current
# versions.

VM_SUITE=trixie
VM_MIRROR=${BPF_OOM_MIRROR:-http://deb.debian.org/debian}
VM_SECURITY=${BPF_OOM_SECURITY:-http://deb.debian.org/debian-security}
# Debian's name of the kernel image, which differs between series, and of related packages
VM_SERIES=(
	"stock-6.12 linux-image-6.12 linux-headers"
	"stock-7.3 linux-binary-unsigned-7.3 linux-headers linux-modules"
)
# Kernels that we build (see kernel.sh): source package, its series in patches/, suffix of
# the release, and fragments of scripts/kernel
VM_BUILT=(
	"patched-6.12-debug linux-source-6.12 6.12 patched-debug base.config 6.12.config debug.config debug.patch"
	"patched-7.3 linux-source-7.3 7.3 patched base.config 7.3.config"
	"patched-nomemcg linux-source-7.3 7.3 patched-nomemcg base.config 7.3.config nomemcg.config"
)
VM_PACKAGES=(
	# build
	gcc make libc6-dev dkms pahole bpftool libbpf-dev clang llvm libelf-dev zlib1g-dev kmod
	flex bison bc libssl-dev libdw-dev python3 lz4 ccache
	# the VMs themselves
	qemu-system-x86
	# check
	sparse shellcheck codespell perl mandoc
	# run
	busybox-static procps util-linux cpio zstd xz-utils git ca-certificates bash-completion iproute2 less
	trace-cmd bpftrace libcap2-bin
)

vm_sources() {
	local s

	for s in "$VM_SUITE" "$VM_SUITE-updates" "$VM_SUITE-backports"; do
		echo "deb $VM_MIRROR $s main"
	done
	echo "deb $VM_SECURITY $VM_SUITE-security main"
}

vm_apt() {
	local tool=$1 d=$VM_CACHE/apt
	shift

	# Of the host's apt use only the proxy settings: no pins, default release or
	# installed versions.
	"$tool" -q -o Dir::State="$d" -o Dir::State::status="$d/status" -o Dir::Cache="$d/cache" \
		-o Dir::Etc::sourcelist="$d/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::Etc::trustedparts="$d/keys" -o APT::Default-Release= -o APT::Architecture=amd64 \
		-o APT::Architectures::=amd64 -o APT::Sandbox::User=root -o APT::Update::Error-Mode=any \
		-o Acquire::Languages=none "$@"
}

vm_apt_update() {
	local d=$VM_CACHE/apt key

	mkdir -p "$d/lists/partial" "$d/cache/archives/partial" "$d/keys"
	: >"$d/status"
	vm_sources >"$d/sources.list"
	for key in /usr/share/keyrings/debian-archive-*; do
		case $key in *removed*) ;; *.gpg|*.pgp|*.asc) ln -sf "$key" "$d/keys/" ;; esac
	done
	say "asking $VM_MIRROR for current versions (once a day)"
	vm_apt apt-get update >"$d/log" 2>&1
}

# Find the newest version of a series: the generic flavour has no word between version and
# architecture.
vm_newest() {
	vm_apt apt-cache pkgnames "$1." | sed -n "s/^$1\(\.[^-]*\)-amd64\$/\1/p" | sort -V | tail -n 1
}

# Print lines "kernel NAME KVER PACKAGE" and "package NAME VERSION".
vm_query() {
	local series name image extra v p names=("${VM_PACKAGES[@]}")

	for series in "${VM_SERIES[@]}"; do
		read -r name image extra <<<"$series"
		v=$(vm_newest "$image")
		if [ -z "$v" ]; then
			say "no $image.* in $VM_SUITE any more: no kernel $name"
			continue
		fi
		v=${image##*-}$v-amd64
		echo "kernel $name $v ${image%-*}-$v"
		names+=("${image%-*}-$v")
		for p in $extra; do
			names+=("$p-$v")
		done
	done
	for series in "${VM_BUILT[@]}"; do
		read -r name image _ extra _ <<<"$series"
		v=$(vm_apt apt-cache show --no-all-versions "$image" | sed -n 's/^Version: \(.*\)-[^-]*$/\1/p')
		if [ -z "$v" ]; then
			say "no $image in $VM_SUITE any more: no kernel $name"
			continue
		fi
		echo "kernel $name $v-$extra $image"
		names+=("$image")
	done
	# Sources are not installed; rootfs.sh takes checkpatch from one.
	vm_apt apt-cache show --no-all-versions "${names[@]}" |
		awk '/^Package: / { p = $2 } /^Version: / && !seen[p]++ { print "package", p, $2 }'
}

# vm_resolve [MAX_AGE_MIN]: sets VM_RESOLVED, a file with vm_query's lines; not older than
# that if the network works.
vm_resolve() {
	local age=${1:-1440} stamp

	VM_RESOLVED=$VM_CACHE/resolved-$({ vm_sources; echo "${VM_SERIES[@]}" "${VM_BUILT[@]}" "${VM_PACKAGES[@]}"; } | vm_hash)
	stamp=$VM_RESOLVED.stamp
	[ -s "$VM_RESOLVED" ] && [ -n "$(find "$stamp" -mmin "-$age" 2>/dev/null)" ] && return
	vm_lock resolve
	if [ -z "$(find "$stamp" -mmin "-$age" 2>/dev/null)" ] || [ ! -s "$VM_RESOLVED" ]; then
		if vm_apt_update && vm_query >"$VM_RESOLVED.new" && grep -q ^kernel "$VM_RESOLVED.new"; then
			mv "$VM_RESOLVED.new" "$VM_RESOLVED"
			find "$VM_CACHE" -maxdepth 1 -name 'resolved-*' -mtime +30 -delete
		elif [ -s "$VM_RESOLVED" ]; then
			say "warning: package index not reachable, using the versions of $(date -r "$VM_RESOLVED" +%F)"
		else
			tail -n 20 "$VM_CACHE/apt/log" >&2
			die "cannot read the package index, and there is no earlier one"
		fi
		touch "$stamp"
	fi
	vm_unlock
}

vm_version() { awk -v p="$1" '$1 == "package" && $2 == p { print $3 }' "$VM_RESOLVED"; }
vm_kernels() { awk '$1 == "kernel" { print $2 }' "$VM_RESOLVED"; }

# vm_kver KERNEL: sets VM_KVER
vm_kver() {
	VM_KVER=$(awk -v k="$1" '$1 == "kernel" && $2 == k { print $3 }' "$VM_RESOLVED")
	[ -n "$VM_KVER" ] || die "no kernel $1; there are: $(vm_kernels | xargs)"
}
