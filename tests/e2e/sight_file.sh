#!/bin/bash
# SPDX-License-Identifier: MIT
# Names and applications where packets are counted in user space: from a capture of real clients and
# servers, against what tshark finds in it, and from packet sockets.
#
# usage: sight_file.sh [read|stuck|socket]...
set -u
. "$(dirname "$0")/../support/netns.sh"
. "$(dirname "$0")/../support/servers.sh"
HERE=$(dirname "$0")

captured() {
	grep -q 'listening on' "$BED_DIR/tcpdump.log"
}

capture_start() {
	(exec ip netns exec "$BED_MON" tcpdump -n -U -i mon0 -s 0 -w "$BED_DIR/real.pcap" \
		2>"$BED_DIR/tcpdump.log" </dev/null) &
	CAPTURE_PID=$!
	BED_PIDS="$BED_PIDS $CAPTURE_PID"
	wait_for 60 captured || fail "tcpdump: $(cat "$BED_DIR/tcpdump.log")"
}

capture_stop() {
	# What the kernel has handed over is written when it ends; the last packets may still be on the way.
	wait_for 60 has_closed || fail "the last connection is not in the capture"
	kill -INT "$CAPTURE_PID"
	wait "$CAPTURE_PID"
}

# The last connection of talk() is the only one to port 81.
has_closed() {
	tshark -n -r "$BED_DIR/real.pcap" -Y 'tcp.srcport == 81 && tcp.flags.reset == 1' 2>/dev/null | grep -q .
}

# Some names, with hellos that take one packet and hellos that take two.
talk() {
	local long name
	long=$(seq -f 'protocol-number-%g' -s , 1 110)
	for name in one two three; do
		bed_mon curl -sk -o /dev/null --resolve "$name.example.org:443:10.99.0.2" \
			"https://$name.example.org/" || fail "curl: TLS"
		bed_mon curl -s -o /dev/null -H "Host: $name.example.net" http://10.99.0.2/ || fail "curl: HTTP"
		bed_mon openssl s_client -connect 10.99.0.2:443 -servername "long.$name.example" -alpn "$long" \
			</dev/null >/dev/null 2>&1
	done
	bed_mon openssl s_client -connect '[fd99::2]:443' -servername six.example </dev/null >/dev/null 2>&1
	same "dig" "$(bed_mon dig +short @10.99.0.2 www.alias.example | tail -1)" 10.99.0.2
	bed_mon openssl s_client -connect 10.99.0.2:443 -noservername </dev/null >/dev/null 2>&1
	bed_mon bash -c 'exec 3<>/dev/tcp/10.99.0.2/81' 2>/dev/null
	true
}

serve_all() {
	serve_tls
	serve_dns
	serve python3 -m http.server 80
	await_port 80
}

# read_to NAME FILE ARGS...: the report of a capture, read with no more rights than anybody has.
read_to() {
	local name=$1 file=$2
	shift 2
	setpriv --bounding-set=-all --inh-caps=-all -- "$PKTSTAT_BPF" --read "$file" --json "$@" \
		>"$BED_DIR/$name.out" 2>"$BED_DIR/$name.err" ||
		fail "--read: $(cat "$BED_DIR/$name.err")"
	same "standard error" "$(cat "$BED_DIR/$name.err")" ""
}

as_tshark() {
	/usr/bin/python3 -B "$HERE/expect_names.py" "$BED_DIR/$1" "$BED_DIR/$2.out" "${@:3}" ||
		fail "$1 differs from tshark"
}

test_read() {
	need curl openssl dig dnsmasq tshark tcpdump jq python3
	serve_all
	capture_start
	talk
	capture_stop
	read_to real "$BED_DIR/real.pcap"
	as_tshark real.pcap real
	report_row real appProto=https dstName=one.example.org nameFrom=sni alpn=h2 initiator=src
	report_row real appProto=http dstName=two.example.net nameFrom=host dstPort=80
	report_row real appProto=tls dstName=long.three.example nameFrom=sni
	report_row real appProto=https srcName=three.example.org initiator=dst
	report_row real appProto=tls dstName=www.alias.example nameFrom=dns dstPort=443
	report_row real appProto=dns dstPort=53
	# Nothing of it depends on how fast anything is: not on intervals, not on the speed.
	read_to again "$BED_DIR/real.pcap"
	cmp "$BED_DIR/real.out" "$BED_DIR/again.out" || fail "the same file, another report"
	read_to played "$BED_DIR/real.pcap" --speed 10 -r 300ms
	same "names when it is played" "$(names_of played)" "$(names_of real)"
	# Of packets that were cut short, no name is wrong.
	editcap -s 200 "$BED_DIR/real.pcap" "$BED_DIR/short.pcap"
	read_to short "$BED_DIR/short.pcap"
	as_tshark real.pcap short --least 0
	read_to blind "$BED_DIR/real.pcap" --no-inspect
	same "names with --no-inspect" "$(names_of blind)" ""
}

names_of() {
	jq -r '.[] | select(.nameFrom or .appProto) |
		[.srcIp, .srcPort, .dstPort, .srcName, .dstName, .appProto, .ja4] | @tsv' "$BED_DIR/$1.out" | sort
}

# The reader dies while a file is read, or answers no more: it is read to its end all the same.
test_stuck() {
	need pgrep jq mkfifo
	"$PKTSTAT_TOOLS/make_captures" --pcap "$BED_DIR/golden.pcap" || fail "no capture"
	mkfifo "$BED_DIR/pipe"
	"$PKTSTAT_BPF" --read "$BED_DIR/pipe" --json >"$BED_DIR/dead.out" 2>"$BED_DIR/dead.err" &
	MONITOR_PID=$!
	BED_PIDS="$BED_PIDS $MONITOR_PID"
	exec 7>"$BED_DIR/pipe"
	head -c 1000 "$BED_DIR/golden.pcap" >&7
	wait_for 60 pgrep -P "$MONITOR_PID" -x pktstat-reader >/dev/null || fail "there is no reader"
	pkill -KILL -P "$MONITOR_PID" -x pktstat-reader
	tail -c +1001 "$BED_DIR/golden.pcap" >&7
	exec 7>&-
	monitor_wait
	same "status" "$MONITOR_STATUS" 0
	grep -q 'process that reads packets has ended' "$BED_DIR/dead.err" || fail "it does not say so"
	read_to whole "$BED_DIR/golden.pcap"
	same "packets" "$(jq '[.[].packets] | add' "$BED_DIR/dead.out")" \
		"$(jq '[.[].packets] | add' "$BED_DIR/whole.out")"
}

test_socket() {
	need curl openssl dig dnsmasq jq python3
	serve_all
	PKTSTAT_ATTACH=socket monitor_start live --attach socket --json --no-owners -r 100ms
	talk
	monitor_stop
	same "status" "$MONITOR_STATUS" 0
	report_row live appProto=https dstName=one.example.org nameFrom=sni initiator=src
	jq -e 'all(.[] | select(.appProto == "https"); .ja4)' "$BED_DIR/live.out" >/dev/null ||
		fail "hellos were cut short"
	report_row live appProto=http dstName=two.example.net nameFrom=host dstPort=80
	report_row live appProto=tls dstName=long.three.example nameFrom=sni
	report_row live appProto=dns dstPort=53
	report_row live appProto=tls dstName=www.alias.example nameFrom=dns dstPort=443
}

bed_make sight-file
for part in "${@:-read}"; do
	"test_$part"
done
