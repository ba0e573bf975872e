#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# sudo scripts/test.sh [CTEST ARGS]: installs what is missing, builds, and runs every test: all of
# them on the release build, and those with the labels unit, bpf and ui again under the address and
# undefined sanitizers. Ends with ctest's own summary of both.
# With CI=true warnings are errors, and a test that cannot load BPF or pass packets fails.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_root "running every test" "$*"
install_packages "${build_packages[@]}" "${test_packages[@]}"

werror=OFF
[ "${CI:-}" != true ] || werror=ON
for preset in release asan; do
	configure "$preset" -D BUILD_TESTING=ON -D PKTSTAT_WERROR=$werror
	build "$preset"
done

# One run over both builds, so that there is one summary and one verdict.
mkdir -p "$root/build/all"
printf 'subdirs("%s" "%s")\n' "$root/build/release" "$root/build/asan" \
	>"$root/build/all/CTestTestfile.cmake"
status=0
(cd "$root/build/all" && ctest --output-on-failure --no-tests=error -j "$(nproc)" "$@") || status=$?
give_build_back
exit "$status"
