#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# documented.sh PROGRAM PRINT_DOCS [ROOT]: the man page, the completions and the README name exactly
# the long options that PROGRAM --help prints, the man page all keywords of filters; and the man page has
# no error that groff can see. What is made from tables is checked by generated.sh.
set -euo pipefail
program=$1
print_docs=$2
root=${3:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
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
compare README.md "$(grep -vE 'cmake|ctest|ninja|git |\<apt|setcap|tests/|scripts/(demo|test)' \
	"$root/README.md" || true)"

# The keywords of filters, as their table has them.
keywords=$("$print_docs" filter-words)
for keyword in $keywords; do
	sed 's/\\f[BIR]/ /g' "$root/man/pktstat-bpf.8" | grep -wF -- "$keyword" >/dev/null && continue
	echo "man/pktstat-bpf.8 does not mention the filter's keyword $keyword"
	status=1
done

if command -v groff >/dev/null; then
	errors=$(groff -man -ww -z -Tutf8 "$root/man/pktstat-bpf.8" 2>&1)
	[ -z "$errors" ] || { echo "$errors"; status=1; }
fi
exit $status
