#!/bin/bash
# SPDX-License-Identifier: MIT
# Without colour, without UTF-8, on simple terminals, and on those that cannot show it at all.
. "$(dirname "$0")/tmux.sh"

colors() {
	tm capture-pane -e -p -t $window | grep -cE $'\e\\[[0-9;]*(3[0-7]|4[0-7])m'
}

# Some terminals have no second screen: what the last run left must be gone before the next is read.
run_line() {
	type_line clear
	expect_no 'ended by quit|BPS|^ui_run|^status'
	type_line "$1"
}

open_shell 80 24
type_line "$driver"
expect 'BPS▼'
[ "$(colors)" -gt 0 ] || fail "no colour where there could be"
keys q; expect '^ended by quit'

run_line "NO_COLOR=1 $driver"
expect 'BPS▼'
[ "$(colors)" -eq 0 ] || fail "colour in spite of NO_COLOR"
keys q; expect '^ended by quit'
echo "ok NO_COLOR"

for locale in C POSIX; do
	run_line "LC_ALL=$locale $driver"
	expect 'BPSv'
	expect '^> TCP'
	screen | LC_ALL=C grep -q '[^ -~]' && fail "not ASCII in locale $locale"
	keys q; expect '^ended by quit'
	echo "ok locale $locale"
done

for term in vt100 vt220 linux xterm xterm-256color screen; do
	infocmp "$term" >/dev/null 2>&1 || continue
	run_line "TERM=$term $driver"
	expect 'BPS▼'
	keys j; expect '^[▸>] .*\[2001:db8::7\]'
	keys q; expect '^ended by quit'
	echo "ok TERM=$term"
done

for term in dumb no-such-terminal ''; do
	run_line "TERM='$term' $driver; echo status \$?"
	expect '^ui_run: Invalid argument [a-zA-Z]+'
	expect '^status 1'
	echo "ok TERM='$term'"
done
run_line "$driver < /dev/null; echo status \$?"
expect '^ui_run: Inappropriate ioctl'
