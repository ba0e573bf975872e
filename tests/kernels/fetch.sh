#!/bin/bash
# SPDX-License-Identifier: MIT
# fetch.sh VERSION DIRECTORY: the Debian kernel of that series (5.10, 6.1, 6.12, newest), unpacked
# in DIRECTORY/VERSION: vmlinuz, the modules in tree/, its full name in the file release. Packages
# come from the mirror that the system's own apt uses, through an apt configuration private to
# DIRECTORY; the system's lists, cache and sources stay as they are. What is there is kept.
# Ends with 77 and a reason when there is no such package to be had.
set -u
version=$1
work=$(realpath "$2")
out=$work/$version
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

skip() {
	echo "kernel $version: $*" >&2
	exit 77
}

suite_of() {
	case $1 in
	5.10) echo bullseye ;;
	6.1) echo bookworm ;;
	6.12) echo trixie ;;
	newest) echo sid ;;
	*) return 1 ;;
	esac
}

private_apt() {
	local command=$1
	shift
	"$command" -q -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::State="$apt/state" -o Dir::State::status="$apt/status" \
		-o Dir::Cache="$apt/cache" -o Dir::Log="$apt/log" -o APT::Architecture=amd64 \
		-o APT::Architectures=amd64 -o APT::Sandbox::User=root \
		-o APT::Update::Post-Invoke-Success= -o Acquire::Languages=none "$@"
}

set_up_apt() {
	local mirror
	mirror=$(apt-get indextargets 'Created-By: Packages' --format '$(LABEL) $(REPO_URI)' |
		sed -n 's/^Debian //p' | head -n 1)
	[ -n "$mirror" ] || skip "the system's apt knows no Debian mirror"
	[ -r "$keyring" ] || skip "no $keyring"
	apt=$work/apt-$suite
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$apt/log"
	: >"$apt/status"
	echo "deb [signed-by=$keyring] $mirror $suite main" >"$apt/sources.list"
	private_apt apt-get update >"$apt/update.log" 2>&1 &&
		! grep -q '^[EW]: Failed' "$apt/update.log" ||
		skip "no package lists of $suite: $(tail -n 1 "$apt/update.log")"
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
suite=$(suite_of "$version") || skip "unknown; there are 5.10, 6.1, 6.12 and newest"
mkdir -p "$work"
set_up_apt
release=$(private_apt apt-cache depends linux-image-amd64 |
	sed -nE 's/.*Depends: linux-image-([0-9].*amd64)$/\1/p' | head -n 1)
[ -n "$release" ] || skip "no package linux-image-amd64 in $suite"
unpack "$release"
