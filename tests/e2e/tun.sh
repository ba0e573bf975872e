#!/bin/bash
# SPDX-License-Identifier: MIT
# An interface without an Ethernet header: bytes are those of the IP packet.
set -u
. "$(dirname "$0")/../support/netns.sh"

HERE=$(dirname "$0")
IN=1000 # packets of each kind
OUT=50
UNSAID=7

counter() {
	bed_mon cat "/sys/class/net/tun0/statistics/$1"
}

passed() {
	[ "$(counter "$1")" -ge "$2" ]
}

injected() {
	! kill -0 "$TUN_PID" 2>/dev/null || grep -q ready "$BED_DIR/tun.out"
}

# A packet socket that does not say what it sends: IPv4 and UDP with two ports, and no IP at all.
send_unsaid() {
	bed_mon /usr/bin/python3 -c '
import socket, sys
sender = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
sender.bind(("tun0", 0))
ip = bytes.fromhex("4500002000000000401100000a6100010a610008") + bytes.fromhex("022b029a000c0000")
for packet in (ip + b"data", b"0" * 60):
    for _ in range(int(sys.argv[1])):
        sender.send(packet)
' "$1"
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
wait_for 60 injected
kill -0 "$TUN_PID" 2>/dev/null || fail "$(cat "$BED_DIR/tun.err")"
out_before=$(counter tx_packets)
for ((i = 0; i < OUT; i++)); do
	bed_mon bash -c 'echo -n "twelve bytes" >/dev/udp/10.97.0.9/999' || fail "cannot send"
done
send_unsaid $UNSAID || fail "cannot send by a packet socket"
wait_for 60 passed tx_packets $((out_before + OUT + 2 * UNSAID)) ||
	fail "packets to tun0 did not leave"
monitor_stop
same "status of the program" "$MONITOR_STATUS" 0

# The addresses are those of packet_address() for seed 1.
/usr/bin/python3 -B "$HERE/expect_rows.py" rows "$BED_DIR/report.out" \
	"in TCP 198.18.0.1 49152 198.19.0.1 443 $IN $((IN * 140))" \
	"in UDP 2001:db8:0:1::1 49152 2001:db8:0:1::2 443 $IN $((IN * 108))" \
	"in TCP 2001:db8:0:1::1 49152 2001:db8:0:1::2 443 $IN $((IN * 86))" \
	"in ICMPv4 198.18.0.1 8 198.19.0.1 0 $IN $((IN * 28))" \
	"in other * * * * $IN $((IN * 19))" \
	"out UDP 10.97.0.1 555 10.97.0.8 666 $UNSAID $((UNSAID * 32))" \
	"out other * * * * $UNSAID $((UNSAID * 60))" \
	"out UDP 10.97.0.1 * 10.97.0.9 999 $OUT $((OUT * 40))" || fail "wrong counts"
