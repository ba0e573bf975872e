#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# scripts/demo.sh shows every kind of traffic it promises, and leaves nothing however it ends.
set -euo pipefail

fail() {
	echo "FAIL: $*"
	exit 1
}

[ "$(id -u)" -eq 0 ] || { echo "needs root for network namespaces"; exit 77; }
for tool in ip ping iperf3 python3; do
	command -v "$tool" >/dev/null || { echo "$tool is not installed"; exit 77; }
done
directory=$(mktemp -d)
demo=
trap '[ -z "$demo" ] || kill -s KILL "$demo" 2>/dev/null || true; rm -rf "$directory"' EXIT

# within SECONDS COMMAND...: until it succeeds; polls 10 times a second.
within() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		read -r -t 0.1 <> <(:) || true
	done
}

hosts_of() {
	ip netns list | grep -c "^pktdemo-$1-" || true
}

is_gone() {
	[ "$(hosts_of "$1")" -eq 0 ]
}

# The monitor of the demo runs and answers signals: it has blocked SIGTERM to read it itself.
has_monitor() {
	local pid blocked
	for pid in $(ip netns pids "pktdemo-$1-near" 2>/dev/null); do
		grep -qx pktstat-bpf "/proc/$pid/comm" 2>/dev/null || continue
		blocked=$(sed -n 's/^SigBlk:[ \t]*/0x/p' "/proc/$pid/status" 2>/dev/null)
		[ $((${blocked:-0} >> 14 & 1)) -eq 0 ] || return 0
	done
	return 1
}

start() {
	"$PKTSTAT_SOURCE_DIR/scripts/demo.sh" --seconds "$@" >"$directory/out" 2>"$directory/err" &
	demo=$!
}

by_itself() {
	local status=0
	start "$1" --json
	wait "$demo" || status=$?
	[ "$status" -eq 0 ] || { cat "$directory/err"; fail "the demo ended with $status"; }
	is_gone "$demo" || fail "namespaces are left after the end"
}

all_was_sent() {
	python3 - "$directory/out" <<'PYTHON'
import json
import sys
rows = json.load(open(sys.argv[1], encoding="utf-8"))
seen = {(row["proto"], row["etherType"], row["dir"]) for row in rows}
wanted = {(proto, ether, way) for proto, ether in
          [("TCP", 0x0800), ("TCP", 0x86DD), ("UDP", 0x0800), ("UDP", 0x86DD),
           ("ICMPv4", 0x0800), ("IPv6-ICMP", 0x86DD)] for way in ("in", "out")}
missing = wanted - seen
print(len(rows), "rows; missing:", sorted(missing) or "nothing")
sys.exit(1 if missing else 0)
PYTHON
}

# Its senders may come late on a loaded machine.
for seconds in 4 15 60; do
	by_itself $seconds
	! all_was_sent || break
	[ $seconds -lt 60 ] || fail "not the traffic that was promised"
done

# By a signal: TERM ends it with the report, KILL without a word.
for signal in TERM KILL; do
	start 600 --json
	within 60 has_monitor "$demo" || { cat "$directory/err"; fail "no monitor was started"; }
	kill -s "$signal" "$demo"
	wait "$demo" 2>/dev/null || true
	within 60 is_gone "$demo" || fail "namespaces are left after SIG$signal"
	[ "$signal" = KILL ] || grep -q srcIp "$directory/out" || fail "no report after SIG$signal"
done
echo "nothing left after the end, SIGTERM and SIGKILL"
