#!/bin/bash
# SPDX-License-Identifier: MIT
# --netns: interfaces of another network namespace, by name, process and path, counted exactly from
# outside; those that return are found inside; what is no namespace ends in one sentence.
#
# usage: netns.sh [CASE...]
set -u
. "$(dirname "$0")/../support/netns.sh"
tools=${PKTSTAT_TOOLS:?directory of the test tools}

# start NAME ARGS...: the program in this namespace, until it is attached to mon0 in the other.
start() {
	MONITOR_NAME=$1
	shift
	(exec env --default-signal=INT,QUIT "$PKTSTAT_BPF" --json "$@" >"$BED_DIR/$MONITOR_NAME.out" \
		2>"$BED_DIR/$MONITOR_NAME.err" </dev/null) &
	MONITOR_PID=$!
	BED_PIDS="$BED_PIDS $MONITOR_PID"
	wait_for 60 monitor_ready "$MONITOR_PID"
	kill -0 "$MONITOR_PID" 2>/dev/null ||
		fail "the monitor did not attach: $(cat "$BED_DIR/$MONITOR_NAME.err")"
}

send() {
	bed_far "$tools/blast" --iface far0 --flows 200 --packets 10000 --order random --size mixed \
		--ipv6 50 --expect "$BED_DIR/$1.sent" "${@:2}" >/dev/null || fail "the sender failed"
}

# exact FILES...: the report of the last monitor, which ended well.
exact() {
	same "$MONITOR_NAME: status" "$MONITOR_STATUS" 0
	same "$MONITOR_NAME: standard error" "$(cat "$BED_DIR/$MONITOR_NAME.err")" ""
	set -- "${@/#/$BED_DIR/}"
	"$tools/compare_flows" "$BED_DIR/$MONITOR_NAME.out" "${@/%/.sent}" >"$BED_DIR/compared" ||
		fail "$MONITOR_NAME: $(cat "$BED_DIR/compared")"
}

watch() {
	start "$@"
	send sent
	monitor_stop
	exact sent
}

test_name() {
	watch name --netns "$BED_MON" -i mon0
}

test_path() {
	watch path --netns "/run/netns/$BED_MON" -i mon0
}

test_process() {
	(exec ip netns exec "$BED_MON" sleep 60) &
	BED_PIDS="$BED_PIDS $!"
	wait_for 60 is_inside $! || fail "no process there"
	watch process --netns $! -i mon0
}

is_inside() {
	[ "/proc/$1/ns/net" -ef "/run/netns/$BED_MON" ]
}

# No name: the interface that is meant there, not here.
test_default() {
	watch default --netns "$BED_MON"
	same "interface" "$(jq -r '[.[].iface] | unique | join(" ")' "$BED_DIR/default.out")" mon0
}

# On filters: they are made and removed inside, by a program that is outside.
test_clsact() {
	watch clsact --netns "$BED_MON" -i mon0 --attach clsact
	same "left behind" "$(bed_mon tc filter show dev mon0 ingress)" ""
	same "left behind" "$(bed_mon tc qdisc show dev mon0 clsact)" ""
}

# Gone and back, in there.
test_return() {
	start return --netns "$BED_MON" -i mon0
	send before
	ip -n "$BED_FAR" link del far0
	ip link add mon0 netns "$BED_MON" type veth peer name far0 netns "$BED_FAR"
	bed_quiet "$BED_MON" mon0
	bed_quiet "$BED_FAR" far0
	ip -n "$BED_MON" link set mon0 up
	ip -n "$BED_FAR" link set far0 up
	wait_for 60 returned || fail "not attached again"
	send after --first 500000
	monitor_stop
	exact before after
}

returned() {
	local index
	index=$(bed_mon cat /sys/class/net/mon0/ifindex)
	[ "$(grep -lxs "ifindex:[[:space:]]*$index" "/proc/$MONITOR_PID/fdinfo/"* | wc -l)" -ge 2 ] ||
		bed_mon tc filter show dev mon0 egress 2>/dev/null | grep -q flow_egress
}

# Once everything stands, no thread may enter namespaces any more.
test_privileges() {
	local status
	start privileges --netns "$BED_MON" -i mon0
	for status in "/proc/$MONITOR_PID/task/"*/status; do
		wait_for 60 is_lowered "$status" || fail "keeps CAP_SYS_ADMIN: $(grep -E 'Name|CapEff' "$status")"
	done
	monitor_stop
}

is_lowered() {
	[ $((0x$(sed -n 's/^CapEff:[[:space:]]*//p' "$1") >> 21 & 1)) = 0 ]
}

# refused STATUS TEXT WHICH
refused() {
	refuses "$1" "$2" "$PKTSTAT_BPF" --netns "$3" -i mon0 -t 1s --json
}

test_refused() {
	refused 1 'cannot find network namespace no-such-name' no-such-name
	refused 1 'cannot find network namespace 4194305' 4194305
	refused 1 'cannot find network namespace /no/such/path' /no/such/path
	refused 1 'not a network namespace' /proc/self/ns/mnt
	refused 1 'not a network namespace' /etc/passwd
	refused 1 'not a network namespace' ..
	refused 1 'x1b' "$(printf 'a\033[2J')"
	refused 2 'empty' ''
	same "status without the interface" "$("$PKTSTAT_BPF" --netns "$BED_FAR" -i mon0 2>&1 |
		grep -c 'interface mon0: no such interface; choose one of: lo, far0')" 1
}

[ $# -gt 0 ] || set -- name path process default clsact return privileges refused
bed_make netns quiet
for name; do
	"test_$name"
	echo "ok: $name"
done
