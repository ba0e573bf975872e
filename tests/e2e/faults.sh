#!/bin/bash
# SPDX-License-Identifier: MIT
# What machines and people do to a monitor in the middle of its work: it is stopped for ten seconds,
# a CPU goes away and comes back, flows appear as fast as two CPUs can make them. Every packet is in
# the report all the same.
#
# usage: faults.sh [stopped|cpu|burst]...
set -u
. "$(dirname "$0")/../support/netns.sh"
tools=${PKTSTAT_TOOLS:?directory of the test tools}
online=/sys/devices/system/cpu/cpu1/online

# blast_in NAME ARGS...: sends into mon0, and remembers what went out.
blast_in() {
	local name=$1
	shift
	bed_far "$tools/blast" --iface far0 --expect "$BED_DIR/$name.sent" "$@" \
		>"$BED_DIR/$name.json" || fail "the sender of $name failed"
}

# Stopped for ten seconds at 20,000 packets a second: nothing is lost, and the interval after it is
# as long as it really was, so no rate is far higher than what was sent (a rate over one interval
# would be 400,000; a sender that was late makes up for it).
test_stopped() {
	local sender json peak
	monitor_start table -r 500ms
	json=$MONITOR_PID
	monitor_start stopped --json -r 500ms
	blast_in in --flows 500 --packets 260000 --rate 20000 --order random --size mixed &
	sender=$!
	wait_for 60 test -e "$BED_DIR/in.json" || fail "the sender did not start"
	kill -STOP "$json" "$MONITOR_PID"
	sleep 10 # the fault itself, not a wait for a result
	kill -CONT "$json" "$MONITOR_PID"
	wait "$sender" || fail "the sender failed"
	monitor_stop
	compare "stopped for ten seconds" "$BED_DIR/in.sent"
	MONITOR_NAME=table MONITOR_PID=$json
	monitor_stop
	peak=$(sed -nE 's/^  in .* ([0-9.]+) kp\/s *$/\1/p' "$BED_DIR/table.out" | head -n 1)
	[ -n "$peak" ] || fail "no peak in: $(sed -n 1,8p "$BED_DIR/table.out")"
	awk -v peak="$peak" 'BEGIN { exit !(peak > 1 && peak < 200) }' ||
		fail "a peak of $peak kp/s, though 20 kp/s were sent"
}

# Puts the CPU back whatever happens to this script.
bring_back() {
	setsid sh -c "sleep 30; echo 1 >$online" >/dev/null 2>&1 &
	BED_CPU=$!
}

test_cpu() {
	[ -w "$online" ] || skip "no CPU can be taken offline here"
	[ "$(cat "$online")" = 1 ] || skip "the second CPU is offline already"
	monitor_start cpu --json -r 200ms
	blast_in before --flows 2000 --packets 100000 --order random
	bring_back
	echo 0 >"$online" 2>/dev/null || skip "the kernel does not let a CPU go"
	blast_in without --flows 2000 --packets 100000 --order random
	echo 1 >"$online" || fail "the CPU does not come back"
	kill "-$BED_CPU" 2>/dev/null || kill "$BED_CPU" 2>/dev/null
	blast_in again --flows 2000 --packets 100000 --order random
	monitor_stop
	compare "a CPU went and came back" "$BED_DIR/before.sent" "$BED_DIR/without.sent" \
		"$BED_DIR/again.sent"
}

# Half a million flows of one packet each, unpaced, out of nothing: what finds no room is in "other".
test_burst() {
	monitor_start burst --json -r 1s --max-flows 4000000
	blast_in in --flows 500000 --packets 500000 --tcp 50 --ipv6 20
	monitor_stop
	compare "500,000 new flows at once" --folded "$BED_DIR/in.sent"
	sed -n 's/^/  /p' "$BED_DIR/in.json"
}

[ $# -gt 0 ] || set -- stopped cpu burst
bed_make faults quiet
for name; do
	"test_$name"
done
