#!/bin/bash
# SPDX-License-Identifier: MIT
# Flow records to nfcapd from this program and, in turns, from softflowd (Debian: softflowd), on the same
# traffic: packets that each accounted for, of those sent, and the CPU time that each took. Prints
# figures, no verdict.
#
#   ipfix.sh [FLOWS [PACKETS]]
set -u
. "$(dirname "$0")/../support/netns.sh"
TOOLS=${PKTSTAT_TOOLS:?directory of the test tools}
FLOWS=${1:-10000}
PACKETS=${2:-3000000}

nfcapd_start() {
	rm -rf "$BED_DIR/nf"
	mkdir "$BED_DIR/nf"
	: >"$BED_DIR/nfcapd.log"
	(exec ip netns exec "$BED_MON" nfcapd -4 -w "$BED_DIR/nf" -t 3600 -p 4739 -B 8000000 \
		>"$BED_DIR/nfcapd.log" 2>&1) &
	COLLECTOR=$!
	BED_PIDS+=" $COLLECTOR"
	wait_for 60 grep -q "Startup nfcapd" "$BED_DIR/nfcapd.log" || fail "nfcapd did not start"
}

send() {
	bed_far "$TOOLS/blast" --iface far0 --flows "$FLOWS" --packets "$PACKETS" --order random \
		--size 200 --tcp 50 >/dev/null || fail "the sender failed"
}

# figures NAME TICKS: what the collector has.
figures() {
	kill -TERM "$COLLECTOR"
	wait "$COLLECTOR"
	printf '%-12s %9s of %d packets in records, %5.2f s of CPU\n' "$1" \
		"$(sed -n 's/.*Packets: \([0-9]*\),.*/\1/p' "$BED_DIR/nfcapd.log" | tail -n 1)" \
		"$PACKETS" "$(echo "$2" | awk '{ print $1 / 100 }')"
}

run_ours() {
	local ticks
	nfcapd_start
	monitor_start m --json --ipfix 127.0.0.1
	send
	ticks=$(ticks "$MONITOR_PID")
	monitor_stop
	figures "pktstat-bpf" "$ticks"
}

run_without() {
	monitor_start m --json
	send
	printf '%-12s %40s %5.2f s of CPU\n' "no records" "" \
		"$(ticks "$MONITOR_PID" | awk '{ print $1 / 100 }')"
	monitor_stop
}

run_softflowd() {
	local ticks pid
	nfcapd_start
	(exec ip netns exec "$BED_MON" softflowd -i mon0 -d -v 10 -n 127.0.0.1:4739 -m 1048576 \
		-p "$BED_DIR/softflowd.pid" -c "$BED_DIR/softflowd.ctl" >"$BED_DIR/softflowd.log" 2>&1) &
	pid=$!
	BED_PIDS+=" $pid"
	wait_for 60 test -S "$BED_DIR/softflowd.ctl" || fail "softflowd did not start"
	send
	ticks=$(ticks "$pid")
	softflowctl -c "$BED_DIR/softflowd.ctl" shutdown >/dev/null
	wait "$pid"
	figures softflowd "$ticks"
}

command -v nfcapd >/dev/null || skip "no nfcapd (Debian: nfdump)"
bed_make ipfixbench quiet
for _ in 1 2 3; do
	run_without
	run_ours
	if command -v softflowd >/dev/null; then run_softflowd; fi
done
