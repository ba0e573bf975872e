#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# source.sh [ROOT]: the house rules that a script can hold. Prints one line for each breach, as
# "file:line: rule: what", and ends with 1 if there was one. Exceptions stand in the file allow.
set -euo pipefail
root=${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
cd "$root"
allow=tests/lint/allow
max_file=700
max_function=60

# Files that are there and meant to stay; a build directory is not looked into.
files() {
	find bpf src tests cmake scripts .ci man completions CMakeLists.txt -type f \
		-not -path '*/golden/*' -not -path '*/corpus/*' -not -name '*.md' \
		-not -name '*.pyc' | LC_ALL=C sort
}

c_files() {
	files | grep -E "^($1)/.*\.[ch]$" || true
}

# Reads breaches, "file:line: rule: what", and lets those pass that the allow file names.
unless_allowed() {
	local breach where rule
	while IFS= read -r breach; do
		where=${breach%%:*}
		rule=${breach#*: }
		rule=${rule%%:*}
		case $rule in
		function-length) where=$where:${breach##* in } ;;
		static-name) where=${breach##* } ;;
		esac
		grep -qE "^$rule ${where//./\\.} +[^ ]" "$allow" || echo "$breach"
	done
}

# code FILE...: the code of each file without comments and the contents of strings, as
# "file:line:code".
code() {
	[ "$#" -gt 0 ] || return 0
	awk '
	FNR == 1 { comment = 0 }
	{
		line = $0
		if (!comment)
			gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
		out = ""
		while (line != "") {
			if (comment) {
				at = index(line, "*/")
				if (!at)
					break
				line = substr(line, at + 2)
				comment = 0
			} else {
				at = index(line, "/*")
				if (!at) {
					out = out line
					break
				}
				out = out substr(line, 1, at - 1)
				line = substr(line, at + 2)
				comment = 1
			}
		}
		sub(/\/\/.*/, "", out)
		if (out ~ /[^ \t]/)
			print FILENAME ":" FNR ":" out
	}' "$@"
}

# no_call RULE DIRECTORIES FUNCTIONS: none of the functions is called there.
no_call() {
	local found
	mapfile -t found < <(c_files "$2")
	code "${found[@]}" |
		sed -nE "s/^([^:]*:[0-9]+):(.*[^A-Za-z0-9_.>])?($3)[ \t]*\(.*/\1: $1: \3()/p"
}

# no_name RULE DIRECTORIES NAMES: none of the names is used there.
no_name() {
	local found
	mapfile -t found < <(c_files "$2")
	code "${found[@]}" |
		sed -nE "s/^([^:]*:[0-9]+):(.*[^A-Za-z0-9_])?($3)([^A-Za-z0-9_].*)?$/\1: $1: \3/p"
}

# no_include RULE WHERE HEADERS [EXCEPT]: no file below WHERE, but those in EXCEPT, includes a
# header that matches HEADERS.
no_include() {
	local found
	mapfile -t found < <(c_files "$2" | grep -vE "^(${4:-none})$")
	[ "${#found[@]}" -gt 0 ] || return 0
	grep -nHE "^[ \t]*#[ \t]*include[ \t]*[<\"]($3)[>\"]" "${found[@]}" |
		sed -E "s/^([^:]*:[0-9]+):.*include[ \t]*[<\"]([^>\"]*).*/\1: $1: \2/" || true
}

# Who may use what is not ours; rooms.sh holds who may include whom.
include_rules() {
	local curses='(ncursesw?/)?(curses|ncurses|term|panel)\.h'
	no_include include-curses src "$curses" 'src/ui/(screen|terminal|draw|keys)\.c'
	no_include include-skeleton src '.*\.skel\.h' 'src/(collector/(bpf_source|programs)|owner/scan)\.c'
	# One seeded hash for every table; test_hash_tables tries them.
	no_include include-xxhash src 'xxhash\.h' 'src/core/base/hash_index\.h'
	no_include include-kernel 'src/(core|names|guard|ui)' 'bpf/.*|libelf\.h'
}

call_rules() {
	no_call banned 'src' 'system|popen|sprintf|vsprintf|strcpy|strcat|strncpy|gets|strtok|atoi|atol|usleep|sleep'
	no_call waits 'src' 'poll|ppoll|select|pselect|epoll_wait|epoll_pwait'
	no_call prints 'src/(core|net|collector|capture|guard|names|owner|sight|export|ui)' 'printf|vprintf|puts|putchar|perror|err|errx|warn|warnx'
	no_name prints 'src/(core|net|collector|capture|guard|names|owner|sight|export|ui)' 'stdout|stderr'
	no_call exits 'src/(core|net|collector|capture|guard|names|owner|sight|export|ui)' 'exit|quick_exit'
	no_call exits 'src/ui' 'initscr'
}

# No pointer loses its const on the way through a number.
cast_rules() {
	local found
	mapfile -t found < <(c_files src)
	code "${found[@]}" | sed -nE 's/^([^:]*:[0-9]+):.*\*\) *\(uintptr_t\).*/\1: cast: a pointer made from a number/p'
}

# The first line may belong to the kernel, or to zsh's completion loader.
spdx_rule() {
	local found
	mapfile -t found < <(files | grep -vE '\.(json|txt|pcap|md)$')
	awk '
	FNR == 1 { want = /^#!/ || /^#compdef/ ? 2 : 1 }
	FNR == want && !/SPDX-License-Identifier: [A-Z]/ {
		print FILENAME ":" FNR ": spdx: the licence is not named in this line"
	}
	FNR > 2 { nextfile }' "${found[@]}"
}

length_rules() {
	local found
	mapfile -t found < <(files | grep -E '\.[ch]$|\.sh$|\.py$')
	awk -v most_file="$max_file" -v most_function="$max_function" '
	function file_end() {
		if (last > most_file)
			print name ":" last ": file-length: " last " lines, more than " most_file
	}
	FNR == 1 { file_end(); name = FILENAME; start = 0; called = "" }
	{ last = FNR }
	FILENAME !~ /\.[ch]$/ { next }
	# Kernel formatting: only a function has its braces alone in the first column.
	/^[A-Za-z_].*\(/ {
		called = $0
		sub(/\(.*/, "", called)
		sub(/.*[ \t*]/, "", called)
	}
	/^\{$/ { start = FNR }
	/^\}$/ && start {
		if (FNR - start + 1 > most_function)
			print FILENAME ":" start ": function-length: " FNR - start + 1 " lines, more than " \
				most_function ", in " called
		start = 0
	}
	END { file_end() }' "${found[@]}"
}

# A static function has a name of its own, so that a search for it finds one file.
static_name_rule() {
	local found
	mapfile -t found < <(c_files 'src|bpf')
	code "${found[@]}" |
		sed -E 's/__attribute__ *\(\([^()]*(\([^()]*\)[^()]*)*\)\)//g' |
		sed -nE 's/^([^:]*):([0-9]+):static [^=;(]*[ *]([A-Za-z_][A-Za-z0-9_]*)\(.*/\3 \1 \2/p' |
		LC_ALL=C sort | awk '
		$1 != name { name = $1; file = $2; next }
		$2 != file { print $2 ":" $3 ": static-name: " file " also has a static function " name }'
}

# Nothing in the tree may depend on the machine it was written on.
path_rule() {
	local found
	mapfile -t found < <(files | grep -v '^tests/lint/')
	grep -nHE '(^|[^A-Za-z0-9_.$}/-])/(home|root|work|Users)/' "${found[@]}" |
		sed -E 's/^([^:]*:[0-9]+):.*/\1: path: names a directory of one machine/' || true
}

breaches=$({
	include_rules
	call_rules
	cast_rules
	spdx_rule
	length_rules
	static_name_rule
	path_rule
} | unless_allowed)
[ -z "$breaches" ] && exit 0
echo "$breaches"
exit 1
