#!/bin/bash
# SPDX-License-Identifier: MIT
# Two hundred changes of size in a row, down to one cell, with snapshots meanwhile: the program lives,
# and the last picture is the right one. Also in terminals that can do little.
. "$(dirname "$0")/tmux.sh"

storm() {
	local i width height commands=()

	# Twenty at a time in one call, or the sizes would come slower than frames.
	for ((i = 0; i < 200; i++)); do
		case $((i % 5)) in
		0) width=1 height=1 ;;
		1) width=200 height=60 ;;
		*) width=$((1 + i * 37 % 190)) height=$((1 + i * 13 % 60)) ;;
		esac
		commands+=(resize-window -t "$window" -x "$width" -y "$height" ';')
		[ $((i % 20)) -eq 19 ] || continue
		tm "${commands[@]}" send-keys -t "$window" Tab
		commands=()
	done
}

open_shell 80 24
type_line "$driver -n 2000 -e 20 -oa -I 3"
expect 'BPS▼'
storm
resize 80 24
expect '^ \? help .*q quit'
expect 'BPS▼|PPS▼|IN▼'
expect ' rows| row 1/'
[ -n "$(driver_pid)" ] || fail "the program is gone"
keys q; expect '^ended by quit'

LANG_UNDER_TEST=C
open_shell 80 24
type_line "$driver -oa -I 3"
first_row '.*443 .* curl'
screen | LC_ALL=C grep -q '[^ -~]' && fail "not ASCII in the locale C"
keys N; expect 'mirror\.'; keys H G; expect 'attached by'
keys q; expect '^>?.*curl|^ended by'
keys q; expect '^ended by'
type_line "clear; TERM=dumb $driver; echo code \$?"; expect 'code [1-9]'
echo ok
