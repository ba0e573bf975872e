#!/bin/bash
# SPDX-License-Identifier: MIT
# Every way out leaves the terminal as it was: its mode, the screen before, the cursor.
. "$(dirname "$0")/tmux.sh"

# A shell with a prompt repairs the mode itself, so it is asked for before one can.
mode() { # FILE
	type_line "bash -c 'stty -a >$1'; echo mode-written"
	expect '^mode-written'
}

scratch=$(mktemp -d)
trap 'cleanup; rm -rf "$scratch"' EXIT

restored() { # HOW
	expect '^shell>'
	until_true test -s "$scratch/after" || fail "$1: the mode is not known"
	type_line clear
	expect_no 'BPS'
	cmp -s "$scratch/before" "$scratch/after" || fail "$1: the mode is not as before"
	[ "$(tm display-message -p -t $window '#{alternate_on}#{cursor_flag}')" = 01 ] ||
		fail "$1: alternate screen or cursor"
	type_line clear
	echo "ok $1"
}

run() {
	rm -f "$scratch/after"
	type_line "bash -c '$driver; echo status \$?; stty -a >$scratch/after'"
	expect 'BPS▼'
}

open_shell 80 24
mode "$scratch/before"

run; keys q; expect '^ended by quit'; expect 'status 0'; restored q
run; keys C-c; expect '^ended by signal 2'; restored Ctrl-C
run; keys 'C-\'; expect '^ended by signal 3'; restored 'Ctrl-\'
for signal in TERM:15 HUP:1; do
	run
	kill -"${signal%:*}" "$(driver_pid)"
	expect "^ended by signal ${signal#*:}"
	restored "SIG${signal%:*}"
done
for signal in SEGV ABRT BUS FPE ILL; do
	run
	kill -"$signal" "$(driver_pid)"
	expect 'status 1[0-9][0-9]'
	restored "crash by SIG$signal"
done

# Ctrl-Z gives the shell its screen back, fg brings the view back, with what came meanwhile.
type_line "$driver"
expect 'BPS▼'
keys C-z
expect 'Stopped'
shows_not 'BPS' || fail "the view is still there"
mode "$scratch/stopped"
cmp -s "$scratch/before" "$scratch/stopped" || fail "stopped: the mode is not as before"
next_snapshot
type_line fg
expect 'BPS▼'
expect '00:00:07'
keys j j; expect '^▸ .*\[2001:db8::7\]'
# Stopped by somebody else.
kill -STOP "$(driver_pid)"
expect 'Stopped'
type_line fg
expect '^▸ .*\[2001:db8::7\]'
expect 'BPS▼'
keys q; expect '^ended by quit'
mode "$scratch/after"
restored 'Ctrl-Z and fg'

# A terminal that goes away ends the program.
run
pid=$(driver_pid)
stop_server
gone() { ! kill -0 "$pid" 2>/dev/null; }
until_true gone || { kill -KILL "$pid"; echo "FAILED: runs on without a terminal"; exit 1; }
echo "ok closed terminal"
