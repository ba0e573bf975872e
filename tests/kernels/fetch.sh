#!/bin/bash
# SPDX-License-Identifier: MIT
# fetch.sh VERSION DIRECTORY [ARCHITECTURE]: the Debian kernel of that series (5.10, 6.1, 6.12,
# newest; rt: the newest with PREEMPT_RT), unpacked in DIRECTORY/VERSION: vmlinuz, the modules in
# tree/, its full name in the file release. What is there is kept. ARCHITECTURE: amd64 (the default)
# or arm64.
# Ends with 77 and a reason when there is no such package to be had.
set -u
# shellcheck source=tests/support/apt.sh
. "$(dirname "$0")/../support/apt.sh"
version=$1
work=$(realpath "$2")
arch=${3:-amd64}
out=$work/$version

skip() {
	echo "kernel $version: $*" >&2
	exit 77
}

suite_of() {
	case $1 in
	5.10) echo bullseye ;;
	6.1) echo bookworm ;;
	6.12) echo trixie ;;
	newest | rt) echo sid ;;
	*) return 1 ;;
	esac
}

private_apt() {
	apt_private "$apt" "$arch" "$@"
}

# What the stock kernel is called now, and the packages that its files are in.
packages_of_release() {
	private_apt apt-cache depends --important --recurse "linux-image-$1" |
		awk -v release="$1" '
			$1 ~ /^linux-(image|modules|binary)-/ && index($1, release) { print $1 }' | sort -u
}

unpack() {
	local package
	rm -rf "$out.new" && mkdir -p "$out.new/tree" "$apt/download"
	for package in $(packages_of_release "$1"); do
		(cd "$apt/download" && private_apt apt-get download "$package") >"$apt/download.log" 2>&1 ||
			skip "$package cannot be downloaded: $(tail -n 1 "$apt/download.log")"
		dpkg-deb --fsys-tarfile "$apt/download/$package"_*.deb |
			tar -x -C "$out.new/tree" --wildcards './boot/vmlinuz*' './lib/modules/*' \
				'./usr/lib/modules/*' './usr/lib/modules/*/vmlinuz*' 2>/dev/null
	done
	rm -rf "$apt/download"
	mv "$(find "$out.new/tree" -name 'vmlinuz*' -type f | head -n 1)" "$out.new/vmlinuz" ||
		skip "no kernel in the packages of $1"
	echo "$1" >"$out.new/release"
	rm -rf "$out" && mv "$out.new" "$out"
}

[ ! -s "$out/release" ] || exit 0
suite=$(suite_of "$version") || skip "unknown; there are 5.10, 6.1, 6.12, newest and rt"
package=linux-image-$arch
[ "$version" != rt ] || package=linux-image-rt-$arch
mkdir -p "$work"
apt=$work/apt-$suite-$version
reason=$(apt_set_up "$apt" "$suite" "$arch") || skip "$reason"
release=$(private_apt apt-cache depends "$package" |
	sed -nE "s/.*Depends: linux-image-([0-9].*$arch)\$/\1/p" | head -n 1)
[ -n "$release" ] || skip "no package $package in $suite"
unpack "$release"
