#!/bin/bash
# SPDX-License-Identifier: MIT
# Every member of the JSON report, for every kind of row, against frames with known content.
# Owners are tested by owners.sh.
set -u
. "$(dirname "$0")/../support/netns.sh"
mix=$(dirname "$0")/json_mix.py
tools=${PKTSTAT_TOOLS:?directory of the test tools}

now() {
	date +%s.%N
}

test_members() {
	local begin ready sent end
	begin=$(now)
	monitor_start members --json --no-owners
	ready=$(now)
	bed_far python3 "$mix" send far0 || fail "the sender failed"
	sent=$(now)
	monitor_stop
	end=$(now)
	same "status" "$MONITOR_STATUS" 0
	python3 "$mix" check "$BED_DIR/members.out" mon0 "$begin" "$ready" "$sent" "$end" ||
		fail "the report is wrong"
	jq -e 'type == "array"' "$BED_DIR/members.out" >/dev/null || fail "jq cannot read it"
}

# --csv: the columns of JSON's members, the same rows, and what a row does not have is empty.
test_csv() {
	monitor_start csv --csv --no-owners
	bed_far python3 "$mix" send far0 || fail "the sender failed"
	monitor_stop
	same "status" "$MONITOR_STATUS" 0
	python3 "$mix" check_csv "$BED_DIR/csv.out" mon0 || fail "the report is wrong"
}

# Nothing came: still an array.
test_empty() {
	monitor_start empty --json
	monitor_stop
	same "an empty report" "$(cat "$BED_DIR/empty.out")" "[]"
}

# --no-arp: one row of ARP, with its packets.
test_no_arp() {
	monitor_start arp --json --no-arp
	bed_far python3 "$mix" send far0 || fail "the sender failed"
	monitor_stop
	same "rows of ARP" "$(jq -c '[.[] | select(.etherType == 2054) | [.proto, .packets]]' \
		"$BED_DIR/arp.out")" '[["other",3]]'
}

# --sort and --limit hold for JSON; the order is that of the key asked for.
test_sorted() {
	monitor_start sorted --json --sort packets --limit 7
	bed_far "$tools/blast" --iface far0 --flows 50 --packets 5000 --order zipf --size mixed \
		>/dev/null || fail "the sender failed"
	monitor_stop
	jq -e 'length == 7 and ([.[].packets] | . == (sort | reverse))' "$BED_DIR/sorted.out" \
		>/dev/null || fail "not the first seven by packets: $(cat "$BED_DIR/sorted.out")"
}

# Counters beyond 32 bits are whole: not with frames, they would take too long; in unit tests.
command -v jq >/dev/null || skip "jq is missing"
[ $# -gt 0 ] || set -- members csv empty no_arp sorted
bed_make json quiet
for name; do
	"test_$name"
	echo "ok: $name"
done
