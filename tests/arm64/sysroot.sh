#!/bin/bash
# SPDX-License-Identifier: MIT
# sysroot.sh DIRECTORY [PACKAGE...]: the arm64 packages of Debian 12 and what they depend on,
# unpacked, not installed, in DIRECTORY. What is there is kept.
# Ends with 77 and a reason when they cannot be had.
set -u
# shellcheck source=tests/support/apt.sh
. "$(dirname "$0")/../support/apt.sh"
directory=$1
shift
apt=$directory.apt

skip() {
	echo "skipped: $*"
	exit 77
}

[ ! -e "$directory/complete" ] || exit 0
rm -rf "$directory"
mkdir -p "$directory" || skip "cannot write to $directory"
reason=$(apt_set_up "$apt" bookworm arm64) || skip "$reason"
# Nothing counts as installed there, so all that is needed is downloaded, libc6 too.
apt_private "$apt" arm64 apt-get install -y --no-install-recommends --download-only "$@" \
	>"$apt/install.log" 2>&1 || skip "no packages: $(tail -n 1 "$apt/install.log")"
for package in "$apt"/cache/archives/*.deb; do
	dpkg-deb -x "$package" "$directory" || skip "cannot unpack $package"
done
# Links to /lib/... would lead out of the sysroot.
find "$directory" -type l -lname '/*' -printf '%p\t%l\n' | while IFS=$'\t' read -r link target; do
	ln -sfnr "$directory$target" "$link"
done
: >"$directory/complete"
