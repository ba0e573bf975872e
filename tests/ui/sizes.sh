#!/bin/bash
# SPDX-License-Identifier: MIT
# Any size at any moment, down to one cell, while snapshots keep coming.
. "$(dirname "$0")/tmux.sh"

open_shell 80 24
type_line "$driver -n 200 -e 20"
expect 'BPS▼'
for size in "1 1" "2 2" "200 60" "5 3" "1 40" "100 1" "40 10" "30 5" "80 24" "132 43" "20 7" "1 1"; do
	resize ${size}
	keys j
	kill -0 "$(driver_pid)" || fail "it did not survive $size"
done
for i in $(seq 60); do
	resize $((RANDOM % 150 + 1)) $((RANDOM % 50 + 1))
	[ $((i % 5)) -ne 0 ] || keys j '?' q 3 0
done
# Each page, menu and the prompt: down to one cell, stopped and continued, and what was open still is.
resize 80 24
keys Escape Escape Escape 0 g
expect 'BPS▼'
while read -r open shown; do
	keys g j "$open"; expect "$shown"
	for size in "1 1" "3 2" "40 10" "250 3" "80 24"; do
		resize ${size}
		kill -0 "$(driver_pid)" || fail "it did not survive $size with $open"
	done
	expect "$shown"
	keys C-z; expect 'Stopped'; type_line "clear; fg"; expect "$shown"
	keys Escape; expect_no "$shown"
done <<'END'
? show all keys
H seen by the hook
Enter since start .*[0-9]
v service
w spreadsheet
/ Esc as before
END
keys 0 g
expect 'PROTO .*BPS▼ '
first_row 'TCP  .*203\.0\.113\.9:443'
# The whole width and height are used again.
expect ' 200 rows ?$'
[ "$(screen | wc -l)" -eq 24 ] || fail "not 24 lines"
screen | tail -1 | grep -q 'quit' || fail "the line of keys is not the last"
keys q
expect '^ended by quit'
echo ok
