#!/bin/bash
# SPDX-License-Identifier: MIT
# Somebody else takes our programs off: it is noticed at the next deadline, they are put back, what
# was counted before is kept, and nobody is told that the counts are complete.
#
# usage: detached.sh [CASE...]
set -u
. "$(dirname "$0")/../support/netns.sh"
tools=${PKTSTAT_TOOLS:?directory of the test tools}
packets=${PACKETS:-3000}

# send NAME FIRST: known packets of known flows into mon0 and out of it, in NAME.in and NAME.out.
send() {
	bed_far "$tools/blast" --iface far0 --flows 50 --first "$2" --packets "$packets" --order random \
		--size mixed --expect "$BED_DIR/$1.in" >/dev/null || fail "the sender failed"
	bed_mon "$tools/blast" --iface mon0 --egress --flows 50 --first "$(($2 + 10000))" \
		--packets "$packets" --order random --expect "$BED_DIR/$1.out" >/dev/null ||
		fail "the sender failed"
}

# What stands on the hooks: links by their ids, filters by their lines.
hooks() {
	grep -ls 'link_type:[[:space:]]*tcx' "/proc/$MONITOR_PID/fdinfo/"* | xargs -r grep -h link_id: |
		sed 's/[^0-9]*//' | sort -n
	bed_mon tc filter show dev mon0 ingress | grep flow_ingress
	bed_mon tc filter show dev mon0 egress | grep flow_egress
}

# Both programs run: of TCX, links that still have an interface and our programs.
is_whole() {
	local count
	if [ "$attach" = tcx ]; then
		count=$(grep -hs '^ifindex:' "/proc/$MONITOR_PID/fdinfo/"* | grep -vc ':[[:space:]]*0$')
	else
		count=$(bed_mon tc filter show dev mon0 ingress | grep -c "flow_ingress")
		count=$((count + $(bed_mon tc filter show dev mon0 egress | grep -c "flow_egress")))
	fi
	[ "$count" -ge 2 ]
}

# Links are other ones then; filters have the same handles again.
is_back() {
	is_whole && { [ "$attach" = clsact ] || [ "$(hooks)" != "$before" ]; }
}

# around NAME COMMAND...: counts before and after the command are complete, and what happened is said.
around() {
	local name=$1 before
	shift
	monitor_start "$name" -r 100ms --verify --attach "$attach"
	send first 0
	before=$(hooks)
	"$@" || fail "$name: cannot do it: $*"
	wait_for 60 is_back || fail "$name: not put back: $(hooks)"
	send second 50000
	monitor_stop TERM
	same "$name: status" "$MONITOR_STATUS" 0
	expect_said
	monitor_has $((4 * packets)) # what was sent before and after, and not a packet less
	same "$name: left on the hook" "$(bed_mon tc filter show dev mon0 ingress | grep -c flow_)" 0
}

expect_said() {
	grep -q 'mon0 (detached for up to' "$BED_DIR/$MONITOR_NAME.out" ||
		fail "$MONITOR_NAME: the head says nothing: $(head -n 5 "$BED_DIR/$MONITOR_NAME.out")"
	grep -q '^  NOT complete: mon0 was detached or moved away' "$BED_DIR/$MONITOR_NAME.out" ||
		fail "$MONITOR_NAME: $(tail -n 8 "$BED_DIR/$MONITOR_NAME.out")"
	! grep -q '^  exact' "$BED_DIR/$MONITOR_NAME.out" || fail "$MONITOR_NAME: it says exact"
	grep -q 'verify: mon0 was detached' "$BED_DIR/$MONITOR_NAME.err" ||
		fail "$MONITOR_NAME: $(cat "$BED_DIR/$MONITOR_NAME.err")"
	same "$MONITOR_NAME: identities" "$(grep -c ': holds$' "$BED_DIR/$MONITOR_NAME.err")" 3
}

# monitor_has PACKETS: so many are in the report.
monitor_has() {
	same "$MONITOR_NAME: packets" \
		"$(sed -n 's/^  packets seen \([0-9,]*\) .*/\1/p' "$BED_DIR/$MONITOR_NAME.out" | tr -d ,)" "$1"
}

detach_link() {
	bpftool link detach id "$(hooks | head -n 1)"
}

detach_links() {
	local id
	for id in $(hooks); do
		bpftool link detach id "$id" || return 1
	done
}

test_tcx_one() {
	attach=tcx around one detach_link
}

test_tcx_both() {
	attach=tcx around both detach_links
}

test_tcx_replaced() {
	attach=tcx around replaced replace_program
}

# The program in our link is replaced by one of somebody else.
replace_program() {
	bed_mon "$tools/attach_empty" --replace "$(hooks | head -n 1)" </dev/null >/dev/null
}

move_away() {
	ip -n "$BED_MON" link set mon0 netns "$BED_FAR" &&
		ip -n "$BED_FAR" link set mon0 netns "$BED_MON" &&
		ip -n "$BED_MON" link set mon0 arp off up
}

test_tcx_moved() {
	attach=tcx around moved move_away
}

test_clsact_moved() {
	attach=clsact around moved move_away
}

test_clsact_qdisc() {
	attach=clsact around qdisc bed_mon tc qdisc del dev mon0 clsact
}

# filter DIRECTION: priority and handle of ours.
filter() {
	bed_mon tc filter show dev mon0 "$1" |
		sed -n "s/.* pref \([0-9]*\) bpf .*handle \(0x[0-9a-f]*\) flow_$1.*/prio \1 handle \2/p"
}

del_filter() {
	# shellcheck disable=SC2046
	bed_mon tc filter del dev mon0 "$1" $(filter "$1") bpf
}

test_clsact_filter() {
	attach=clsact around filter del_filter ingress
	attach=clsact around filter del_filter egress
}

flush() {
	bed_mon tc filter del dev mon0 ingress && bed_mon tc filter del dev mon0 egress
}

test_clsact_flush() {
	attach=clsact around flush flush
}

# Another program under our handle.
replace_filter() {
	# shellcheck disable=SC2046
	bed_mon tc filter replace dev mon0 ingress $(filter ingress) bpf da bytecode \
		"1,6 0 0 4294967295,"
}

test_clsact_replaced() {
	attach=clsact around replaced replace_filter
	bed_mon tc qdisc del dev mon0 clsact 2>/dev/null
}

# The qdisc is removed and created again by an administrator: we must not remove it.
# The monitor is stopped meanwhile, or it might be faster with a new qdisc.
remake_qdisc() {
	local status=0
	kill -STOP "$MONITOR_PID"
	bed_mon tc qdisc del dev mon0 clsact && bed_mon tc qdisc add dev mon0 clsact || status=1
	kill -CONT "$MONITOR_PID"
	return $status
}

test_clsact_remade() {
	attach=clsact around remade remake_qdisc
	bed_mon tc qdisc show dev mon0 | grep -q clsact || fail "somebody else's qdisc was removed"
	bed_mon tc qdisc del dev mon0 clsact
}

# Somebody who takes them off whenever they are there is not fought.
test_fight() {
	local removed=0 until
	monitor_start fight -r 100ms --json --attach clsact
	until=$((SECONDS + 6))
	while [ "$SECONDS" -lt "$until" ]; do
		! bed_mon tc qdisc del dev mon0 clsact 2>/dev/null || removed=$((removed + 1))
	done
	monitor_stop TERM
	same "status" "$MONITOR_STATUS" 0
	[ "$removed" -ge 2 ] && [ "$removed" -le 6 ] || fail "put back $removed times"
	grep -q 'interface mon0 was detached or moved away' "$BED_DIR/fight.err" ||
		fail "nothing on standard error"
	jq -e 'type == "array"' "$BED_DIR/fight.out" >/dev/null || fail "not JSON"
}

# Taken off within the last interval, or where it cannot be put back: said at the end.
test_last_moment() {
	local attach
	for attach in $modes; do
		monitor_start last -r 60s --verify --attach "$attach"
		send first 0
		if [ "$attach" = tcx ]; then detach_links; else bed_mon tc qdisc del dev mon0 clsact; fi
		monitor_stop TERM
		expect_said
		# News of filters come at once, and the filters back with them.
		[ "$attach" = clsact ] || grep -q 'for up to .* so far' "$BED_DIR/last.out" ||
			fail "$(tail -n 5 "$BED_DIR/last.out")"
		monitor_has $((2 * packets))
	done
}

# A program of somebody else that runs before ours is said, as long as it is there.
test_tcx_before() {
	mkfifo "$BED_DIR/never"
	exec 9<>"$BED_DIR/never"
	(exec ip netns exec "$BED_MON" "$tools/attach_empty" mon0 egress <&9 >"$BED_DIR/other" 9<&-) &
	BED_PIDS="$BED_PIDS $!"
	wait_for 60 test -s "$BED_DIR/other" || fail "no other program"
	monitor_start before --verify
	send first 0
	monitor_stop TERM
	grep -q 'programs of others that run before this one: 1;' "$BED_DIR/before.out" ||
		fail "the report: $(tail -n 5 "$BED_DIR/before.out")"
	grep -q 'verify: mon0 out, programs that run before the hook: 1;' "$BED_DIR/before.err" ||
		fail "--verify: $(cat "$BED_DIR/before.err")"
	! grep -q 'verify: mon0 in, programs' "$BED_DIR/before.err" || fail "ingress is the first"
	exec 9<&-
}

# Under TCX, filters on egress run behind: what they drop is counted, and not explained by GSO.
test_tcx_dropped_behind() {
	bed_mon tc qdisc add dev mon0 clsact
	bed_mon tc filter add dev mon0 egress bpf da bytecode "1,6 0 0 2," || fail "no filter"
	monitor_start behind --verify --attach tcx
	send first 0
	monitor_stop TERM
	monitor_has $((2 * packets))
	grep 'verify: mon0 out' "$BED_DIR/behind.err" | grep -q 'dropped packets after the hook' ||
		fail "--verify: $(cat "$BED_DIR/behind.err")"
	bed_mon tc qdisc del dev mon0 clsact
}

# The live view's header: while nothing is counted, and afterwards for as long as it runs.
test_tcx_header() {
	command -v tmux >/dev/null || skip "no tmux"
	tmux -L "$BED_MON" -f /dev/null new-session -d -x 100 -y 24 \
		"ip netns exec $BED_MON $PKTSTAT_BPF -i mon0 -r 200ms --attach tcx"
	wait_for 60 on_screen ' exact' || fail "no exact: $(screen)"
	MONITOR_PID=$(ip netns pids "$BED_MON" | head -n 1)
	detach_links || fail "cannot detach"
	wait_for 60 on_screen ' detached [0-9]' || fail "the header: $(screen)"
	! on_screen ' exact' || fail "exact all the same: $(screen)"
	tmux -L "$BED_MON" send-keys q
	tmux -L "$BED_MON" kill-server 2>/dev/null
}

screen() {
	tmux -L "$BED_MON" capture-pane -p
}

on_screen() {
	screen | head -n 1 | grep -q "$1"
}

bed_make detached quiet
modes='tcx clsact'
bed_mon "$PKTSTAT_BPF" -i mon0 --json -t 100ms --attach tcx >/dev/null 2>&1 || modes=clsact
[ $# -gt 0 ] || set -- tcx_one tcx_both tcx_replaced tcx_moved clsact_moved clsact_qdisc clsact_filter \
	clsact_flush clsact_replaced clsact_remade fight last_moment tcx_before tcx_dropped_behind \
	tcx_header
for name; do
	case $name in
	tcx*) [ "$modes" != clsact ] || continue ;;
	esac
	"test_$name"
	echo "ok: $name"
done
