#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# sudo scripts/test.sh [--long] [CTEST ARGS]: installs what is missing, builds, and runs the tests of
# the release build. They take about five minutes on two CPUs. Without root nothing is installed, and
# tests that need it are left out; the end says which and why.
#   --long   instead the long part: the tests labelled unit, bpf and ui under the address, undefined
#            and thread sanitizers, other kernels in QEMU, a soak, longer fuzzing; half an hour
# Ends with ctest's own summary. With CI=true warnings are errors, and a test that cannot load BPF
# or pass packets fails.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

presets=(release)
choice=(-LE long)
if [ "${1:-}" = --long ]; then
	shift
	presets=(release asan tsan)
	# Tests of the release build that are not long have been run; sanitized ones are all wanted.
	choice=(-L 'long|sanitized')
	test_packages+=("${long_packages[@]}")
fi

if [ "$(id -u)" -eq 0 ]; then
	install_packages "${build_packages[@]}" "${test_packages[@]}"
else
	install_packages "${build_packages[@]}"
	mapfile -t missing < <(command -v dpkg-query >/dev/null && packages_missing "${test_packages[@]}")
	[ "${#missing[@]}" -eq 0 ] || say "not installed, without root: ${missing[*]%%|*}"
fi

werror=OFF
[ "${CI:-}" != true ] || werror=ON
for preset in "${presets[@]}"; do
	configure "$preset" -D BUILD_TESTING=ON -D PKTSTAT_WERROR=$werror
	build "$preset"
done

# One run over all builds, so that there is one summary and one verdict.
mkdir -p "$root/build/all"
for preset in "${presets[@]}"; do
	printf 'subdirs("%s")\n' "$root/build/$preset"
done >"$root/build/all/CTestTestfile.cmake"
status=0
(cd "$root/build/all" &&
	ctest --output-on-failure --no-tests=error -j "$(nproc)" "${choice[@]}" "$@") || status=$?
# What was left out, once for each reason; each test says it in one line.
log=$root/build/all/Testing/Temporary/LastTest.log
if [ "$status" -eq 0 ] && grep -q '^skipped: ' "$log" 2>/dev/null; then
	say "left out, tests by reason:"
	grep -h '^skipped: ' "$log" | sort | uniq -c | sort -rn >&2
fi
give_build_back
exit "$status"
