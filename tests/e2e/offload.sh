#!/bin/bash
# SPDX-License-Identifier: MIT
# Super-packets are counted as what is on the wire: a stream passes a veth pair with both ends
# watched, one of which sees GSO or GRO super-packets where the other sees segments. The rows of
# both ends must be equal, packets and bytes, in both directions.
#
#   offload.sh tcp4|tcp6|gro4|gro6|tso4|udp4|udp6|udpgro4|udpgro6|vlan|qinq|paged4|paged6|vlangro|gre|vxlan|vxlanport|ipip
#   offload.sh optional     those that not every kernel can do; one of them must
set -u
. "$(dirname "$0")/../support/netns.sh"

CASE=${1:?which case}
HERE=$(dirname "$0")
# A socket's ring holds a second of the slower stream: on a busy machine its reader may wait that long.
PACE=""
[ "${PKTSTAT_ATTACH-}" != socket ] || { STREAM_MB=${STREAM_MB:-60} PACE="-b 200M"; }
STREAM_MB=${STREAM_MB:-200}
PORT=5201
DATAGRAMS=500
SIZE=60001   # of a UDP super-packet
SEGMENT=1400 # of its segments: 43, the last one of 1,201 bytes
ABSENT4=10.99.0.77 # an address of the far end's network that nobody has: no answers
ABSENT6=fd99::77

ends() {
	/usr/bin/python3 -B "$HERE/expect_rows.py" ends "$BED_DIR/mon.out" "$BED_DIR/far.out" "$@" ||
		fail "$CASE: the ends disagree"
}

rows() {
	/usr/bin/python3 -B "$HERE/expect_rows.py" rows "$@" || fail "$CASE: wrong counts"
}

offloads() { # NAMESPACE IFACE FEATURE STATE...
	local where=$1 iface=$2
	shift 2
	while [ $# -gt 0 ]; do
		ip netns exec "$where" ethtool -K "$iface" "$1" "$2" >/dev/null 2>&1 ||
			skip "$iface has no $1"
		shift 2
	done
}

# Super-packets up to the sender's interface, segments behind it; no merging at the far end.
cut_at_sender() {
	offloads "$BED_MON" mon0 gso on tso off tx-udp-segmentation off gro off
	offloads "$BED_FAR" far0 gso off tso off gro off
}

watch_both() {
	monitor_start mon --json -t 10m -r 250ms
	MON_PID=$MONITOR_PID
	BED_NEAR=$BED_MON BED_MON=$BED_FAR MONITOR_IFACE=far0
	monitor_start far --json -t 10m -r 250ms
	FAR_PID=$MONITOR_PID
	BED_MON=$BED_NEAR MONITOR_IFACE=mon0
}

stop_both() {
	for MONITOR_PID in $MON_PID $FAR_PID; do
		monitor_stop
		same "status of the program" "$MONITOR_STATUS" 0
	done
}

counters() {
	bed_mon cat /sys/class/net/mon0/statistics/{rx,tx}_packets
	bed_far cat /sys/class/net/far0/statistics/{rx,tx}_packets
}

counters_rest() {
	local before
	before=$(counters)
	sleep 0.5 # nothing passes for that long
	[ "$before" = "$(counters)" ]
}

# What is sent but dropped on the way would be a difference that is nobody's fault.
nothing_dropped() {
	local dropped
	dropped=$(bed_mon cat /sys/class/net/mon0/statistics/{tx,rx}_dropped
		bed_far cat /sys/class/net/far0/statistics/{tx,rx}_dropped)
	same "drops on the way" "$(echo $dropped)" "0 0 0 0"
}

server_listens() {
	bed_far ss -ltn | grep -q ":$PORT "
}

# The test shows something only if super-packets passed the watched hook. At the receiver a tap
# sees them; at the sender taps stand behind the cutting, but IP counts a super-packet as one.
watch_for_super() { # sender|receiver
	SUPER_AT=$1
	ip_sent
	SENT_BEFORE=$IP_SENT
	[ "$1" = sender ] && return
	bed_far timeout 60 tcpdump -i far0 -c 1 -w /dev/null "greater 3000" \
		>/dev/null 2>"$BED_DIR/tap.err" &
	TAP_PID=$!
	BED_PIDS="$BED_PIDS $TAP_PID"
	wait_for 60 grep -q listening "$BED_DIR/tap.err" || fail "tcpdump does not listen"
}

ip_sent() {
	IP_SENT=$(bed_mon cat /proc/net/snmp /proc/net/snmp6 | awk '
		$1 == "Ip:" && $2 != "Forwarding" { n += $11 } $1 == "Ip6OutRequests" { n += $2 }
		END { print n }')
}

super_was_seen() { # PACKETS-ON-THE-WIRE
	if [ "$SUPER_AT" = receiver ]; then
		wait_for 60 processes_gone "$TAP_PID"
		return
	fi
	ip_sent
	[ $(((IP_SENT - SENT_BEFORE) * 4)) -lt "$1" ]
}

# A window small enough that the receiving queue holds all of it.
stream_to() { # ADDRESS
	bed_far iperf3 -s -1 -p $PORT >"$BED_DIR/server.log" 2>&1 &
	BED_PIDS="$BED_PIDS $!"
	wait_for 60 server_listens || fail "iperf3 does not listen"
	# shellcheck disable=SC2086 # two words, or none
	bed_mon iperf3 -c "$1" -p $PORT -n "${STREAM_MB}M" -w 192K $PACE >"$BED_DIR/client.log" 2>&1 ||
		fail "iperf3: $(tail -n 2 "$BED_DIR/client.log")"
	wait_for 60 counters_rest || fail "the link does not come to rest"
}

tcp_case() { # ADDRESS PROTO sender|receiver
	local least=$((STREAM_MB * 1048576 / 1500))
	watch_both
	watch_for_super "$3"
	stream_to "$1"
	super_was_seen $least || fail "$CASE: no super-packets, so this shows nothing"
	stop_both
	nothing_dropped
	ends "$2" $least
}

# Datagrams to an address that nobody has: nothing answers, so the counts are known beforehand.
send_datagrams() { # ADDRESS IFACE
	local segments=$(((SIZE + SEGMENT - 1) / SEGMENT))
	UDP_PACKETS=$((DATAGRAMS * segments))
	ip -n "$BED_MON" neigh replace "$1" dev "$2" lladdr \
		"$(bed_far cat /sys/class/net/far0/address)"
	bed_mon "$PKTSTAT_TOOLS/udp_gso" "$1" $PORT $DATAGRAMS $SIZE $SEGMENT ||
		fail "cannot send UDP super-packets"
	wait_for 60 counters_rest || fail "the link does not come to rest"
}

udp_case() { # ADDRESS SOURCE IFACE HEADERS sender|receiver
	local bytes
	watch_both
	watch_for_super "$5"
	send_datagrams "$1" "$3"
	super_was_seen "$UDP_PACKETS" || fail "$CASE: no super-packets, so this shows nothing"
	stop_both
	nothing_dropped
	bytes=$((DATAGRAMS * SIZE + UDP_PACKETS * $4))
	rows "$BED_DIR/mon.out" "out UDP $2 40000 $1 $PORT $UDP_PACKETS $bytes"
	rows "$BED_DIR/far.out" "in UDP $2 40000 $1 $PORT $UDP_PACKETS $bytes"
}

# Crafted super-packets with tags in the frame. The receiving kernel puts the outer one beside it.
tag_case() { # GSO-SIZE HEADERS PAYLOAD DIRLESS-ROW WORDS...
	local size=$1 headers=$2 payload=$3 row=$4 segments packets bytes
	shift 4
	segments=1
	[ "$size" = 0 ] || segments=$(((payload + size - 1) / size))
	packets=$((DATAGRAMS * segments))
	bytes=$((DATAGRAMS * payload + packets * headers))
	watch_both
	[ "$CASE" = vlangro ] && watch_for_super receiver
	bed_mon "$PKTSTAT_TOOLS/vnet_send" mon0 $DATAGRAMS "$size" "$* data:$payload" ||
		fail "cannot send crafted super-packets"
	wait_for 60 counters_rest || fail "the link does not come to rest"
	if [ "$CASE" = vlangro ]; then
		super_was_seen 0 || skip "this kernel does not merge tagged frames"
	fi
	stop_both
	rows "$BED_DIR/mon.out" "out $row $packets $bytes"
	rows "$BED_DIR/far.out" "in $row $packets $bytes"
}

merge_at_receiver() {
	offloads "$BED_FAR" far0 gro on rx-udp-gro-forwarding on
}

# Interfaces on top of both ends, with addresses of their own: 10.98.0.1 and 10.98.0.2.
on_top() { # NAME ARGS-OF-IP-LINK, where MINE and OTHER stand for the addresses
	local name=$1 args
	shift
	args=${*//MINE/10.99.0.1}
	ip -n "$BED_MON" link add name "$name" ${args//OTHER/10.99.0.2} || skip "no $name interfaces"
	args=${*//MINE/10.99.0.2}
	ip -n "$BED_FAR" link add name "$name" ${args//OTHER/10.99.0.1} || skip "no $name interfaces"
	# No chatter of its own, which one end would see before the other is watched.
	bed_mon sysctl -qw "net.ipv6.conf.$name.disable_ipv6=1"
	bed_far sysctl -qw "net.ipv6.conf.$name.disable_ipv6=1"
	ip -n "$BED_MON" link set "$name" up
	ip -n "$BED_FAR" link set "$name" up
}

addresses_on() { # NAME
	ip -n "$BED_MON" addr add 10.98.0.1/24 dev "$1"
	ip -n "$BED_FAR" addr add 10.98.0.2/24 dev "$1"
}

# What a kernel has not built in is no skip of the test as long as something of it ran.
optional() {
	local ran=0 status
	for case in vxlan vxlanport gre ipip vlangro; do
		status=0
		"$0" $case || status=$?
		[ $status = 0 ] || [ $status = 77 ] || exit $status
		[ $status = 77 ] || ran=$((ran + 1))
	done
	[ $ran -gt 0 ] || skip "neither tunnels nor merged tags on this kernel"
	exit 0
}

[ "$CASE" = optional ] && optional
for tool in ethtool iperf3 tcpdump ss awk; do
	command -v $tool >/dev/null || skip "$tool is not installed"
done
bed_make "offload-$CASE"
cut_at_sender
case $CASE in
tcp4) tcp_case 10.99.0.2 TCP sender ;;
tcp6) tcp_case fd99::2 TCP sender ;;
gro4 | gro6)
	offloads "$BED_MON" mon0 gso off
	merge_at_receiver
	[ "$CASE" = gro4 ] && to=10.99.0.2 || to=fd99::2
	tcp_case $to TCP receiver
	;;
tso4) # the super-packet passes the pair whole
	offloads "$BED_MON" mon0 tso on
	tcp_case 10.99.0.2 TCP receiver
	;;
udp4) udp_case $ABSENT4 10.99.0.1 mon0 42 sender ;;
udp6) udp_case $ABSENT6 fd99::1 mon0 62 sender ;;
udpgro4)
	merge_at_receiver
	udp_case $ABSENT4 10.99.0.1 mon0 42 receiver
	;;
udpgro6)
	merge_at_receiver
	offloads "$BED_FAR" far0 rx-gro-list on
	udp_case $ABSENT6 fd99::1 mon0 62 receiver
	;;
vlan)
	tag_case 1448 58 28961 "TCP 198.18.0.1 49152 198.19.0.1 443" eth vlan:7 ip4 tcp
	;;
qinq)
	tag_case 1000 70 30000 "UDP 2001:db8:0:1::1 49152 2001:db8:0:1::2 443" \
		eth qinq:7 vlan:8 ip6 udp
	;;
paged4 | paged6) # headers outside the linear part, the second one beyond the usual lengths
	ip -n "$BED_MON" link set mon0 mtu 9500
	ip -n "$BED_FAR" link set far0 mtu 9500
	if [ "$CASE" = paged4 ]; then
		tag_case 0 82 8000 "UDP 198.18.0.1 49152 198.19.0.1 443" eth ip4 opt:40 udp
	else
		tag_case 0 2122 7000 "TCP 2001:db8:0:1::1 49152 2001:db8:0:1::2 443" \
			eth ip6 dst:255 tcp
	fi
	;;
vlangro)
	merge_at_receiver
	tag_case 1448 58 28960 "TCP 198.18.0.1 49152 198.19.0.1 443" eth vlan:7 ip4 tcp
	;;
gre)
	on_top tun1 type gre local MINE remote OTHER
	addresses_on tun1
	tcp_case 10.98.0.2 GRE sender
	;;
ipip)
	on_top tun1 type ipip local MINE remote OTHER
	addresses_on tun1
	tcp_case 10.98.0.2 IPIP sender
	;;
vxlan | vxlanport)
	[ "$CASE" = vxlan ] && port=4789 || port=4790
	on_top tun1 type vxlan id 5 local MINE remote OTHER dstport $port
	addresses_on tun1
	tcp_case 10.98.0.2 UDP sender
	;;
*) fail "no such case: $CASE" ;;
esac
