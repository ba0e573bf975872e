# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced after netns.sh by tests of how the programs are attached: what stands on the hooks of mon0,
# and whether everything sent was counted.
tools=${PKTSTAT_TOOLS:?directory of the test tools}
packets=${PACKETS:-10000}

# Known packets of known flows, both directions.
send() {
	bed_far "$tools/blast" --iface far0 --flows 200 --packets "$packets" --order random \
		--size mixed --ipv6 50 --tcp 50 --expect "$BED_DIR/in.sent" >/dev/null ||
		fail "the sender failed"
	bed_mon "$tools/blast" --iface mon0 --egress --flows 300 --packets "$packets" \
		--order zipf --size mixed --ipv6 30 --expect "$BED_DIR/out.sent" >/dev/null ||
		fail "the sender failed"
}

# exact WHAT [FILES...]: the last monitor ended well, and its report holds just what was sent.
exact() {
	local what=$1
	shift
	same "$what: status" "$MONITOR_STATUS" 0
	same "$what: standard error" "$(cat "$BED_DIR/$MONITOR_NAME.err")" ""
	[ $# -gt 0 ] || set -- "$BED_DIR/in.sent" "$BED_DIR/out.sent"
	"$tools/compare_flows" "$BED_DIR/$MONITOR_NAME.out" "$@" >"$BED_DIR/compared" ||
		fail "$what: $(cat "$BED_DIR/compared")"
}

# What stands on the hooks of mon0; counters and "installed ... ago" left out.
hooks() {
	bed_mon tc qdisc show dev mon0 | grep -E 'clsact|ingress'
	bed_mon tc filter show dev mon0 ingress
	bed_mon tc filter show dev mon0 egress
}

ours() {
	hooks | grep -c 'handle.*flow_[ei].*gress:'
}

nothing_left() {
	same "$1: left on the hooks" "$(hooks)" "${2-}"
}
