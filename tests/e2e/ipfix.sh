#!/bin/bash
# SPDX-License-Identifier: MIT
# Flow records of the real program to real collectors: what they add up is what the report says, to the
# last packet and byte.
#
#   ipfix.sh udp|tcp|names|nfdump|nfacctd|nfmany|refused|late|routes|restart|many|fleet|errors|nobody|told
set -u
. "$(dirname "$0")/../support/netns.sh"

CASE=${1:?a case}
TOOLS=${PKTSTAT_TOOLS:?directory of the test tools}
HERE=$(dirname "$0")
PACKETS=20000
TRAFFIC=$((2 * PACKETS + 8)) # what traffic() sends: with the pings and their answers
PATIENCE=60
COLLECTOR=

# collector_start udp|tcp [ADDRESS [NAMESPACE]]: writes records to $BED_DIR/records.
collector_start() {
	local before=0
	[ ! -e "$BED_DIR/records" ] || before=$(grep -c listening "$BED_DIR/records")
	(exec ip netns exec "${3:-$BED_MON}" python3 "$HERE/ipfix_collect.py" "$1" "${2:-127.0.0.1}" 4739 \
		"$BED_DIR/records" 2>"$BED_DIR/collector.err") &
	COLLECTOR=$!
	BED_PIDS+=" $COLLECTOR"
	wait_for $PATIENCE listens "$before" || fail "the collector does not listen"
}

listens() {
	[ -e "$BED_DIR/records" ] && [ "$(grep -c listening "$BED_DIR/records")" -gt "$1" ]
}

collector_stop() {
	kill "-${1:-TERM}" "$COLLECTOR"
	wait "$COLLECTOR" 2>/dev/null
	same "what the collector says" "$(cat "$BED_DIR/collector.err")" ""
}

# Known packets in both directions, and some that are not TCP or UDP.
traffic() {
	bed_far "$TOOLS/blast" --iface far0 --flows 200 --packets "$PACKETS" --order random \
		--size mixed --ipv6 50 --tcp 50 >/dev/null || fail "the sender failed"
	bed_mon "$TOOLS/blast" --iface mon0 --egress --flows 300 --packets "$PACKETS" \
		--order zipf --size mixed --ipv6 30 >/dev/null || fail "the sender failed"
	bed_far ping -q -c 2 -i 0.2 10.99.0.1 >/dev/null || fail "no answer to ping"
	bed_far ping -q -c 2 -i 0.2 fd99::1 >/dev/null || fail "no answer to ping"
}

# Packets, octets without Ethernet headers, and frame bytes of a JSON report.
report_sums() {
	jq -r '[(map(.packets) | add), (map(.bytes - 14 * .packets) | add), (map(.bytes) | add)] |
		join(" ")' "$1"
}

collected_sums() {
	python3 "$HERE/ipfix_collect.py" sum "$BED_DIR/records"
}

reached() {
	[ "$(collected_sums)" = "$(report_sums "$BED_DIR/m.out")" ]
}

expect_equal() {
	wait_for $PATIENCE reached ||
		fail "collected $(collected_sums), reported $(report_sums "$BED_DIR/m.out")"
	! grep -q gap "$BED_DIR/records" || fail "sequence numbers: $(grep gap "$BED_DIR/records")"
}

ended_well() {
	same "status" "$MONITOR_STATUS" 0
	same "standard error" "$(cat "$BED_DIR/m.err")" ""
}

# transport udp|tcp: what is due after a second without packets, and at the end.
transport() {
	collector_start "$1"
	monitor_start m --json --ipfix "127.0.0.1,$1" --ipfix-idle 1s --refresh 200ms
	traffic
	wait_for $PATIENCE grep -q '"reason": 1' "$BED_DIR/records" || fail "no record of an idle flow"
	traffic
	monitor_stop
	ended_well
	expect_equal
	same "interface" "$(jq -r 'select(.interface).interface' "$BED_DIR/records" | sort -u)" mon0
	same "sampling" "$(jq -c 'select(.interval) | [.interval, .space]' "$BED_DIR/records")" "[1,0]"
	same "domains" "$(jq -r 'select(.domain).domain' "$BED_DIR/records" | sort -u | wc -l)" 1
	wait_for $PATIENCE grep -q '"what": "ARP"' "$BED_DIR/records" || fail "no record of ARP"
	collector_stop
}

serves() {
	bed_far ss -Hlnt "sport = :$1" 2>/dev/null | grep -q .
}

# collected CONDITION: of one record at least.
collected() {
	jq -es "any(.[]; $1)" "$BED_DIR/records" >/dev/null && return
	cat "$BED_DIR/records" >&2
	return 1
}

names() {
	local port
	for port in 80 443; do
		(exec ip netns exec "$BED_FAR" python3 -m http.server "$port" >/dev/null 2>&1) &
		BED_PIDS+=" $!"
		wait_for $PATIENCE serves "$port" || fail "nothing listens on port $port"
	done
	collector_start udp
	monitor_start m --json --ipfix localhost:4739,udp --ipfix-more --refresh 200ms
	bed_mon python3 -c 'import ctypes, socket, time
ctypes.CDLL(None).prctl(15, b"e\\x1b\"x")
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(30):
	s.sendto(b"x", ("10.99.0.2", 9))
	time.sleep(0.1)'
	bed_mon curl -s -o /dev/null -H 'Host: plain.example.org' http://10.99.0.2/ || fail "curl"
	bed_mon openssl s_client -connect 10.99.0.2:443 -servername tls.example.org </dev/null >/dev/null 2>&1
	monitor_stop
	ended_well
	expect_equal
	collected '.process == "e\\x1b\"x" and .user == "root"' || fail "no name of the process"
	collected '.what == "http" and .host == "plain.example.org" and .server == ""' || fail "no name by HTTP"
	collected '.what == "tls" and .host == "" and .server == "tls.example.org"' || fail "no name by TLS"
	collector_stop
}

nfcapd_start() {
	mkdir -p "$BED_DIR/nf"
	(exec ip netns exec "$1" nfcapd -4 -w "$BED_DIR/nf" -t 3600 -p 4739 -B 8000000 \
		>"$BED_DIR/nfcapd.log" 2>&1) &
	COLLECTOR=$!
	BED_PIDS+=" $COLLECTOR"
	wait_for $PATIENCE grep -q "Startup nfcapd" "$BED_DIR/nfcapd.log" || fail "nfcapd did not start"
}

# nfdump_sums ROUTER: packets and bytes of one exporter.
nfdump_sums() {
	nfdump -R "$BED_DIR/nf" -o json |
		jq -r --arg router "$1" '[.[] | select(.ip4_router == $router)] |
			[(map(.in_packets) | add), (map(.in_bytes) | add)] | join(" ")'
}

nfcapd_stop() {
	kill -TERM "$COLLECTOR"
	wait "$COLLECTOR"
	grep -q "Sequence Errors: 0, Bad Packets: 0" "$BED_DIR/nfcapd.log" ||
		fail "nfcapd: $(grep Ident "$BED_DIR/nfcapd.log")"
}

with_nfdump() {
	command -v nfcapd >/dev/null || skip "no nfcapd (Debian: nfdump)"
	nfcapd_start "$BED_MON"
	monitor_start m --json --ipfix 127.0.0.1 --ipfix-idle 1s --ipfix-more
	traffic
	monitor_stop
	ended_well
	nfcapd_stop
	same "sums of nfdump" "$(nfdump_sums 127.0.0.1)" \
		"$(report_sums "$BED_DIR/m.out" | cut -d' ' -f1,2)"
}

# 65,536 flows, twice.
send_many() {
	local _
	for _ in 1 2; do
		bed_far "$TOOLS/blast" --iface far0 --flows 65536 --packets 131072 --order sequential \
			--size mixed --ipv6 50 --tcp 50 >/dev/null || fail "the sender failed"
	done
}

# As many flows as there are ports, over UDP: all that was sent is there, or nfcapd says what is not.
with_nfmany() {
	command -v nfcapd >/dev/null || skip "no nfcapd (Debian: nfdump)"
	nfcapd_start "$BED_MON"
	monitor_start m --json --ipfix 127.0.0.1 --ipfix-active 2s
	send_many
	monitor_stop
	ended_well
	nfcapd_stop
	[ "$(jq length "$BED_DIR/m.out")" -ge 65536 ] || fail "not so many flows"
	same "sums of nfdump" "$(nfdump_sums 127.0.0.1)" \
		"$(report_sums "$BED_DIR/m.out" | cut -d' ' -f1,2)"
}

acct_sums() {
	jq -s -r '[(map(.packets) | add), (map(.bytes) | add)] | join(" ")' "$BED_DIR/acct.json"
}

with_nfacctd() {
	command -v nfacctd >/dev/null || skip "no nfacctd (Debian: pmacct)"
	sed -e "s|^print_output_file:.*|print_output_file: $BED_DIR/acct.json|" \
		-e 's/^nfacctd_ip:.*/nfacctd_ip: 127.0.0.1/' -e 's/^print_refresh_time:.*/print_refresh_time: 5/' \
		"$PKTSTAT_SOURCE_DIR/contrib/nfacctd.conf" >"$BED_DIR/nfacctd.conf"
	(exec ip netns exec "$BED_MON" nfacctd -f "$BED_DIR/nfacctd.conf" >"$BED_DIR/acct.log" 2>&1) &
	COLLECTOR=$!
	BED_PIDS+=" $COLLECTOR"
	wait_for $PATIENCE grep -q "waiting for NetFlow" "$BED_DIR/acct.log" || fail "nfacctd did not start"
	monitor_start m --json --ipfix 127.0.0.1 --ipfix-idle 1s --ipfix-more
	traffic
	monitor_stop
	ended_well
	wait_for $PATIENCE acct_has_all ||
		fail "nfacctd has $(acct_sums), reported $(report_sums "$BED_DIR/m.out")"
	! grep -E "malformed|WARN|ERROR" "$BED_DIR/acct.log" || fail "nfacctd complains"
}

acct_has_all() {
	[ -s "$BED_DIR/acct.json" ] &&
		[ "$(acct_sums)" = "$(report_sums "$BED_DIR/m.out" | cut -d' ' -f1,2)" ]
}

# Nobody listens for a while: what was sent meanwhile waits, apart from what the first refusal took.
refused() {
	local lost wanted
	collector_start udp
	monitor_start m --json --ipfix 127.0.0.1 --ipfix-idle 1s --refresh 200ms
	traffic
	# All of them: what a collector has not read when it ends is lost, and nobody is told.
	wait_for $PATIENCE collected_packets $TRAFFIC || fail "collected $(collected_sums), sent $TRAFFIC"
	collector_stop
	traffic
	wait_for $PATIENCE grep -q "cannot reach the IPFIX collector at 127.0.0.1:4739: Connection refused" \
		"$BED_DIR/m.err" || fail "the refusal was not told"
	traffic
	collector_start udp
	wait_for $PATIENCE grep -q "127.0.0.1:4739 is there again" "$BED_DIR/m.err" ||
		fail "the return was not told"
	monitor_stop
	same "status" "$MONITOR_STATUS" 0
	lost=$(sed -nE 's/.*\(([0-9,]+) packets?\) lost.*/\1/p' "$BED_DIR/m.err" | tr -d ,)
	wanted=$(report_sums "$BED_DIR/m.out" | cut -d' ' -f1)
	wait_for $PATIENCE has_packets $((wanted - ${lost:-0})) ||
		fail "collected $(collected_sums), lost ${lost:-0}, reported $wanted $(grep gap "$BED_DIR/records")"
	[ "${lost:-0}" -lt $((wanted / 10)) ] || fail "$lost of $wanted packets lost"
	collector_stop
}

# Refusals that come from far away: it is said once, and while they come no record is lost to them.
late() {
	local lost wanted
	ip -n "$BED_MON" route add 10.97.0.9 via 10.99.0.2 dev mon0 || fail "no route"
	(exec ip netns exec "$BED_FAR" python3 "$HERE/late_refusal.py" far0 150 >"$BED_DIR/refusals") &
	COLLECTOR=$!
	BED_PIDS+=" $COLLECTOR"
	monitor_start m --json --ipfix 10.97.0.9 --ipfix-idle 1s --ipfix-active 1s --refresh 200ms
	traffic
	wait_for $PATIENCE grep -q "cannot reach the IPFIX collector at 10.97.0.9:4739: Connection refused" \
		"$BED_DIR/m.err" || fail "the refusal was not told: $(cat "$BED_DIR/m.err")"
	lost=$(grep -c . "$BED_DIR/refusals")
	wait_for $PATIENCE more_refusals $((lost + 4)) || fail "it does not ask again"
	kill -TERM "$COLLECTOR"
	wait "$COLLECTOR" 2>/dev/null
	ip -n "$BED_FAR" addr add 10.97.0.9/32 dev far0
	collector_start udp 10.97.0.9 "$BED_FAR"
	wait_for $PATIENCE grep -q "10.97.0.9:4739 is there again" "$BED_DIR/m.err" ||
		fail "the return was not told"
	monitor_stop
	same "status" "$MONITOR_STATUS" 0
	same "lines that say it" "$(grep -c "cannot reach\|there again" "$BED_DIR/m.err")" 2
	lost=$(sed -nE 's/.*\(([0-9,]+) packets?\) lost.*/\1/p' "$BED_DIR/m.err" | tr -d ,)
	wanted=$(report_sums "$BED_DIR/m.out" | cut -d' ' -f1)
	wait_for $PATIENCE has_packets $((wanted - ${lost:-0})) ||
		fail "collected $(collected_sums), lost ${lost:-0}, reported $wanted"
	collector_stop
}

more_refusals() {
	[ "$(grep -c . "$BED_DIR/refusals")" -ge "$1" ]
}

# The ways to the collector that end: each is said once, nothing is lost meanwhile.
routes() {
	local way text number=0
	ip -n "$BED_MON" addr add 10.97.0.1/32 dev lo
	collector_start udp 10.97.0.1
	monitor_start m --json --ipfix 10.97.0.1 --ipfix-idle 1s --ipfix-active 1s --refresh 200ms
	traffic
	wait_for $PATIENCE grep -q '"reason": 1' "$BED_DIR/records" || fail "no record of an idle flow"
	for way in "" unreachable blackhole prohibit; do
		case $way in
		"") text="Network is unreachable" ;;
		unreachable) text="No route to host" ;;
		blackhole) text="the route to it is a blackhole" ;;
		prohibit) text="a route prohibits it" ;;
		esac
		ip -n "$BED_MON" route del local 10.97.0.1 table local || fail "cannot delete the route"
		[ -z "$way" ] || ip -n "$BED_MON" route add "$way" 10.97.0.1 || fail "no $way route"
		traffic
		wait_for $PATIENCE grep -q "cannot reach the IPFIX collector at 10.97.0.1:4739: $text" \
			"$BED_DIR/m.err" || fail "$way: not told: $(cat "$BED_DIR/m.err")"
		traffic
		if [ -n "$way" ]; then
			wrong 1 "cannot send flow records to 10.97.0.1:4739: $text" --ipfix 10.97.0.1
			ip -n "$BED_MON" route del "$way" 10.97.0.1
		fi
		ip -n "$BED_MON" route add local 10.97.0.1 dev lo table local src 10.97.0.1
		number=$((number + 1))
		wait_for $PATIENCE told_again "$number" || fail "$way: the return was not told"
	done
	monitor_stop
	same "status" "$MONITOR_STATUS" 0
	same "lines that say it" "$(wc -l <"$BED_DIR/m.err")" 8
	expect_equal
	collector_stop
}

told_again() {
	[ "$(grep -c "10.97.0.1:4739 is there again" "$BED_DIR/m.err")" = "$1" ]
}

has_packets() {
	[ "$(collected_sums | cut -d' ' -f1)" = "$1" ]
}

collected_packets() {
	[ "$(collected_sums | cut -d' ' -f1)" -ge "$1" ]
}

# The collector is killed and starts again; over TCP nothing is missing. What a collector has received
# but not read is lost with it, so it is killed when it has read all.
restart() {
	local sent=0
	collector_start tcp
	monitor_start m --json --ipfix 127.0.0.1,tcp --ipfix-idle 1s --refresh 200ms
	for _ in 1 2 3; do
		traffic
		sent=$((sent + TRAFFIC))
		wait_for $PATIENCE collected_packets "$sent" || fail "collected $(collected_sums), sent $sent"
		collector_stop KILL
		traffic
		sent=$((sent + TRAFFIC))
		collector_start tcp
	done
	monitor_stop
	same "status" "$MONITOR_STATUS" 0
	expect_equal
	collector_stop
}

# As many flows as there are ports, twice: in pieces of the active timeout, and all at the end.
many() {
	collector_start tcp
	monitor_start m --json --ipfix 127.0.0.1,tcp --ipfix-active 2s
	send_many
	monitor_stop
	ended_well
	expect_equal
	collector_stop
	[ "$(jq length "$BED_DIR/m.out")" -ge 65536 ] || fail "not so many flows"
}

# Three hosts and one collector: what it has of each host is what that one's report says.
fleet() {
	local host
	command -v nfcapd >/dev/null || skip "no nfcapd (Debian: nfdump)"
	for host in 1 2 3; do
		ip netns add "$BED_MON-$host" || fail "no namespace"
		FLEET+=" $BED_MON-$host"
		ip link add up0 netns "$BED_MON-$host" type veth peer name "host$host" netns "$BED_MON"
		ip link add mon0 netns "$BED_MON-$host" type veth peer name "far$host" netns "$BED_FAR"
		ip -n "$BED_MON-$host" addr add "10.98.$host.2/24" dev up0
		ip -n "$BED_MON" addr add "10.98.$host.1/24" dev "host$host"
		for link in lo up0 mon0; do ip -n "$BED_MON-$host" link set "$link" up; done
		ip -n "$BED_MON" link set "host$host" up
		ip -n "$BED_FAR" link set "far$host" up
	done
	nfcapd_start "$BED_MON"
	for host in 1 2 3; do
		(exec ip netns exec "$BED_MON-$host" env --default-signal=INT "$PKTSTAT_BPF" -i mon0 --json \
			--ipfix "10.98.$host.1" --ipfix-idle 1s >"$BED_DIR/$host.out" 2>"$BED_DIR/$host.err") &
		MONITORS[host]=$!
		BED_PIDS+=" $!"
		wait_for $PATIENCE attached_in "$BED_MON-$host" "$!" || fail "monitor $host is not attached"
	done
	for host in 1 2 3; do
		ip netns exec "$BED_MON-$host" "$TOOLS/blast" --iface mon0 --egress --flows $((100 * host)) \
			--packets $((PACKETS * host)) --order zipf --size mixed --ipv6 30 >/dev/null ||
			fail "the sender failed"
	done
	for host in 1 2 3; do
		kill -INT "${MONITORS[host]}"
		wait "${MONITORS[host]}" || fail "monitor $host: $(cat "$BED_DIR/$host.err")"
	done
	nfcapd_stop
	for host in 1 2 3; do
		same "host $host" "$(nfdump_sums "10.98.$host.2")" \
			"$(report_sums "$BED_DIR/$host.out" | cut -d' ' -f1,2)"
	done
}

attached_in() {
	local before=$BED_MON attached
	BED_MON=$1
	monitor_attached "$2"
	attached=$?
	BED_MON=$before
	return $attached
}

fleet_clean() {
	local namespace
	for namespace in $FLEET; do
		ip netns del "$namespace" 2>/dev/null
	done
	bed_clean
}

# wrong STATUS TEXT ARGS...
wrong() {
	refuses "$1" "$2" "$PKTSTAT_BPF" -i mon0 --timeout 100ms "${@:3}"
}

errors() {
	wrong 2 "cannot use 'x:0' as --ipfix: the port must be" --ipfix x:0
	wrong 2 "--ipfix may be given only once" --ipfix ::1 --ipfix ::1
	wrong 2 "give a time from 1s to 1h" --ipfix ::1 --ipfix-active 10ms
	wrong 2 "--ipfix-idle needs --ipfix HOST" --ipfix-idle 5s
	wrong 2 "--ipfix-more needs --ipfix HOST" --ipfix-more
	wrong 2 "give one of them" --ipfix ::1 --ipfix-more --no-owners
	wrong 1 "cannot find the IPFIX collector 'nosuch.invalid'" --ipfix nosuch.invalid
	wrong 1 "a link-local address needs its interface" --ipfix fe80::1
	wrong 1 "cannot send flow records to 203.0.113.1:4739: Network is unreachable" \
		--ipfix 203.0.113.1
}

# Nobody is there by TCP: the program runs, ends in time, and tells what was lost.
nobody() {
	monitor_start m --json --ipfix 127.0.0.1,tcp --ipfix-idle 1s --refresh 200ms
	traffic
	wait_for $PATIENCE grep -q "cannot reach the IPFIX collector at 127.0.0.1:4739: Connection refused" \
		"$BED_DIR/m.err" || fail "not told: $(cat "$BED_DIR/m.err")"
	monitor_stop
	same "status" "$MONITOR_STATUS" 0
	same "lost" "$(sed -nE 's/.*\(([0-9,]+) packets?\) lost.*/\1/p' "$BED_DIR/m.err" | tr -d ,)" \
		"$(report_sums "$BED_DIR/m.out" | cut -d' ' -f1)"
}

# In the table of the report.
told() {
	collector_start udp
	monitor_start m --ipfix 127.0.0.1
	traffic
	monitor_stop
	ended_well
	grep -qE '^  IPFIX: [0-9,]+ records in [0-9,]+ messages to 127.0.0.1:4739$' "$BED_DIR/m.out" ||
		fail "not in the report: $(grep IPFIX "$BED_DIR/m.out")"
	collector_stop
}

for program in jq python3; do
	command -v $program >/dev/null || skip "no $program"
done
FLEET=
MONITORS=()
bed_make ipfix
trap fleet_clean EXIT
case $CASE in
udp | tcp) transport "$CASE" ;;
nfdump | nfmany | nfacctd) "with_$CASE" ;;
names | refused | late | routes | restart | many | fleet | errors | nobody | told) "$CASE" ;;
*) fail "no case $CASE" ;;
esac
