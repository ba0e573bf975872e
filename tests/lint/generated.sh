#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# generated.sh PRINT_DOCS [ROOT]: the parts of man page, README and completions that are made from the
# program's tables are up to date. Such a part stands between lines with "begin generated: PART" and
# "end generated". With GENERATE=1 they are updated.
#
# In the man page each entry begins with what the table says; what stands behind a line .\" more is
# written by hand, and stays with its heading.
set -euo pipefail
print_docs=$1
root=${2:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
status=0

# Prints the file with all parts generated again.
renew() {
	awk -v print_docs="$print_docs" '
	function add_more() {
		printf "%s", more[heading]
		delete more[heading]
	}
	function print_part(    command, line, before, lines, lost) {
		command = print_docs " " part
		heading = ""
		while ((command | getline line) > 0) {
			if (line ~ /^\.(TP|SS)/)
				add_more()
			print line
			if (before == ".TP")
				heading = line
			before = line
			lines++
		}
		add_more()
		if (close(command) || !lines) {
			print FILENAME ": there is no part " part >"/dev/stderr"
			failed = 1
		}
		for (lost in more)
			if (more[lost] != "") {
				print FILENAME ": has text under \"" lost "\", which is no heading of " part " now; " \
					"rename or remove it there first" >"/dev/stderr"
				failed = 1
			}
	}
	!inside { print }
	inside && /end generated/ {
		print_part()
		print
		inside = 0
	}
	inside {
		if (before == ".TP")
			heading = $0
		if (/^\.(TP|SS|SH)/)
			keeping = 0
		if (/^\.\\" more/)
			keeping = 1
		if (keeping)
			more[heading] = more[heading] $0 "\n"
		before = $0
	}
	/begin generated: / {
		match($0, /generated: [a-z-]+/)
		part = substr($0, RSTART + 11, RLENGTH - 11)
		inside = 1
		keeping = 0
		heading = before = ""
		delete more
	}
	END {
		if (inside) {
			print FILENAME ": part " part " has no end" >"/dev/stderr"
			failed = 1
		}
		exit failed
	}' "$1"
}

new=$(mktemp)
trap 'rm -f "$new"' EXIT
found=
for file in README.md man/pktstat-bpf.8 completions/pktstat-bpf.bash completions/_pktstat-bpf; do
	found+=$(grep -o 'begin generated: [a-z-]*' "$root/$file" || true)
	renew "$root/$file" >"$new" || { status=1; continue; }
	cmp -s "$new" "$root/$file" && continue
	if [ -n "${GENERATE:-}" ]; then
		cat "$new" >"$root/$file"
		echo "$file: updated"
	else
		echo "$file: not what the tables of options and keys say; GENERATE=1 updates it"
		diff "$root/$file" "$new" || true
		status=1
	fi
done
# A part that lost its place would never be compared.
for part in readme-usage readme-keys man-options man-keys bash-values bash-options zsh-options; do
	[[ $found == *"generated: $part"* ]] || { echo "no document has the part $part"; status=1; }
done
exit $status
