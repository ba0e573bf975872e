#!/bin/bash
# SPDX-License-Identifier: MIT
# Random keys and sizes while snapshots come fast: no crash, no sanitizer's report, and a terminal
# as it was. MONKEY_SECONDS=60 for the long run; MONKEY_SEED repeats one.
. "$(dirname "$0")/tmux.sh"

RANDOM=${MONKEY_SEED:=$((SECONDS + $$ % 30000))}
seconds=${MONKEY_SECONDS:-10}
names=(Up Down Left Right PageUp PageDown Home End Tab BTab Enter Escape BSpace F1 C-l C-u C-w
	C-b C-f Space)
letters='vyYcibp01234t<>RojkgGFP[]{}LuTnH+-=W?hs/ abcdexyz()!&|>"'

some_keys() {
	local i keys=()

	for ((i = 0; i < 12; i++)); do
		if ((RANDOM % 3)); then
			# Separated by \; no key is a command of tmux.
			keys+=("${letters:RANDOM % ${#letters}:1}")
		else
			keys+=("${names[RANDOM % ${#names[@]}]}")
		fi
	done
	tm send-keys -t $window "${keys[@]}"
}

echo "seed $MONKEY_SEED"
open_shell 80 24
type_line "$driver -n 300 -e 30"
expect 'BPS▼'
pid=$(driver_pid)
end=$((SECONDS + seconds))
while [ $SECONDS -lt $end ]; do
	some_keys
	((RANDOM % 6)) || mouse $((RANDOM % 3 ? 0 : 64 + RANDOM % 2)) $((RANDOM % 80)) $((RANDOM % 24))
	((RANDOM % 8)) || resize $((RANDOM % 150 + 1)) $((RANDOM % 50 + 1))
	kill -0 "$pid" 2>/dev/null || { resize 200 50; fail "it ended, seed $MONKEY_SEED"; }
done
resize 80 24
# A signal overtakes keys that are not read yet, and in the prompt it only leaves that: so the prompt is
# opened with a word that no monkey types, and left.
keys Escape Escape Escape Escape /
keys -l qqq
expect qqq
keys C-c
expect_no qqq
keys C-c
expect '^ended by signal 2'
type_line clear
expect '^shell>'
