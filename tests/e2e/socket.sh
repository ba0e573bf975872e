#!/bin/bash
# SPDX-License-Identifier: MIT
# Counting by packet sockets, in surroundings like a container's: CAP_NET_RAW alone, and bpf(2)
# refused. Exact at rates that it can take; under more it says how much it did not see.
#
#   socket.sh CASE...
set -u
export PKTSTAT_ATTACH=socket
. "$(dirname "$0")/../support/netns.sh"
tools=${PKTSTAT_TOOLS:?directory of the test tools}

sum_of_packets() {
	jq "[.[] | select($1) | .packets] | add // 0" "$BED_DIR/$MONITOR_NAME.out"
}

said() {
	grep -qF "$1" "$BED_DIR/$MONITOR_NAME.err" ||
		fail "expected '$1', but it said: $(cat "$BED_DIR/$MONITOR_NAME.err")"
}

# run_both RATE: known packets in both directions at so many a second; exact if it says so.
run_both() {
	local rate=$1
	monitor_start exact --json -r 100ms
	bed_far "$tools/blast" --iface far0 --expect "$BED_DIR/in.sent" --flows 1000 \
		--packets 100000 --order random --size mixed --ipv6 30 --tcp 50 --rate "$rate" \
		>"$BED_DIR/in.json" || fail "blast in"
	bed_mon "$tools/blast" --iface mon0 --egress --expect "$BED_DIR/out.sent" --flows 5000 \
		--packets 100000 --order zipf --size mixed --ipv6 50 --tcp 20 --rate "$rate" \
		>"$BED_DIR/out.json" || fail "blast out"
	monitor_stop
	same "status" "$MONITOR_STATUS" 0
	[ "$(sum_of_packets '.reason // "" | contains("not seen")')" = 0 ] || return 1
	"$tools/compare_flows" "$BED_DIR/exact.out" "$BED_DIR/in.sent" "$BED_DIR/out.sent" ||
		fail "the report is not exact, but does not say so"
}

# What is lost where this machine is too busy is said, and then tried again slower.
slower() {
	local rate
	for rate in 50000 15000 5000; do
		! run_both "$rate" || return 0
		echo "again, slower than $rate packets a second"
	done
	fail "packets were not seen at any rate"
}

case_exact() {
	slower
	said "counting copies of packets from a socket, because cap_bpf, cap_net_admin, cap_perfmon are missing"
}

case_any() {
	MONITOR_IFACE=any
	slower
}

# Stopped, it cannot read: the ring fills, and what found no room is counted and said.
case_blast() {
	monitor_start blast --json -r 100ms
	kill -STOP "$MONITOR_PID"
	bed_far "$tools/blast" --iface far0 --flows 1000 --packets 400000 --size 64 >"$BED_DIR/in.json" ||
		fail "blast"
	kill -CONT "$MONITOR_PID"
	monitor_stop
	same "status" "$MONITOR_STATUS" 0
	same "packets seen and not seen" "$(sum_of_packets true)" 400000
	[ "$(sum_of_packets '.reason // "" | contains("not seen: socket buffer full")')" -gt 0 ] ||
		fail "nothing was lost, so this was no test"
	monitor_start table -r 100ms
	kill -STOP "$MONITOR_PID"
	bed_far "$tools/blast" --iface far0 --flows 10 --packets 400000 --size 64 >"$BED_DIR/in.json"
	kill -CONT "$MONITOR_PID"
	monitor_stop
	grep -q "not every packet was seen" "$BED_DIR/table.out" || fail "the report says it is exact"
}

watches() {
	[ "$(bed_mon cat /proc/net/packet | awk '$4 == "0003"' | wc -l)" -ge 1 ] &&
		monitor_index_is "$(bed_mon cat /sys/class/net/mon0/ifindex 2>/dev/null)"
}

monitor_index_is() {
	[ -n "$1" ] && bed_mon awk -v index_wanted="$1" \
		'$4 == "0003" && $5 == index_wanted && $6 == 1 { found = 1 } END { exit !found }' /proc/net/packet
}

# The interface goes and returns: it is received from again.
case_return() {
	monitor_start return --json -r 100ms
	ip -n "$BED_MON" link del mon0
	ip link add mon0 netns "$BED_MON" type veth peer name far0 netns "$BED_FAR" || fail "veth"
	bed_quiet "$BED_MON" mon0
	bed_quiet "$BED_FAR" far0
	ip -n "$BED_MON" link set mon0 up
	ip -n "$BED_FAR" link set far0 up
	wait_for 60 watches || fail "the interface is not watched again: $(bed_mon cat /proc/net/packet)"
	bed_far "$tools/blast" --iface far0 --flows 10 --packets 1000 --rate 5000 >/dev/null || fail "blast"
	monitor_stop
	same "packets" "$(sum_of_packets true)" 1000
}

# Without CAP_NET_RAW either, and with programs asked for, it says what is missing.
case_refused() {
	local error
	error=$(bed_mon setpriv --bounding-set=-all --inh-caps=-all -- "$PKTSTAT_BPF" -i mon0 --json 2>&1) &&
		fail "it counts without any capability"
	[[ $error == *"missing cap_bpf"* ]] || fail "it said: $error"
	error=$(bed_mon setpriv --bounding-set=-all --inh-caps=-all -- "$PKTSTAT_BPF" -i mon0 \
		--attach socket 2>&1) && fail "it opens a packet socket without any capability"
	[[ $error == *"missing cap_net_raw"* ]] || fail "it said: $error"
	error=$(bed_mon "$tools/no_bpf" "$PKTSTAT_BPF" -i mon0 --attach tcx 2>&1) &&
		fail "--attach tcx is not strict"
	[[ $error == *"the kernel does not permit it here"* ]] || fail "it said: $error"
	MONITOR_NAME=all
	bed_mon "$tools/no_bpf" "$PKTSTAT_BPF" -i mon0 -t 100ms --json >/dev/null 2>"$BED_DIR/all.err" ||
		fail "no fallback: $(cat "$BED_DIR/all.err")"
	said "because the kernel refuses BPF programs here"
}

[ $# -gt 0 ] || set -- exact any blast return refused
bed_make socket quiet
for name; do
	"case_$name"
done
