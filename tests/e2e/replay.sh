#!/bin/bash
# SPDX-License-Identifier: MIT
# The golden frames, as a capture, replayed through a veth pair with the real program watching the
# sending or the receiving end: its report must agree row by row with tshark's reading of the same
# capture. Any other capture (classic pcap, Ethernet) can be given. "bridge" watches where a bridge
# sends on what the receiving end got: there, too, the kernel holds the outer tag beside the frame.
#
#   replay.sh in|out|bridge [CAPTURE [REPEAT]]
set -u
. "$(dirname "$0")/../support/netns.sh"

DIRECTION=${1:?in, out or bridge}
CAPTURE=${2-}
REPEAT=${3-3}
HERE=$(dirname "$0")

# Frames as they are in the capture: jumbo ones too, and none put together again on the way.
set_up_link() {
	ip -n "$1" link set "$2" mtu 9500
	ip netns exec "$1" ethtool -K "$2" gro off >/dev/null 2>&1
}

# A bridge that has nothing to say itself, from mon0 to out0.
set_up_bridge() {
	ip -n "$BED_MON" link add br0 type bridge mcast_snooping 0 stp_state 0 2>/dev/null ||
		skip "no bridges"
	# Where the bridge asks netfilter, that drops bad headers and cuts padding off.
	for table in iptables ip6tables arptables; do
		bed_mon sysctl -qw "net.bridge.bridge-nf-call-$table=0" 2>/dev/null
	done
	ip -n "$BED_MON" link add out0 type veth peer name end0
	bed_quiet "$BED_MON" out0
	bed_quiet "$BED_MON" end0
	set_up_link "$BED_MON" out0
	set_up_link "$BED_MON" end0
	for port in mon0 out0; do
		ip -n "$BED_MON" link set "$port" master br0
	done
	for port in br0 out0 end0; do
		ip -n "$BED_MON" link set "$port" up
	done
	wait_for 60 forwards mon0 && wait_for 60 forwards out0 || fail "the bridge does not forward"
}

forwards() {
	[ "$(bed_mon cat "/sys/class/net/$1/brport/state")" = 3 ]
}

counter() {
	bed_mon cat "/sys/class/net/$MONITOR_IFACE/statistics/$1"
}

all_passed() {
	[ "$(counter "$1")" -ge "$2" ]
}

command -v tshark >/dev/null || skip "tshark is not installed"
bed_make "replay-$DIRECTION" quiet
set_up_link "$BED_MON" mon0
set_up_link "$BED_FAR" far0
if [ -z "$CAPTURE" ]; then
	CAPTURE=$BED_DIR/golden.pcap
	"$PKTSTAT_TOOLS/make_captures" --pcap "$CAPTURE" || fail "cannot write the capture"
fi

MONITOR_IFACE=mon0
run=bed_far iface=far0 passed=rx_packets
case $DIRECTION in
out) run=bed_mon iface=mon0 passed=tx_packets ;;
bridge)
	set_up_bridge
	MONITOR_IFACE=out0 passed=tx_packets
	;;
esac
read -r packets rows < <(/usr/bin/python3 -B "$HERE/expect_flows.py" "$CAPTURE" \
	--dir "$DIRECTION" --repeat "$REPEAT") || fail "tshark cannot read the capture"

monitor_start report --json -t 10m -r 100ms
before=$(counter "$passed")
sent=$($run "$PKTSTAT_TOOLS/replay" --iface "$iface" --repeat "$REPEAT" "$CAPTURE") ||
	fail "the capture could not be sent"
# Received frames that the kernel drops before the hook are in the counter of the interface.
[ "$DIRECTION" = bridge ] || packets=$(echo "$sent" | tr -dc '0-9 ' | cut -d' ' -f2)
wait_for 60 all_passed "$passed" $((before + packets)) ||
	fail "only $(($(counter "$passed") - before)) of $packets packets passed; sent: $sent"
monitor_stop
same "status of the program" "$MONITOR_STATUS" 0
/usr/bin/python3 -B "$HERE/expect_flows.py" "$CAPTURE" "$BED_DIR/report.out" \
	--dir "$DIRECTION" --repeat "$REPEAT" || fail "the report differs from tshark"
echo "$rows rows as tshark has them"
