#!/bin/bash
# SPDX-License-Identifier: MIT
# root.sh SUITE DIRECTORY [PACKAGE...]: a minimal Debian system of that suite in DIRECTORY, with the
# packages; what is there is kept. Made by debootstrap from the mirror that the system's apt uses.
# Needs root. Ends with 77 and a reason when it cannot be made.
set -u
# shellcheck source=tests/support/apt.sh
. "$(dirname "$0")/../support/apt.sh"
suite=$1
root=$2
shift 2

skip() {
	echo "skipped: $*" >&2
	exit 77
}

[ ! -e "$root/etc/pktstat-root" ] || exit 0
[ "$(id -u)" = 0 ] || skip "making a Debian root needs root"
PATH=$PATH:/usr/sbin:/sbin
command -v debootstrap >/dev/null || skip "no debootstrap"
mirror=$(apt_mirror)
[ -n "$mirror" ] || skip "the system's apt knows no Debian mirror"
rm -rf "$root"
mkdir -p "$root"
packages=$(IFS=,; echo "$*")
debootstrap --variant=minbase --keyring="$apt_keyring" ${packages:+--include="$packages"} \
	"$suite" "$root" "$mirror" >"$root.log" 2>&1 ||
	skip "debootstrap $suite failed: $(tail -n 1 "$root.log")"
: >"$root/etc/pktstat-root"
