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
resize 80 24
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
