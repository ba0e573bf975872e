#!/bin/bash
# SPDX-License-Identifier: MIT
# --hide-own leaves out the SSH session it finds, by the environment, by an ancestor's, and by the
# connection of an ancestor named sshd; all other traffic stays.
set -u
. "$(dirname "$0")/../support/netns.sh"
here=$(cd "$(dirname "$0")" && pwd)

# run NAME HOW: own_session.py accepts a connection from the far end and starts the monitor under it,
# for as long as it takes to see the pings beside it.
run() {
	local limit
	for limit in 2s 10s 60s; do
		session "$1" "$2" "$limit"
		! jq -e 'map(select(.proto == "ICMPv4")) | length > 0' "$BED_DIR/$1.out" >/dev/null || return 0
	done
	fail "$1: other traffic is missing: $(cat "$BED_DIR/$1.out")"
}

session() {
	rm -f "$BED_DIR/port"
	bed_mon env -u SSH_CONNECTION python3 "$here/own_session.py" server "$2" "$BED_DIR/port" \
		"$PKTSTAT_BPF" -i mon0 --json --hide-own --timeout "$3" \
		>"$BED_DIR/$1.out" 2>"$BED_DIR/$1.err" &
	local server=$!
	BED_PIDS="$BED_PIDS $server"
	wait_for 60 test -s "$BED_DIR/port" || fail "$1: no server"
	bed_far python3 "$here/own_session.py" client 10.99.0.1 "$(cat "$BED_DIR/port")" ||
		fail "$1: no client"
	wait "$server" || fail "$1: $(cat "$BED_DIR/$1.err")"
}

tcp_rows() {
	jq 'map(select(.proto == "TCP")) | length' "$BED_DIR/$1.out"
}

command -v python3 >/dev/null && command -v jq >/dev/null || skip "python3 or jq is missing"
bed_make own
for how in own ancestor sshd; do
	run "$how" "$how"
	same "$how: rows of the session" "$(tcp_rows "$how")" 0
	same "$how: standard error" "$(cat "$BED_DIR/$how.err")" ""
	echo "ok: $how"
done
run none none
[ "$(tcp_rows none)" -ge 2 ] || fail "without a session its rows are missing"
grep -q 'hides nothing' "$BED_DIR/none.err" || fail "nothing said: $(cat "$BED_DIR/none.err")"
echo "ok: none"
