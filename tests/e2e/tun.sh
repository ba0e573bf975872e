#!/bin/bash
# SPDX-License-Identifier: MIT
# An interface without an Ethernet header: bytes are those of the IP packet.
set -u
. "$(dirname "$0")/../support/netns.sh"

HERE=$(dirname "$0")
IN=1000 # packets of each kind
OUT=50

counter() {
	bed_mon cat "/sys/class/net/tun0/statistics/$1"
}

passed() {
	[ "$(counter "$1")" -ge "$2" ]
}

injected() {
	! kill -0 "$TUN_PID" 2>/dev/null || grep -q ready "$BED_DIR/tun.out"
}

[ -c /dev/net/tun ] || skip "no /dev/net/tun"
bed_make tun quiet
ip -n "$BED_MON" tuntap add dev tun0 mode tun 2>/dev/null || skip "no tun interfaces"
ip -n "$BED_MON" link set tun0 up
ip -n "$BED_MON" addr add 10.97.0.1/24 dev tun0

MONITOR_IFACE=tun0
monitor_start report --json -t 10m -r 100ms
mkfifo "$BED_DIR/hold"
bed_mon "$PKTSTAT_TOOLS/tun_inject" tun0 $IN "ip4 tcp data:100" "ip6 udp data:60" \
	"ip6 hop dst tcp data:10" "ip4 icmp" "ip4 tcp cut:19" \
	<"$BED_DIR/hold" >"$BED_DIR/tun.out" 2>"$BED_DIR/tun.err" &
TUN_PID=$!
BED_PIDS="$BED_PIDS $TUN_PID"
exec 9>"$BED_DIR/hold"
wait_for 20 injected
kill -0 "$TUN_PID" 2>/dev/null || fail "$(cat "$BED_DIR/tun.err")"
out_before=$(counter tx_packets)
for ((i = 0; i < OUT; i++)); do
	bed_mon bash -c 'echo -n "twelve bytes" >/dev/udp/10.97.0.9/999' || fail "cannot send"
done
wait_for 20 passed tx_packets $((out_before + OUT)) || fail "packets to tun0 did not leave"
monitor_stop
same "status of the program" "$MONITOR_STATUS" 0

# The addresses are those of packet_address() for seed 1.
/usr/bin/python3 -B "$HERE/expect_rows.py" rows "$BED_DIR/report.out" \
	"in TCP 198.18.0.1 49152 198.19.0.1 443 $IN $((IN * 140))" \
	"in UDP 2001:db8:0:1::1 49152 2001:db8:0:1::2 443 $IN $((IN * 108))" \
	"in TCP 2001:db8:0:1::1 49152 2001:db8:0:1::2 443 $IN $((IN * 86))" \
	"in ICMPv4 198.18.0.1 8 198.19.0.1 0 $IN $((IN * 28))" \
	"in other * * * * $IN $((IN * 19))" \
	"out UDP 10.97.0.1 * 10.97.0.9 999 $OUT $((OUT * 40))" || fail "wrong counts"
