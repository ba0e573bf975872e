#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# documented.sh PROGRAM [ROOT]: the man page, the completions and the README name exactly the long
# options that PROGRAM --help prints, the man page and the completion the keywords of filters; and the
# man page has no error that groff can see.
set -euo pipefail
program=$1
root=${2:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
status=0

long_options() {
	grep -oE -- '(^|[^A-Za-z0-9-])--[a-z][a-z-]*' | sed 's/^[^-]*//' | LC_ALL=C sort -u
}

# compare FILE TEXT: TEXT names all options and no other.
compare() {
	local missing extra
	missing=$(comm -23 <(echo "$options") <(long_options <<<"$2") | tr '\n' ' ')
	extra=$(comm -13 <(echo "$options") <(long_options <<<"$2") | tr '\n' ' ')
	[ -z "$missing" ] || echo "$1 does not mention: $missing"
	[ -z "$extra" ] || echo "$1 mentions what the program does not have: $extra"
	[ -z "$missing$extra" ] || status=1
}

options=$("$program" --help | long_options)
[ -n "$options" ] || { echo "$program --help prints no option"; exit 1; }

compare man/pktstat-bpf.8 "$(sed 's/\\-/-/g' "$root/man/pktstat-bpf.8")"
compare completions/pktstat-bpf.bash "$(cat "$root/completions/pktstat-bpf.bash")"
compare completions/_pktstat-bpf "$(cat "$root/completions/_pktstat-bpf")"
# The README also shows other programs' options, in lines that name those programs.
compare README.md "$(grep -vE 'cmake|ctest|ninja|git |apt|setcap|tests/|scripts/(demo|test)' \
	"$root/README.md" || true)"

# The keywords of filters, as their table has them.
keywords=$(sed -nE 's/^\t(ABOUT|ROLE)\("([a-z]+)", (FILTER_|DIR|FIELD|SIDE|KIND|ETHER).*/\2/p' \
	"$root/src/core/query/filter_words.c")
[ -n "$keywords" ] || { echo "filter_words.c has no keywords that this script can read"; status=1; }
for keyword in $keywords; do
	for file in man/pktstat-bpf.8 completions/pktstat-bpf.bash; do
		sed 's/\\f[BIR]/ /g' "$root/$file" | grep -wF -- "$keyword" >/dev/null && continue
		echo "$file does not mention the filter's keyword $keyword"
		status=1
	done
done

# The keys of --sort, as the table of columns has them.
keys=$(awk '
	match($0, /NAMED\([A-Z0-9_]+, "[a-z-]+"/) {
		name = substr($0, RSTART, RLENGTH)
		gsub(/.*, "|"/, "", name)
	}
	/\.sortable = [1-9]/ { print name }' "$root/src/core/query/column.c")
[ -n "$keys" ] || { echo "column.c has no sort keys that this script can read"; status=1; }
for key in $keys; do
	for file in man/pktstat-bpf.8:24 completions/pktstat-bpf.bash:1 completions/_pktstat-bpf:0; do
		sed 's/\\-/-/g; s/\\f[BIR]/ /g' "$root/${file%:*}" |
			grep -A"${file#*:}" -e '--sort[])= ]' | grep -wF -- "$key" >/dev/null && continue
		echo "${file%:*} does not mention the sort key $key"
		status=1
	done
	"$program" --help | grep -A4 -e --sort= -e '--sort KEY' | grep -wF -- "$key" >/dev/null && continue
	echo "--help does not mention the sort key $key"
	status=1
done

if command -v groff >/dev/null; then
	errors=$(groff -man -ww -z -Tutf8 "$root/man/pktstat-bpf.8" 2>&1)
	[ -z "$errors" ] || { echo "$errors"; status=1; }
fi
exit $status
