#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# deps.sh: install what the host needs to make the root file system, which has everything
# else, including QEMU, if run as root on Debian; otherwise say what is missing.
set -euo pipefail

missing=()
need() {
	command -v "$1" >/dev/null || missing+=("$2")
}

need mmdebstrap mmdebstrap
need git git
need unshare util-linux
need xz xz-utils
need tar tar
need dpkg-deb dpkg
# An older host needs newer archive keys, which come in an update.
compgen -G '/usr/share/keyrings/debian-archive-trixie-stable.*' >/dev/null || missing+=(debian-archive-keyring)

[ ${#missing[@]} = 0 ] && exit
command="apt-get install -y --no-install-recommends ${missing[*]}"
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "vm: packages are missing on this host (Debian's names). As root: apt-get update && $command" >&2
	exit 1
fi
echo "vm: installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
# Indexes may be missing or old. If the update fails, the installation shows whether it
# matters.
apt-get update -qq >&2 || true
$command -qq >&2
