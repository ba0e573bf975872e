#!/bin/bash
# SPDX-License-Identifier: MIT
# --by and --filter on real traffic: whatever a row of the report is, the rows add up to what was
# sent, in both directions, and a filter leaves in just what it names.
#
# usage: by.sh [groups|filters|combined|table]...
set -u
. "$(dirname "$0")/../support/netns.sh"
tools=${PKTSTAT_TOOLS:?directory of the test tools}

# send NAME ARGS...: capture with these arguments while 20,000 packets go in and 10,000 out.
send() {
	local name=$1
	shift
	monitor_start "$name" -r 100ms "$@"
	bed_far "$tools/blast" --iface far0 --flows 300 --packets 20000 --order random --size mixed \
		--ipv6 30 --tcp 50 >"$BED_DIR/in.json" || fail "blast in"
	bed_mon "$tools/blast" --iface mon0 --egress --flows 500 --packets 10000 --order zipf \
		--size mixed --ipv6 50 --tcp 20 >"$BED_DIR/out.json" || fail "blast out"
	monitor_stop
	same "$name: status" "$MONITOR_STATUS" 0
	same "$name: standard error" "$(cat "$BED_DIR/$name.err")" ""
}

# What blast says it sent: packets and bytes in, packets and bytes out.
sent() {
	jq -c '[.packets, .bytes]' "$BED_DIR/in.json" "$BED_DIR/out.json" | tr -d '\n'
}

# report NAME FILTER: what jq makes of the report.
report() {
	jq -c "$2" "$BED_DIR/$1.out" || fail "$1: not JSON"
}

# Sums of a report by direction, like sent().
sums() {
	report "$1" 'def by($dir): map(select(.dir == $dir));
		def add_up($p; $b): [(map(.[$p]) | add // 0), (map(.[$b]) | add // 0)];
		if any(has("dir")) then (by("in"), by("out")) | add_up("packets"; "bytes")
		else add_up("packetsIn"; "bytesIn"), add_up("packetsOut"; "bytesOut") end' | tr -d '\n'
}

test_groups() {
	local by
	for by in flow conversation host service protocol; do
		send "$by" --json --by $by
		same "--by $by: sums" "$(sums $by)" "$(sent)"
		same "--by $by: both directions" "$(report $by '[(map(.packets) | add), length > 1]')" \
			'[30000,true]'
	done
	for by in process container user site app; do
		send "$by" --json --by $by
		same "--by $by: sums" "$(sums $by)" "$(sent)"
		same "--by $by: flows" "$(report $by 'map(.flows) | add')" "$(report flow length)"
	done
	same "protocols" "$(report protocol '[.[].proto] | sort')" '["TCP","UDP"]'
	same "flows behind protocols" "$(report protocol 'map(.flows) | add')" "$(report flow length)"
	same "flows behind hosts" "$(report host 'map(.flows) | add')" "$(report flow length)"
	report host 'map(has("ip") and (has("proto") | not)) | all' | grep -q true || fail "hosts"
	report service 'map(has("port") and has("proto")) | all' | grep -q true || fail "services"
	report conversation 'map(has("srcIp") and has("dstPort") and has("bytesOut")) | all' |
		grep -q true || fail "conversations"
}

# The same traffic every time, so reports of two runs compare but for times and rates.
plain() {
	report "$1" "[.[] | $2 | del(.bitrate, .firstSeen, .lastSeen)] | sort_by(tojson)"
}

test_filters() {
	send all --json
	send some --json --filter 'tcp and in'
	same "tcp and in" "$(plain some .)" "$(plain all 'select(.proto == "TCP" and .dir == "in")')"
	send some --json --filter 'not ip6 and (out or tcp)'
	same "with brackets" "$(plain some .)" \
		"$(plain all 'select(.etherType == 2048 and (.dir == "out" or .proto == "TCP"))')"
	send some --json --filter 'packets >= 60 and bytes < 40k'
	same "by counts" "$(plain some .)" "$(plain all 'select(.packets >= 60 and .bytes < 40000)')"
	[ "$(report some length)" -gt 0 ] || fail "nothing passes the filter by counts"
	send some --json --filter 'port 1 and port 2 and port 3'
	same "what nothing passes" "$(cat "$BED_DIR/some.out")" "[]"
}

test_combined() {
	local by
	send all --json
	for by in flow conversation host service protocol process user; do
		send some --json --by $by --filter 'udp and in'
		same "--by $by with a filter" "$(sums some)" "$(report all \
			'map(select(.proto == "UDP" and .dir == "in")) |
				[(map(.packets) | add), (map(.bytes) | add)]')[0,0]"
	done
}

# The table: filtered totals beside the real ones, the accounting about everything.
test_table() {
	send table --by host --filter out
	grep -qE '^  in +20,000 ' "$BED_DIR/table.out" || fail "totals: $(cat "$BED_DIR/table.out")"
	grep -qE '^  in, filtered +0 ' "$BED_DIR/table.out" || fail "filtered totals in"
	grep -qE '^  out, filtered +10,000 ' "$BED_DIR/table.out" || fail "filtered totals out"
	grep -qF 'packets seen 30,000 = in rows 30,000 + other 0' "$BED_DIR/table.out" ||
		fail "accounting"
	grep -qF 'exact: every packet seen is in one row' "$BED_DIR/table.out" || fail "not exact"
}

command -v jq >/dev/null || skip "jq is missing"
[ $# -gt 0 ] || set -- groups filters combined table
bed_make by quiet
for name; do
	"test_$name"
	echo "ok: $name"
done
