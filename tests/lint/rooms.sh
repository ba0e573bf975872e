#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# rooms.sh [ROOT]: which room of the source tree may include headers of which, and that no headers
# include each other in a circle. Prints one line for each breach, and ends with 1 if there was one.
# `rooms.sh ROOT dot` prints the rooms and their includes as a graph for graphviz instead.
set -euo pipefail
root=${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
cd "$root"

# Room: the rooms below it, that it may include. A room that is not named here is an error.
rooms='
bpf:
src/core/base:
src/core/model:    bpf src/core/base
src/core/query:    bpf src/core/base src/core/model
src/core/report:   bpf src/core/base src/core/model src/core/query
src/net:           bpf src/core/base
src/guard:         src/core/base
src/names:         src/core/base src/core/model
src/collector:     bpf src/core/base src/core/model src/net
src/capture:       bpf src/core/base src/core/model src/collector
src/owner:         bpf src/core/base src/core/model src/net
src/export:        bpf src/core/base src/core/model src/core/query src/core/report
src/sight:         bpf src/core/base src/core/model
src/ui:            bpf src/core/base src/core/model src/core/query src/core/report
src/app:           bpf src/core/base src/core/model src/core/query src/core/report src/net src/guard src/names src/collector src/capture src/owner src/sight src/export src/ui
src:               src/app src/guard
'

# "ROOM FILE HEADER ROOM-OF-HEADER" for each include of a header of ours. Two rooms may not have
# headers of one name: the compiler would choose.
includes() {
	find bpf src -name '*.[ch]' | LC_ALL=C sort | xargs awk '
	function room(file) { sub(/\/[^\/]*$/, "", file); return file }
	function base(file) { sub(/.*\//, "", file); return file }
	BEGIN {
		for (i = 1; i < ARGC; i++)
			if (ARGV[i] ~ /\.h$/) {
				if (base(ARGV[i]) in home)
					print "twice", ARGV[i], base(ARGV[i]), home[base(ARGV[i])]
				home[base(ARGV[i])] = room(ARGV[i])
			}
	}
	/^[ \t]*#[ \t]*include[ \t]*"/ {
		split($0, part, "\"")
		if (part[2] in home)
			print room(FILENAME), FILENAME, part[2], home[part[2]]
	}'
}

if [ "${2:-}" = dot ]; then
	echo 'digraph rooms {'
	includes | awk '$1 != $4 { print "\t\"" $1 "\" -> \"" $4 "\";" }' | sort -u
	echo '}'
	exit 0
fi

breaches=$(
	includes | awk -v rooms="$rooms" '
	BEGIN {
		n = split(rooms, line, "\n")
		for (i = 1; i <= n; i++) {
			m = split(line[i], word, /[: ]+/)
			known[word[1]] = 1
			for (j = 2; j <= m; j++)
				may[word[1], word[j]] = 1
		}
	}
	$1 == "twice" { print $2 ": two rooms have a header " $3; next }
	!($1 in known) { print $2 ": the room " $1 " is not named in tests/lint/rooms.sh"; next }
	$1 != $4 && !(($1, $4) in may) { print $2 ": " $1 " may not include " $3 " of " $4 }'
	includes | awk '{ file = $2; sub(/.*\//, "", file) } file == $3 { print $2 ": includes itself" }'
	includes | awk '$2 ~ /\.h$/ { file = $2; sub(/.*\//, "", file); print $3, file }' |
		tsort 2>&1 >/dev/null | sed 's/^tsort: */headers in a circle: /'
)
[ -z "$breaches" ] && exit 0
echo "$breaches"
exit 1
