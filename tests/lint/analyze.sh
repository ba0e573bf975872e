#!/bin/bash
# SPDX-License-Identifier: MIT
# Static analysis: clang-tidy (.clang-tidy) of every C file, BPF programs and fuzzers too; cppcheck
# (cppcheck.txt) of what the build compiles; gcc's analyzer of that but for tests with cmocka, whose
# assertions it takes for functions that return. One file a CPU at a time; what they find is printed
# file by file, then a line for each tool; status 1 when there is anything. Slow (minutes), so ctest
# runs only "quick", which is cppcheck.
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
export root build database

skip() {
	echo "skipped: $*"
	exit 77
}

[ -r "$database" ] || skip "no compile_commands.json in $build"
command -v jq >/dev/null || skip "jq is not installed"

if [ $# -gt 0 ]; then
	mapfile -t files < <(realpath "$@")
else
	mapfile -t files < <(jq -r '.[].file' "$database" | grep -E "^$root/(src|tests)/" | sort -u
		ls "$root"/bpf/*.bpf.c "$root"/tests/*/*.bpf.c "$root"/tests/fuzz/*.c)
fi
mapfile -t built < <(printf '%s\n' "${files[@]}" | grep -vE '\.bpf\.c$|/fuzz/')
mapfile -t plain < <(grep -L '<cmocka\.h>' /dev/null "${built[@]}" | grep -v '^/dev/null$')

mapfile -t rooms < <(find "$root/src" -type d -printf '-I%p\n' | LC_ALL=C sort)

# What compiles a file that has no command in the database: a BPF program, or a fuzzer.
flags_of() {
	case $1 in
	*.bpf.c) echo -target bpf -std=gnu11 -O2 -g -D__TARGET_ARCH_x86 \
		-idirafter /usr/include/x86_64-linux-gnu ;;
	*) echo -std=gnu11 -D_GNU_SOURCE= -DXXH_INLINE_ALL "${rooms[@]}" -I"$root/tests/support" ;;
	esac
	echo -I"$root/bpf"
}

# clang-tidy counts on stderr what it does not show.
tidy_one() {
	local flags
	case $1 in
	*.bpf.c | */fuzz/*)
		read -ra flags <<<"$(flags_of "$1" | tr '\n' ' ')"
		clang-tidy --quiet "$1" -- "${flags[@]}" 2>/dev/null
		;;
	*) clang-tidy --quiet -p "$build" "$1" 2>/dev/null ;;
	esac
}

# By the file's own command of the build, but not optimized: what is merged and inlined misleads it.
# It gives up on fewer functions (9 files of 120, not 50) with larger bounds, which cost little.
# Leaks are clang-tidy's, the sanitizers' and valgrind's: gcc 12 loses what an index leads to.
gcc_one() {
	local command
	command=$(jq -r --arg file "$1" '[.[] | select(.file == $file) | .command][0] // empty' "$database")
	[ -n "$command" ] || return 0
	cd "$build" && eval "${command%% -o *} -O0 -U_FORTIFY_SOURCE -fanalyzer \
		--param=analyzer-bb-explosion-factor=50 --param=analyzer-max-enodes-per-program-point=40 \
		-Wno-analyzer-malloc-leak -fdiagnostics-path-format=separate-events -c $1 -o /dev/null" 2>&1
}

# one TOOL FILE: prints what it finds, in one piece.
one() {
	local found err=0
	found=$("$1_one" "$2") || err=$?
	[ "$err" != 0 ] || [ -n "$found" ] || return 0
	{
		flock 9
		printf '%s\n' "${found:-"$2: $1 ends with $err and says nothing"}"
	} 9<"$database"
	return 1
}
export -f flags_of tidy_one gcc_one one

# each TOOL FILE...
each() {
	local tool=$1 found=nothing
	shift
	printf '%s\0' "$@" | xargs -r -0 -n 1 -P "$(nproc)" bash -c 'one "$@"' - "$tool" ||
		{ found="see above"; status=1; }
	echo "$tool: $# files, $found found, $SECONDS s"
}

run_cppcheck() {
	local found=nothing
	[ "${#built[@]}" -gt 0 ] || return
	command -v cppcheck >/dev/null || skip "cppcheck is not installed"
	cppcheck --quiet -j "$(nproc)" --std=c11 --enable=warning,performance,portability --inline-suppr \
		--suppressions-list="$root/tests/lint/cppcheck.txt" --error-exitcode=1 \
		-D__x86_64__ -D_GNU_SOURCE '-DDECLARE_LIBBPF_OPTS(type,name,...)=struct type name' \
		'-DLIBBPF_OPTS(type,name,...)=struct type name' \
		'-Dbpf_object__for_each_program(program,object)=while ((program = next(object)))' \
		"${rooms[@]}" -I"$root/bpf" -I"$root/tests/support" "${built[@]}" || { found="see above"; status=1; }
	echo "cppcheck: ${#built[@]} files, $found found, $SECONDS s"
}

for tool in "${tools[@]}"; do
	SECONDS=0
	case $tool in
	tidy)
		command -v clang-tidy >/dev/null || skip "clang-tidy is not installed"
		each tidy "${files[@]}"
		;;
	cppcheck | quick) run_cppcheck ;;
	gcc) each gcc "${plain[@]}" ;;
	*) echo "no such tool: $tool"; exit 2 ;;
	esac
done
exit $status
