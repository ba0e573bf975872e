#!/bin/bash
# SPDX-License-Identifier: MIT
# Names and applications from packets, with real clients and servers; and that counting goes on,
# exactly, when the process that reads packets dies, is stopped, or is flooded.
#
# usage: sight.sh [names|sites|reader|silent|flood|hostile|off]...
set -u
. "$(dirname "$0")/sight_bed.sh"
tools=${PKTSTAT_TOOLS:?directory of the test tools}

test_names() {
	need curl openssl dig dnsmasq jq python3
	serve_tls
	serve_dns
	serve python3 -m http.server 80
	await_port 80
	monitor_start names --json --no-owners -r 100ms
	bed_mon curl -sk -o /dev/null --resolve tls.example.org:443:10.99.0.2 https://tls.example.org/ ||
		fail "curl: TLS"
	bed_mon curl -s -o /dev/null -H 'Host: plain.example.org' http://10.99.0.2/ || fail "curl: HTTP"
	# Without a name of its own, after DNS was asked, over UDP and by TCP.
	bed_mon openssl s_client -connect 10.99.0.2:443 -noservername </dev/null >/dev/null 2>&1
	same "dig" "$(bed_mon dig +short @10.99.0.2 www.alias.example | tail -1)" 10.99.0.2
	bed_mon dig +tcp +short @10.99.0.2 one.example >/dev/null
	bed_mon bash -c 'exec 3<>/dev/tcp/10.99.0.2/80'
	monitor_stop
	ended_well
	row appProto=https dstName=tls.example.org nameFrom=sni alpn=h2 initiator=src
	row appProto=http dstName=plain.example.org nameFrom=host dstPort=80
	row appProto=dns proto=UDP dstPort=53
	row appProto=dns proto=TCP dstPort=53
	row dstName=one.example nameFrom=dns dstPort=80
	jq -e 'all(.[]; (has("handshakeRttUs") | not) or .handshakeRttUs > 0)' \
		"$BED_DIR/names.out" >/dev/null || fail "a handshake without time"
	jq -e 'any(.[]; .dir == "in" and .srcName == "tls.example.org" and .initiator == "dst")' \
		"$BED_DIR/names.out" >/dev/null || fail "the other direction has no name"
	# The same, filtered by what became known.
	monitor_start filtered --json --no-owners -r 100ms --filter 'site tls.example and initiator near'
	bed_mon curl -sk -o /dev/null --resolve tls.example.org:443:10.99.0.2 https://tls.example.org/
	bed_mon curl -s -o /dev/null http://10.99.0.2/
	monitor_stop
	same "filtered rows" "$(jq 'length' "$BED_DIR/filtered.out")" 2
}

# What the report has for jq's FILTER.
report() {
	jq -c "$1" "$BED_DIR/$MONITOR_NAME.out" || fail "$MONITOR_NAME: not JSON"
}

# Bytes of a family of metrics.
family() {
	awk -F'[ {]' -v name="pktstat_$1bytes_total" '$1 == name { sum += $NF } END { print sum }' "$BED_DIR/metrics.prom"
}

visit() {
	bed_mon curl -sk -o /dev/null --resolve www.example.org:443:10.99.0.2 https://www.example.org/
	bed_mon curl -sk -o /dev/null --resolve cdn.example.org:443:10.99.0.2 https://cdn.example.org/
	bed_mon curl -s -o /dev/null -H 'Host: www.example.co.uk' http://10.99.0.2/
	bed_mon dig +short @10.99.0.2 www.alias.example >/dev/null
	bed_mon bash -c 'exec 3<>/dev/tcp/10.99.0.2/80'
}

# Metrics count what is known a moment after an interval: visits until each has been.
site_is_counted() {
	visit
	grep -q "^pktstat_site_packets_total{site=\"$1\",direction=\"out\"} [1-9]" "$BED_DIR/metrics.prom"
}

# By site, server and application: rows add up to all rows, and to the metrics.
test_sites() {
	need curl openssl dig dnsmasq jq python3
	local by site
	serve_tls
	serve_dns
	serve python3 -m http.server 80
	await_port 80
	for by in site server app; do
		monitor_start "$by" --json --no-owners -r 100ms --by "$by" --metrics-file "$BED_DIR/metrics.prom"
		for site in example.org example.co.uk '~alias.example' unknown; do
			wait_for 60 site_is_counted "$site" || fail "$site: $(grep site_ "$BED_DIR/metrics.prom")"
		done
		monitor_stop
		ended_well
		same "$by: in bytes and metrics" "$(report '[.[].bytes] | add')" "$(family '')"
		same "$by: metrics by site" "$(family site_)" "$(family '')"
		same "$by: metrics by application" "$(family app_)" "$(family '')"
	done
	same "applications" "$(report '[.[].appProto // "-"] | sort - ["-"]')" '["dns","http","https"]'
	MONITOR_NAME=site
	same "sites" "$(report '[.[] | select(.site) | (.nameFrom // "") + .site] | sort')" \
		'["dnsalias.example","example.co.uk","example.org"]'
	MONITOR_NAME=server
	same "servers" "$(report '[.[] | select(.server) | (.nameFrom // "") + .server] | sort')" \
		'["cdn.example.org","dnswww.alias.example","www.example.co.uk","www.example.org"]'
}

reader_of() {
	pgrep -P "$1" -x pktstat-reader
}

has_reader() {
	[ -n "$(reader_of "$1")" ]
}

# The reader has a user of its own without any right, and sees no interface but its own.
confined() {
	local status=/proc/$1/status uid=$((0x70000000 + $1))
	grep -qP "^Uid:\t$uid\t$uid\t$uid\t$uid\$" "$status" && grep -qP "^Gid:\t$uid\t$uid\t" "$status" && grep -q '^Seccomp:.2$' "$status" &&
		grep -q '^CapPrm:.0*$' "$status" && grep -q '^CapBnd:.0*$' "$status" &&
		[ "$(readlink "/proc/$1/ns/net")" != "$(readlink "/proc/$MONITOR_PID/ns/net")" ]
}

blast() {
	bed_far "$tools/blast" --iface far0 --flows 2000 --packets 50000 --order random --size mixed \
		--tcp 50 --expect "$BED_DIR/sent" >/dev/null || fail "the sender failed"
}

exact() {
	"$tools/compare_flows" "$BED_DIR/$MONITOR_NAME.out" "$BED_DIR/sent" >"$BED_DIR/compared" ||
		fail "$1: $(cat "$BED_DIR/compared")"
}

test_reader() {
	need jq pgrep
	local signal reader
	for signal in KILL STOP; do
		monitor_start "$signal" --json --no-owners -r 100ms
		wait_for 60 has_reader "$MONITOR_PID" || fail "there is no reader"
		reader=$(reader_of "$MONITOR_PID")
		wait_for 60 confined "$reader" || fail "the reader is not confined: $(cat "/proc/$reader/status")"
		kill "-$signal" "$reader"
		# It stays no zombie while the program runs.
		[ "$signal" = STOP ] || wait_for 60 not_there "$reader" || fail "a zombie is left"
		blast
		monitor_stop
		same "status after $signal" "$MONITOR_STATUS" 0
		exact "$signal"
		wait_for 60 ended "$reader" || fail "the reader outlives the program"
		[ "$signal" = KILL ] || continue
		grep -q 'the process that reads packets has ended' "$BED_DIR/$signal.err" ||
			fail "nothing says that the reader has ended"
	done
	# A program that is killed takes its reader along, running or not.
	for signal in CONT STOP; do
		monitor_start killed --json --no-owners
		wait_for 60 has_reader "$MONITOR_PID" || fail "there is no reader"
		reader=$(reader_of "$MONITOR_PID")
		wait_for 60 confined "$reader" || fail "the reader is not confined"
		kill "-$signal" "$reader"
		monitor_stop KILL
		wait_for 60 ended "$reader" || fail "a reader outlives a killed program"
	done
}

says() {
	grep -q "$1" "$BED_DIR/$MONITOR_NAME.err"
}

# A reader that is stopped is told, and told again when it is continued; then names are found as before.
test_silent() {
	need curl openssl jq pgrep setpriv
	local reader name
	serve_tls
	monitor_start silent --json --no-owners -r 100ms
	wait_for 60 has_reader "$MONITOR_PID" || fail "there is no reader"
	reader=$(reader_of "$MONITOR_PID")
	wait_for 60 confined "$reader" || fail "the reader is not confined: $(cat "/proc/$reader/status")"
	setpriv --reuid=65534 --regid=65534 --clear-groups kill -STOP "$reader" 2>/dev/null &&
		fail "a process of nobody stops the reader"
	kill -STOP "$reader"
	wait_for 60 says 'does not answer, it may be stopped' || fail "nothing says that the reader is stopped"
	kill -CONT "$reader"
	wait_for 60 says 'answers again' || fail "nothing says that the reader answers again"
	bed_mon curl -sk -o /dev/null --resolve tls.example.org:443:10.99.0.2 https://tls.example.org/
	monitor_stop
	same "status" "$MONITOR_STATUS" 0
	same "messages" "$(wc -l <"$BED_DIR/silent.err")" 2
	row appProto=https dstName=tls.example.org nameFrom=sni
}

not_there() {
	[ ! -d "/proc/$1" ]
}

# Whoever inherits it may not wait for it.
ended() {
	not_there "$1" || grep -q '^State:.Z' "/proc/$1/status"
}

# Many new flows at once, a connection with a name among them.
test_flood() {
	need curl openssl jq
	serve_tls
	monitor_start flood --json --no-owners -r 100ms
	blast
	bed_mon curl -sk -o /dev/null --resolve tls.example.org:443:10.99.0.2 https://tls.example.org/
	monitor_stop
	ended_well
	jq 'map(select(.srcPort != 443 and .dstPort != 443 and .etherType != 2054 and .ipProto != 58))' \
		"$BED_DIR/flood.out" >"$BED_DIR/rest" && mv "$BED_DIR/rest" "$BED_DIR/flood.out"
	exact "flood"
}

test_off() {
	need curl jq python3
	serve python3 -m http.server 80
	await_port 80
	monitor_start off --json --no-owners --no-inspect
	has_reader "$MONITOR_PID" && fail "there is a reader"
	bed_mon curl -s -o /dev/null http://10.99.0.2/
	monitor_stop
	ended_well
	jq -e 'all(.[]; has("appProto") or has("initiator") | not)' "$BED_DIR/off.out" >/dev/null ||
		fail "packets were looked into"
}

# Hellos, halves of hellos, answers and SYNs of many flows, each with a name as long as may be.
test_hostile() {
	need jq pgrep
	local reader sent
	monitor_start hostile --json --no-owners -r 100ms
	wait_for 60 has_reader "$MONITOR_PID" || fail "there is no reader"
	reader=$(reader_of "$MONITOR_PID")
	sent=$(bed_far "$tools/name_blast" far0 60000) || fail "the sender failed"
	wait_for 60 rests "$reader" || fail "the reader does not come to rest"
	within "memory of the reader, kB" "$(kilobytes "$reader" RssAnon)" 32768
	monitor_stop
	ended_well
	same "packets" "$(jq '[.[] | select(.dir == "in") | .packets] | add' "$BED_DIR/hostile.out")" "$sent"
	jq -e 'any(.[]; .appProto == "https" and (.dstName | length) == 247)' "$BED_DIR/hostile.out" \
		>/dev/null || fail "no name was read"
}

# It has taken no CPU time for longer than it waits when it has taken too much.
rests() {
	local before
	before=$(ticks "$1")
	sleep 1
	[ "$(ticks "$1")" -le "$before" ]
}

within() {
	[ "$2" -le "$3" ] || fail "$1: $2, not at most $3"
}

# Only the sender's packets, where these are compared one by one.
case ${1-} in
reader | hostile) bed_make sight quiet ;;
*) bed_make sight ;;
esac
for case in "${@:-names}"; do
	"test_$case"
done
