#!/bin/bash
# SPDX-License-Identifier: MIT
# Static analysis of the program and of what the tests share: clang-tidy (.clang-tidy), cppcheck
# (cppcheck.txt) and gcc's analyzer. Prints what they find; status 1 when that is anything. Slow
# (minutes), so ctest runs only "quick", which is cppcheck.
#
# usage: analyze.sh BUILD [tidy|cppcheck|gcc|quick]... [-- FILE...]    FILE: those only
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${1:?directory of the build}" && pwd) || exit 2
database=$build/compile_commands.json
shift
tools=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	tools+=("$1")
	shift
done
[ $# -eq 0 ] || shift
[ "${#tools[@]}" -gt 0 ] || tools=(tidy cppcheck gcc)
status=0

skip() {
	echo "skipped: $*"
	exit 77
}

[ -r "$database" ] || skip "no compile_commands.json in $build"
command -v jq >/dev/null || skip "jq is not installed"

# The commands of the sources that are ours, generated ones and tests of one file aside.
mapfile -t files < <(if [ $# -gt 0 ]; then realpath "$@"; else
	jq -r '.[].file' "$database" | sort -u | grep -E "^$root/(src|tests/support)/"
fi)

tidy() {
	command -v clang-tidy >/dev/null || skip "clang-tidy is not installed"
	printf '%s\0' "${files[@]}" |
		xargs -0 -n 4 -P "$(nproc)" clang-tidy --quiet -p "$build" 2>&1 |
		grep -vE '^[0-9]+ warnings? generated|^Suppressed|^Use -header-filter' | grep . && status=1
}

run_cppcheck() {
	command -v cppcheck >/dev/null || skip "cppcheck is not installed"
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
		--suppressions-list="$root/tests/lint/cppcheck.txt" --error-exitcode=1 \
		-D__x86_64__ -D_GNU_SOURCE '-DDECLARE_LIBBPF_OPTS(type,name,...)=struct type name' \
		'-DLIBBPF_OPTS(type,name,...)=struct type name' \
		-I"$root/src/core" -I"$root/src/collector" -I"$root/bpf" \
		-I"$root/src" -I"$root/tests/support" "${files[@]}" || status=1
}

# Each source by its own command of the build, for its warnings alone.
run_gcc() {
	local file command
	for file in "${files[@]}"; do
		command=$(jq -r --arg file "$file" \
			'[.[] | select(.file == $file) | .command][0] // empty' "$database")
		[ -n "$command" ] || continue
		command=${command%% -o *}
		(cd "$build" && eval "$command -O2 -fanalyzer -c $file -o /dev/null") 2>&1 |
			grep -E 'Wanalyzer' && status=1
	done
}

for tool in "${tools[@]}"; do
	case $tool in
	tidy) tidy ;;
	cppcheck | quick) run_cppcheck ;;
	gcc) run_gcc ;;
	*) echo "no such tool: $tool"; exit 2 ;;
	esac
done
exit $status
