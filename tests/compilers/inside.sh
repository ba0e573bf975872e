#!/bin/bash
# SPDX-License-Identifier: MIT
# What runs inside a clean system, with the sources in /src:
# inside.sh packages PACKAGE...: installs what scripts/lib.sh names, and those.
# inside.sh build CC BPF_CLANG: builds in /out with warnings as errors, tests, prints a line RESULT.
set -eu
PATH=$PATH:/usr/sbin
action=$1
shift

packages() {
	# shellcheck source=scripts/lib.sh
	. /src/scripts/lib.sh
	install_packages "${build_packages[@]}" "$@"
}

version_of() {
	"$1" --version 2>/dev/null | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1
}

build() {
	local cc=$1 clang=$2 tests=- versions err=0
	versions=$(printf '%-6s %-8s %-6s %-8s %-7s %-8s' "$cc" "$(version_of "$cc")" clang \
		"$(version_of "$clang")" "$(pkg-config --modversion libbpf)" \
		"$(bpftool version | sed -nE '1s/.* v//p')")
	rm -rf /out
	CC=$cc cmake -S /src -B /out -G Ninja -D CMAKE_BUILD_TYPE=Release -D PKTSTAT_WERROR=ON \
		-D BPF_CLANG="$(command -v "$clang")" -D PKTSTAT_TEST_LABELS='unit;bpf' &&
		ninja -k 0 -C /out && (cd /out && ctest --output-on-failure) || err=$?
	[ "$err" != 0 ] || tests=passed
	echo "RESULT: $versions $tests"
	return "$err"
}

"$action" "$@"
