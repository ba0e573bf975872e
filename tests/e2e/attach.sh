#!/bin/bash
# SPDX-License-Identifier: MIT
# Both ways to attach, alone and beside others: every packet is counted, what others put on the
# hooks stays and goes on working, and nothing of ours is left.
#
# usage: attach.sh [tcx|clsact|tcx_order|drop|foreign|guest|two|mixed|kill|kill_beside|ingress]...
set -u
. "$(dirname "$0")/../support/netns.sh"
. "$(dirname "$0")/../support/hooks.sh"

# Packets that filters on either hook have dropped.
dropped() {
	bed_mon tc -s qdisc show dev mon0 | sed -n '/clsact/,$s/.*dropped \([0-9]*\).*/\1/p'
}

gone() {
	local id
	for id; do
		! bpftool prog show id "$id" >/dev/null 2>&1 || return 1
	done
}

run_mode() {
	local programs
	monitor_start "$1" --json -r 100ms --attach "$1"
	# shellcheck disable=SC2046
	programs=$(programs_of "$MONITOR_PID")
	[ "$1" = tcx ] || same "$1: filters" "$(ours)" 2
	send
	monitor_stop TERM
	exact "$1"
	nothing_left "$1"
	# shellcheck disable=SC2086
	wait_for 60 gone $programs || fail "$1 left programs behind"
	monitor_start "$1" --attach "$1"
	monitor_stop
	grep -q "mon0 ($1)" "$BED_DIR/$1.out" || fail "not $1: $(head -n 1 "$BED_DIR/$1.out")"
}

test_tcx() {
	has_tcx || return 0
	run_mode tcx
}

test_clsact() {
	run_mode clsact
}

# Sets modes to those this kernel has; without TCX, asking for it ends in one sentence.
find_modes() {
	modes='tcx clsact'
	bed_mon "$PKTSTAT_BPF" -i mon0 --json -t 100ms --attach tcx >/dev/null 2>"$BED_DIR/tcx.err" &&
		return
	same "lines about TCX" "$(wc -l <"$BED_DIR/tcx.err")" 1
	grep -q 'no TCX' "$BED_DIR/tcx.err" || fail "$(cat "$BED_DIR/tcx.err")"
	cat "$BED_DIR/tcx.err"
	modes=clsact
}

has_tcx() {
	[ "$modes" != clsact ]
}

# hold_empty NAME: an empty program of somebody else at the end of the hook, its number in NAME.
hold_empty() {
	(exec ip netns exec "$BED_MON" "$tools/attach_empty" mon0 <&9 >"$BED_DIR/$1" 9<&-) &
	BED_PIDS="$BED_PIDS $!"
	wait_for 60 test -s "$BED_DIR/$1" || fail "no program $1"
}

# Programs of others that came before and after ours on the TCX hook.
test_tcx_order() {
	has_tcx || return 0
	mkfifo "$BED_DIR/never"
	exec 9<>"$BED_DIR/never"
	hold_empty before
	monitor_start order --json --attach tcx
	hold_empty after
	send
	monitor_stop TERM
	exact "between two others"
	! gone "$(cat "$BED_DIR/before")" && ! gone "$(cat "$BED_DIR/after")" ||
		fail "ours took others' programs with it"
	exec 9<&-
}

# foreign DIRECTION PRIORITY VERDICT: a filter of somebody else, a classic BPF program of one
# instruction: 0 ok, 2 drop, 4294967295 continue.
foreign() {
	bed_mon tc filter add dev mon0 "$1" prio "$2" bpf da bytecode "1,6 0 0 $3," ||
		fail "cannot add a filter"
}

# foreign_kind DIRECTION PRIORITY: one of another kind, which no BPF filter can stand beside.
foreign_kind() {
	bed_mon tc filter add dev mon0 "$1" prio "$2" u32 match u32 0 0 || fail "cannot add a filter"
}

# Ingress is counted before others drop it; egress after others dropped it, in clsact.
test_drop() {
	local mode before
	bed_mon tc qdisc add dev mon0 clsact
	foreign ingress 5 2
	for mode in $modes; do
		before=$(dropped)
		monitor_start drop --json --attach "$mode"
		send
		monitor_stop TERM
		exact "$mode before a drop"
		same "$mode: packets for the filter behind" $(($(dropped) - before)) "$packets"
	done
	foreign egress 40000 2
	monitor_start drop --json --attach clsact
	send
	monitor_stop TERM
	exact "clsact behind a drop" "$BED_DIR/in.sent"
	bed_mon tc qdisc del dev mon0 clsact
}

# stays MODE HOOKS: around two runs, the first of which is killed, the hooks keep what they have.
stays() {
	monitor_start foreign --json --attach "$1"
	monitor_stop KILL
	monitor_start foreign --json --attach "$1"
	send
	monitor_stop TERM
	exact "$1 beside foreign filters"
	nothing_left "$1 beside foreign filters" "$2"
}

# A qdisc with filters of somebody else survives everything we do.
test_foreign() {
	local mode
	bed_mon tc qdisc add dev mon0 clsact
	foreign_kind ingress 1
	foreign ingress 2 0
	foreign egress 1 4294967295
	foreign_kind egress 65535
	for mode in $modes; do
		stays "$mode" "$(hooks)"
	done
	foreign ingress 1000 2
	[ "$(bed_mon tc filter show dev mon0 ingress | grep -c 'pref 1000 bpf')" = 2 ] ||
		fail "cannot add a filter afterwards"
	bed_mon tc qdisc del dev mon0 clsact
	# Without filters the qdisc is still not ours.
	bed_mon tc qdisc add dev mon0 clsact
	stays clsact "$(hooks)"
	[ -n "$(hooks)" ] || fail "somebody else's empty qdisc was removed"
	bed_mon tc qdisc del dev mon0 clsact
}

# Filters that others put on a qdisc of our making keep it, killed or not.
test_guest() {
	local guest how
	for how in TERM KILL; do
		monitor_start guest --json --attach clsact
		foreign ingress 20 4294967295
		guest=$(bed_mon tc filter show dev mon0 ingress | grep 'pref 20 ')
		monitor_stop $how
		monitor_start again --json --attach clsact
		send
		monitor_stop TERM
		exact "with a guest, after $how"
		same "filters with a guest" "$(ours)" 0
		same "the guest" "$(bed_mon tc filter show dev mon0 ingress)" "$guest"
		bed_mon tc qdisc del dev mon0 clsact
	done
}

test_two() {
	local mode
	for mode in $modes; do
		beside "$mode" "$mode"
	done
}

test_mixed() {
	has_tcx || return 0
	beside clsact tcx
	beside tcx clsact
}

# beside MODE MODE: two instances at once, each exact; the one that came first ends first.
beside() {
	local first second
	monitor_start first --json --attach "$1"
	first=$MONITOR_PID
	monitor_start second --json --attach "$2"
	second=$MONITOR_PID
	send
	MONITOR_NAME=first MONITOR_PID=$first
	monitor_stop TERM
	exact "the first of two ($1, $2)"
	MONITOR_NAME=second MONITOR_PID=$second
	[ "$2" = tcx ] || same "$2: filters of the second" "$(ours)" 2
	monitor_stop TERM
	exact "the second of two ($1, $2)"
	nothing_left "two ($1, $2)"
}

# A killed process leaves its filters; the next start, whatever its mode, takes them off.
test_kill() {
	local mode
	for mode in clsact auto; do
		monitor_start killed --json --attach clsact
		monitor_stop KILL
		same "filters after SIGKILL" "$(ours)" 2
		monitor_start after --json --attach "$mode"
		send
		monitor_stop TERM
		exact "$mode after SIGKILL"
		nothing_left "$mode after SIGKILL"
	done
}

# A start cleans up after the dead, not after the living.
test_kill_beside() {
	local living dead
	monitor_start living --json --attach clsact
	living=$MONITOR_PID
	monitor_start dead --json --attach clsact
	monitor_stop KILL
	same "filters of the living and the dead" "$(ours)" 4
	monitor_start third --json --attach clsact
	same "filters of two living" "$(ours)" 4
	send
	monitor_stop TERM
	exact "a third"
	MONITOR_NAME=living MONITOR_PID=$living
	same "filters of the last" "$(ours)" 2
	monitor_stop TERM
	exact "the living one"
	nothing_left "the living and the dead"
}

# The older qdisc has no egress: said, and left alone.
test_ingress() {
	local status=0
	bed_mon tc qdisc add dev mon0 ingress
	bed_mon "$PKTSTAT_BPF" -i mon0 --json -t 1s --attach clsact >/dev/null 2>"$BED_DIR/ingress.err" ||
		status=$?
	same "status beside an ingress qdisc" "$status" 1
	same "lines about it" "$(grep -c 'qdisc "ingress"' "$BED_DIR/ingress.err")" 1
	bed_mon tc qdisc show dev mon0 | grep -q ingress || fail "the foreign qdisc is gone"
	same "filters on it" "$(ours)" 0
	bed_mon tc qdisc del dev mon0 ingress
}

[ $# -gt 0 ] || set -- tcx clsact tcx_order drop foreign guest two mixed kill kill_beside ingress
bed_make attach quiet
find_modes
for name; do
	"test_$name"
	echo "ok: $name"
done
