# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the tests of several interfaces: pairs of them, the program on them, and what its
# report says of each.
. "$(dirname "$0")/../support/netns.sh"
here=$(cd "$(dirname "$0")" && pwd)
tools=${PKTSTAT_TOOLS:?directory of the test tools}
attach=auto

# add_pair NUMBER: monN in $BED_MON, joined with farN in $BED_FAR, quiet and up.
add_pair() {
	ip link add "mon$1" netns "$BED_MON" type veth peer name "far$1" netns "$BED_FAR" ||
		fail "cannot make a veth pair"
	ip -n "$BED_MON" link set "mon$1" arp off up
	ip -n "$BED_FAR" link set "far$1" arp off up
}

del_pair() {
	ip -n "$BED_FAR" link del "far$1" 2>/dev/null
	! bed_mon ip link show "mon$1" >/dev/null 2>&1
}

# Both programs stand on an interface. Where links do not say which it is, filters do.
attached() {
	local index
	index=$(bed_mon cat "/sys/class/net/$2/ifindex" 2>/dev/null) || return 1
	[ "$(grep -lxs "ifindex:[[:space:]]*$index" "/proc/$1/fdinfo/"* 2>/dev/null | wc -l)" -ge 2 ] ||
		bed_mon tc filter show dev "$2" egress 2>/dev/null | grep -q flow_egress
}

all_attached() {
	local dev pid=$1
	shift
	kill -0 "$pid" 2>/dev/null || return 0
	for dev; do
		attached "$pid" "$dev" || return 1
	done
}

not_attached() {
	! attached "$@"
}

# start NAME "DEVICES" ARGS...: the program with these arguments, until it is attached to these.
start() {
	local devices=$2
	MONITOR_NAME=$1
	shift 2
	(exec ip netns exec "$BED_MON" env --default-signal=INT,QUIT "$PKTSTAT_BPF" --attach "$attach" \
		--json "$@" >"$BED_DIR/$MONITOR_NAME.out" 2>"$BED_DIR/$MONITOR_NAME.err" </dev/null) &
	MONITOR_PID=$!
	BED_PIDS="$BED_PIDS $MONITOR_PID"
	now_on "$devices"
}

# now_on "DEVICES": it is, or becomes, attached to these.
now_on() {
	# shellcheck disable=SC2086
	wait_for 60 all_attached "$MONITOR_PID" $1 || fail "$MONITOR_NAME: not attached to all of $1"
	kill -0 "$MONITOR_PID" 2>/dev/null ||
		fail "$MONITOR_NAME has ended: $(cat "$BED_DIR/$MONITOR_NAME.err")"
}

# blast_in N NAME [ARGS]: known packets into monN; blast_out the same out of it. The flows of each
# pair are its own.
blast_in() {
	local number=$1 name=$2
	shift 2
	bed_far "$tools/blast" --iface "far$number" --flows 100 --first $((number * 100000)) \
		--packets 5000 --order random --size mixed --ipv6 30 --expect "$BED_DIR/$name.sent" \
		"$@" >/dev/null || fail "the sender failed"
}

blast_out() {
	local number=$1 name=$2
	shift 2
	bed_mon "$tools/blast" --iface "mon$number" --egress --flows 100 --first $((number * 100000)) \
		--packets 5000 --order zipf --size mixed --ipv6 30 --expect "$BED_DIR/$name.sent" \
		"$@" >/dev/null || fail "the sender failed"
}

# ended [STATUS]: the last monitor ended so, and without a word unless it failed.
ended() {
	same "$MONITOR_NAME: status" "$MONITOR_STATUS" "${1:-0}"
	[ "${1:-0}" != 0 ] || same "$MONITOR_NAME: standard error" \
		"$(cat "$BED_DIR/$MONITOR_NAME.err")" ""
}

# exact DEVICE FILES...: the rows of an interface are just what these files say.
exact() {
	local device=$1
	shift
	jq --arg iface "$device" '[.[] | select(.iface == $iface)]' "$BED_DIR/$MONITOR_NAME.out" \
		>"$BED_DIR/part.out"
	set -- "${@/#/$BED_DIR/}"
	"$tools/compare_flows" "$BED_DIR/part.out" "${@/%/.sent}" >"$BED_DIR/compared" ||
		fail "$MONITOR_NAME, $device: $(cat "$BED_DIR/compared")"
}

# Names of all interfaces that have rows.
seen() {
	jq -r '[.[].iface] | unique | join(" ")' "$BED_DIR/$MONITOR_NAME.out"
}

# The kernel's numbers of the links a process holds on interfaces; none for filters.
links_of() {
	grep -ls 'link_type:[[:space:]]*tcx' "/proc/$1/fdinfo/"* | xargs -r grep -h link_id: | sort
}

has_links() {
	[ "$(links_of "$MONITOR_PID" | wc -l)" = "$1" ]
}

# run_cases "DEFAULTS" [clsact] [CASE...]
run_cases() {
	local name defaults=$1
	shift
	if [ "${1-}" = clsact ]; then
		attach=clsact
		shift
	fi
	# shellcheck disable=SC2086
	[ $# -gt 0 ] || set -- $defaults
	bed_make links quiet
	add_pair 1
	for name; do
		"test_$name"
		echo "ok: $name"
	done
}
