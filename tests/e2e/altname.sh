#!/bin/bash
# SPDX-License-Identifier: MIT
# Alternative names, short and longer than any own one: the rows have the interface's own name, which
# alone counts from then on.
#
# usage: altname.sh [tcx|clsact]
set -u
. "$(dirname "$0")/../support/netns.sh"
tools=${PKTSTAT_TOOLS:?directory of the test tools}
short=enx525400c0ffee
long=$(printf 'wlx-%0123d' 7)

property() {
	ip -n "$BED_MON" link property "$1" dev mon0 altname "$2" 2>/dev/null
}

blast_in() {
	local name=$1
	shift
	bed_far "$tools/blast" --iface far0 --flows 100 --packets 5000 --order random --ipv6 30 \
		--expect "$BED_DIR/$name.sent" "$@" >/dev/null || fail "the sender failed"
}

del_pair() {
	ip -n "$BED_FAR" link del far0 2>/dev/null
	! bed_mon ip link show mon0 >/dev/null 2>&1
}

# Both programs stand on the interface that is now called mon0.
attached() {
	local index
	index=$(bed_mon cat /sys/class/net/mon0/ifindex) || return 1
	[ "$(grep -lxs "ifindex:[[:space:]]*$index" "/proc/$MONITOR_PID/fdinfo/"* | wc -l)" -ge 2 ] ||
		bed_mon tc filter show dev mon0 egress 2>/dev/null | grep -q flow_egress
}

# refused STATUS NAME
refused() {
	refuses "$1" "cannot watch interface ${2:0:40}" "$PKTSTAT_BPF" -i "$2" --json
}

command -v jq >/dev/null || skip "jq is missing"
bed_make altname quiet
property add "$short" || skip "no alternative names here"
property add "$long" || fail "no long alternative name"

# Three names of one interface.
monitor_start rows -i "$long,$short" --attach "${1:-tcx}" --json
blast_in before
property del "$long"
property del "$short"
blast_in between --first 700000
wait_for 60 del_pair || fail "mon0 is still there"
ip link add mon0 netns "$BED_MON" type veth peer name far0 netns "$BED_FAR" || fail "veth"
ip -n "$BED_MON" link set mon0 arp off up
ip -n "$BED_FAR" link set far0 arp off up
wait_for 60 attached || fail "not attached again"
blast_in after --first 800000
monitor_stop
same "status" "$MONITOR_STATUS" 0
same "standard error" "$(cat "$BED_DIR/rows.err")" ""
same "interfaces" "$(jq -r '[.[].iface] | unique | join(" ")' "$BED_DIR/rows.out")" mon0
"$tools/compare_flows" "$BED_DIR/rows.out" "$BED_DIR"/*.sent >"$BED_DIR/compared" ||
	fail "$(cat "$BED_DIR/compared")"
echo "ok: rows"

# In another network namespace; the report names the interface.
property add "$long" || fail "no alternative name"
"$PKTSTAT_BPF" --netns "$BED_MON" -i "$long" -t 300ms >"$BED_DIR/netns.out" || fail "--netns"
grep -q '^Watched  mon0 ' "$BED_DIR/netns.out" || fail "not its own name: $(cat "$BED_DIR/netns.out")"
echo "ok: netns"

property del "$long"
refused 1 "$long" # it was removed
refused 1 "${short%e}" # of no interface
refused 2 "x$long" # too long
echo "ok: refused"
