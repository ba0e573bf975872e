#!/bin/bash
# SPDX-License-Identifier: MIT
# The long run of the fuzzers: each target until it was executed RUNS times (10,000,000), one after
# the other. Can be ended at any time and started again: it goes on where it was, for what was done
# stands beside the corpus in the build. Prints a table; status 1 after a find, which is named.
#
# usage: long.sh BUILD [TARGET...]           TARGET is parse, filter, ...; RUNS=N
#        long.sh --keep BUILD [TARGET...]    adds to corpus/ here what reaches more than it does
set -u
sources=$(cd "$(dirname "$0")" && pwd)
runs=${RUNS:-10000000}
step=500000
action=run
if [ "${1-}" = --keep ]; then
	action=keep
	shift
fi
build=${1:?directory of the build}/tests/fuzz
shift

# stat_of NAME LOG: a number of the fuzzer's final statistics.
stat_of() {
	sed -n "s/^stat::$1: *//p" "$2"
}

# done_of TARGET: "executions seconds coverage" so far.
done_of() {
	cat "$build/fuzz_$1.done" 2>/dev/null || echo "0 0 0"
}

run_target() {
	local target=$1 executed seconds cover before log=$build/fuzz_$1.log left
	read -r executed seconds cover < <(done_of "$target")
	while [ "$executed" -lt "$runs" ]; do
		before=$SECONDS
		left=$((runs - executed))
		# shellcheck disable=SC2086
		(cd "$build" && "./fuzz_$target" -error_exitcode=1 -timeout=20 -rss_limit_mb=4096 \
			"-max_len=$(<"fuzz_$target.max_len")" \
			-runs=$((left < step ? left + 1000 : step)) -print_final_stats=1 -verbosity=1 \
			"fuzz_$target.corpus" "$sources/corpus/$target") >"$log" 2>&1 || return 1
		executed=$((executed + $(stat_of number_of_executed_units "$log")))
		seconds=$((seconds + SECONDS - before))
		cover=$(sed -n 's/.*DONE *cov: \([0-9]*\).*/\1/p' "$log")
		echo "$executed $seconds $cover" >"$build/fuzz_$target.done"
	done
}

print_target() {
	local executed seconds cover
	read -r executed seconds cover < <(done_of "$1")
	printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$executed" $((executed / (seconds ? seconds : 1))) \
		"$cover" "$(find "$build/fuzz_$1.corpus" -type f | wc -l)"
}

# Keeps of what was found the few inputs that reach a branch which no kept one does.
keep_target() {
	local merged
	merged=$(mktemp -d)
	find "$sources/corpus/$1" -type f -exec cp -t "$merged" {} +
	(cd "$build" && "./fuzz_$1" -set_cover_merge=1 -use_counters=0 \
		"-max_len=$(<"fuzz_$1.max_len")" "$merged" "fuzz_$1.corpus") \
		>"$build/fuzz_$1.log" 2>&1 || return 1
	find "$merged" -type f -exec cp -n -t "$sources/corpus/$1" {} +
	rm -rf "$merged"
}

if [ $# -eq 0 ]; then
	for file in "$sources"/fuzz_*.c; do
		file=${file##*/fuzz_}
		set -- "$@" "${file%.c}"
	done
fi
status=0
for target; do
	case $action in
	run) run_target "$target" ;;
	keep) keep_target "$target" ;;
	esac || {
		echo "FAILED: $target, see $build/fuzz_$target.log"
		status=1
	}
done
{
	printf 'target\texecutions\texec/s\tcoverage\tinputs\n'
	for target; do
		print_target "$target"
	done
} | column -t -s "$(printf '\t')"
exit $status
