#!/bin/bash
# SPDX-License-Identifier: MIT
# A known number of packets of known flows through a veth pair: the JSON report holds each flow
# with exactly its packets and bytes, or says in "other" rows what it could not tell apart.
#
# usage: exact.sh [both|distinct|random|aged|full|two|swaps]...   (FULL=1: the long forms)
set -u
. "$(dirname "$0")/../support/netns.sh"
tools=${PKTSTAT_TOOLS:?directory of the test tools}
full=${FULL:-0}

# blast_in NAME ARGS...: sends into mon0 (blast_out: out of it), and remembers what went out.
blast_in() {
	local name=$1
	shift
	bed_far "$tools/blast" --iface far0 --expect "$BED_DIR/$name.sent" "$@" \
		>"$BED_DIR/$name.json" || fail "blast $name"
	grep -q '"lost": 0}' "$BED_DIR/$name.json" || fail "frames were lost: $(cat "$BED_DIR/$name.json")"
}

blast_out() {
	local name=$1
	shift
	bed_mon "$tools/blast" --iface mon0 --egress --expect "$BED_DIR/$name.sent" "$@" \
		>"$BED_DIR/$name.json" || fail "blast $name"
}

# other_packets TEXT: packets in "other" rows of a reason.
other_packets() {
	jq --arg reason "$1" '[.[] | select(.proto == "other" and (.reason | contains($reason)))
		| .packets] | add // 0' "$BED_DIR/$MONITOR_NAME.out"
}

# Both directions at once, both IP versions, both protocols, all sizes, a swap every 100 ms.
test_both() {
	local packets=1000000
	[ "$full" = 0 ] || packets=5000000
	monitor_start both --json -r 100ms
	blast_in in --flows 1000 --packets $packets --order random --size mixed --ipv6 30 --tcp 50 &
	local in=$!
	blast_out out --flows 5000 --packets $packets --order zipf --size mixed --ipv6 50 --tcp 20
	wait "$in" || fail "the sender failed"
	monitor_stop
	compare "both directions" "$BED_DIR/in.sent" "$BED_DIR/out.sent"
}

# slower CASE RATES...: the case with each of these packets a second in turn, until it succeeds. A
# collector that gets no CPU cannot make room as fast as a sender fills it; what is wrong stays wrong
# at any rate.
slower() {
	local case=$1 rate
	shift
	for rate; do
		! ("$case" "$rate") || return 0
		echo "again, slower than $rate packets a second"
	done
	fail "$case"
}

# A million flows of one packet each. The warm-up gives the map seconds to grow; then nothing is in
# "other".
distinct() {
	local flows=300000
	[ "$full" = 0 ] || flows=1000000
	monitor_start distinct --json -r 200ms --max-flows 4000000
	blast_in warm --flows 1200000 --first 2000000 --packets 1200000 --rate "$1"
	blast_in in --flows $flows --packets $flows --rate "$1" --tcp 50 --ipv6 10
	monitor_stop
	compare "$flows flows once each" "$BED_DIR/in.sent" --folded "$BED_DIR/warm.sent"
}

test_distinct() {
	slower distinct 250000 80000 25000
}

random() {
	local packets=1500000 rate=$1
	[ "$full" = 0 ] || { packets=10000000; rate=0; }
	monitor_start random --json -r 200ms --max-flows 4000000
	blast_in warm --flows 500000 --first 2000000 --packets $((packets + 100000)) \
		--rate "$rate" --order random
	blast_in in --flows 500000 --packets $packets --rate "$rate" --order random --size mixed
	monitor_stop
	compare "$packets packets over 500,000 flows" "$BED_DIR/in.sent" --folded "$BED_DIR/warm.sent"
}

test_random() {
	slower random 250000 80000 25000
}

# More flows than the ledger may hold, slowly: those idle longest are in rows of their own.
test_aged() {
	monitor_start aged --json -r 100ms --max-flows 1000
	blast_in in --flows 5000 --packets 20000 --rate 4000 --tcp 50
	monitor_stop
	compare "a ledger of 1,000 for 5,000 flows" --folded "$BED_DIR/in.sent"
	[ "$(other_packets max-flows)" -gt 0 ] || fail "nothing was added up"
	same "rows of the map being full" "$(other_packets full)" 0
}

# A stopped monitor cannot make room: what finds the map full is counted by protocol.
test_full() {
	monitor_start full --json -r 100ms
	kill -STOP "$MONITOR_PID"
	blast_in in --flows 100000 --packets 400000 --order random --tcp 50 --size mixed
	blast_out out --flows 100000 --packets 400000 --order random --ipv6 50 --size mixed
	kill -CONT "$MONITOR_PID"
	monitor_stop
	compare "a stopped monitor and 200,000 flows" --folded "$BED_DIR/in.sent" "$BED_DIR/out.sent"
	[ "$(other_packets full)" -gt 0 ] || fail "the map was never full"
}

# Two instances on one interface: both hold everything.
test_two() {
	local first
	monitor_start second --json -r 100ms
	first=$MONITOR_PID
	monitor_start two --json -r 300ms
	blast_in in --flows 3000 --packets 300000 --order random --size mixed
	blast_out out --flows 3000 --packets 300000 --order zipf --ipv6 50
	monitor_stop
	compare "two instances, one" "$BED_DIR/in.sent" "$BED_DIR/out.sent"
	MONITOR_NAME=second MONITOR_PID=$first
	monitor_stop
	compare "two instances, the other" "$BED_DIR/in.sent" "$BED_DIR/out.sent"
}

# Generations swapped every 10 ms while two CPUs send as fast as they can.
test_swaps() {
	local packets=1500000
	[ "$full" = 0 ] || packets=15000000
	PKTSTAT_BPF=$tools/swap_monitor monitor_start swaps 10 100
	blast_in in --flows 2000 --packets $packets --order random --size mixed --ipv6 30 --threads 2
	blast_out out --flows 2000 --packets $packets --order random --threads 2
	monitor_stop
	compare "swaps every 10 ms" "$BED_DIR/in.sent" "$BED_DIR/out.sent"
}

[ $# -gt 0 ] || set -- both distinct random aged full two swaps
bed_make exact quiet
for name; do
	"test_$name"
done
