#!/bin/bash
# SPDX-License-Identifier: MIT
# Several interfaces, those that come, go, return or change their names, and those that lie upon
# each other: every packet is counted on the interface it passed, and what changed is said.
#
# usage: links.sh [clsact] [CASE...]   (clsact: on filters in place of TCX)
set -u
. "$(dirname "$0")/links_bed.sh"

test_two() {
	start two "mon0 mon1" -i mon0 -i mon1,mon0
	blast_in 0 in0 &
	blast_in 1 in1
	wait $!
	blast_out 0 out0
	blast_out 1 out1
	monitor_stop
	ended
	exact mon0 in0 out0
	exact mon1 in1 out1
	same "interfaces with rows" "$(seen)" "mon0 mon1"
}

# Those that come up join, those that go leave, and what they counted stays.
test_any() {
	start any "lo mon0 mon1" -i any
	blast_in 0 in0
	ip link add mon2 netns "$BED_MON" type veth peer name far2 netns "$BED_FAR"
	blast_in 1 in1
	! attached "$MONITOR_PID" mon2 || fail "attached to one that is down"
	ip -n "$BED_MON" link set mon2 arp off up
	ip -n "$BED_FAR" link set far2 arp off up
	now_on mon2
	blast_in 2 in2
	del_pair 2
	blast_out 0 out0
	monitor_stop
	ended
	exact mon0 in0 out0
	exact mon1 in1
	exact mon2 in2
	same "interfaces with rows" "$(seen)" "mon0 mon1 mon2"
}

# Another name: the same slot and the same attachment.
test_rename() {
	local links
	start rename "mon0 mon1" -i mon0,mon1
	links=$(links_of "$MONITOR_PID")
	blast_in 1 before
	rename mon1 other1
	blast_in 1 after --first 700000
	wait_for 60 attached "$MONITOR_PID" other1 || fail "not attached to the renamed one"
	same "links" "$(links_of "$MONITOR_PID")" "$links"
	monitor_stop
	ended
	rename other1 mon1
	exact other1 before after
}

rename() {
	ip -n "$BED_MON" link set "$1" down
	ip -n "$BED_MON" link set "$1" name "$2"
	ip -n "$BED_MON" link set "$2" up
}

# One that goes and comes again with another index: its old slot, everything counted.
test_return() {
	add_pair 3
	start return "mon0 mon3" -i mon0,mon3
	blast_in 3 before
	del_pair 3
	blast_in 0 in0
	add_pair 3
	now_on mon3
	blast_in 3 after --first 700000
	monitor_stop
	ended
	exact mon0 in0
	exact mon3 before after
	del_pair 3
}

# Moved to another network namespace is gone as well.
test_moved() {
	add_pair 3
	start moved "mon0 mon3" -i mon0,mon3
	blast_in 3 in3
	ip -n "$BED_MON" link set mon3 netns "$BED_FAR"
	ip -n "$BED_FAR" link set mon3 up
	# It goes on counting there until the news have come.
	wait_for 60 has_links 2 || fail "not let go of"
	blast_in 3 later
	ip -n "$BED_FAR" link del mon3
	blast_in 0 in0
	monitor_stop
	ended
	exact mon0 in0
	exact mon3 in3
}

# The only one goes: the program waits for its return.
test_last() {
	add_pair 3
	start last mon3 -i mon3
	blast_in 3 before
	del_pair 3
	add_pair 3
	now_on mon3
	blast_in 3 after --first 700000
	del_pair 3
	monitor_stop TERM
	ended
	exact mon3 before after
}

# Unless it is told to end then; the last packets are in the report.
test_exit_on_loss() {
	add_pair 3
	start exit "mon0 mon3" -i mon3,mon0 --exit-on-loss
	blast_in 3 in3
	del_pair 3
	blast_in 0 in0
	monitor_stop
	ended
	exact mon3 in3
	exact mon0 in0
	add_pair 3
	start exit mon3 -i mon3 --exit-on-loss
	blast_in 3 in3
	del_pair 3
	monitor_wait
	ended 1
	same "lines on standard error" "$(grep -c 'mon3 is gone' "$BED_DIR/exit.err")" 1
	exact mon3 in3
}

# mon_bridge: br9 in $BED_MON with mon1 as its port, which gives it all that is for the host.
mon_bridge() {
	ip -n "$BED_MON" link add br9 type bridge mcast_snooping 0 || return 1
	ip -n "$BED_MON" link set br9 arp off up
	ip -n "$BED_MON" link set mon1 master br9
	ip -n "$BED_MON" link set br9 promisc on
}

# A bridge over its port: counted twice without --dedup, once with it.
test_dedup() {
	mon_bridge || skip "this kernel has no bridge"
	start twice "br9 mon1" -i br9,mon1
	blast_in 1 in1
	monitor_stop
	ended
	exact mon1 in1
	exact br9 in1
	start once mon1 -i br9,mon1 --dedup
	! attached "$MONITOR_PID" br9 || fail "the bridge is attached to"
	blast_in 1 in1
	bed_mon "$tools/blast" --iface br9 --egress --flows 50 --packets 3000 --expect \
		"$BED_DIR/out1.sent" >/dev/null || fail "the sender failed"
	monitor_stop
	ended
	exact mon1 in1 out1
	same "interfaces with rows" "$(seen)" mon1
	ip -n "$BED_MON" link del br9
}

# What lies upon what may change: a port that is not watched makes the bridge count again.
test_dedup_change() {
	mon_bridge || skip "this kernel has no bridge"
	add_pair 3
	start change mon1 -i br9,mon1 --dedup
	blast_in 1 first
	ip -n "$BED_MON" link set mon3 master br9
	# Nothing that comes in by one port is to go out by the other.
	bed_mon bridge link set dev mon1 isolated on
	bed_mon bridge link set dev mon3 isolated on
	now_on "br9 mon1"
	blast_in 3 second
	ip -n "$BED_MON" link set mon3 nomaster
	wait_for 60 not_attached "$MONITOR_PID" br9 || fail "still attached to the bridge"
	blast_in 1 third --first 900000
	monitor_stop
	ended
	exact mon1 first third
	exact br9 second
	ip -n "$BED_MON" link del br9
	del_pair 3
}

# The kernel allows nearly any byte in a name.
test_hostile() {
	local name
	name=$(printf 'e\033[2J\302\233\377')
	add_pair 3
	ip -n "$BED_MON" link set mon3 down
	ip -n "$BED_MON" link set mon3 name "$name" || fail "cannot give it that name"
	ip -n "$BED_MON" link set "$name" up
	start hostile "mon0 $name" -i mon0 -i "$name"
	blast_in 3 in3
	monitor_stop
	ended
	# shellcheck disable=SC1003
	same "its name" "$(seen)" 'e\x1b[2J\xc2\x9b\xff'
	exact 'e\x1b[2J\xc2\x9b\xff' in3
	bed_mon "$PKTSTAT_BPF" -i "$name,none" >"$BED_DIR/out" 2>&1
	same "status of one that is not there" $? 1
	bed_mon "$PKTSTAT_BPF" -i "$name" -t 100ms --verify >>"$BED_DIR/out" 2>&1 || fail "a table"
	! LC_ALL=C grep -q "$(printf '[\033\377]')" "$BED_DIR/out" || fail "raw bytes: $(cat -v "$BED_DIR/out")"
	del_pair 3
}

# As many as there can be, all exact; how long it takes to start.
test_many() {
	local i devices begin count=${MANY:-120}
	for i in $(seq 100 $((99 + count))); do
		echo "link add m$i type veth peer name p$i"
		echo "link set m$i arp off up"
		echo "link set p$i arp off up"
	done | ip -n "$BED_MON" -batch - || fail "cannot make $count pairs"
	devices=$(seq -f 'm%g' 100 $((99 + count)) | tr '\n' ' ')
	begin=$(date +%s%N) # slots are filled in the order of the options
	# shellcheck disable=SC2046,SC2086
	start many "m$((99 + count))" $(printf -- '-i %s ' $devices)
	echo "$count interfaces: $((($(date +%s%N) - begin) / 1000000)) ms"
	rm -f "$BED_DIR"/m*.sent
	for i in $(seq 100 $((99 + count))); do
		bed_mon "$tools/blast" --iface "p$i" --flows 10 --packets 100 \
			--first $((i * 1000)) --expect "$BED_DIR/m$i.sent" >/dev/null ||
			fail "the sender failed"
	done
	monitor_stop
	ended
	same "interfaces with rows" "$(seen | wc -w)" "$count"
	for i in 100 $((100 + count / 2)) $((99 + count)); do
		exact "m$i" "m$i"
	done
	"$tools/compare_flows" "$BED_DIR/many.out" "$BED_DIR"/m*.sent >"$BED_DIR/compared" ||
		fail "$(cat "$BED_DIR/compared")"
	seq -f 'link del m%g' 100 $((99 + count)) | ip -n "$BED_MON" -batch -
}

# A thousand options that name a few interfaces, and one that is too many.
test_options() {
	local i args='' status=0
	for i in $(seq 500); do
		args="$args -i mon0 -i mon1,mon0"
	done
	# shellcheck disable=SC2086
	start options "mon0 mon1" $args
	blast_in 1 in1
	monitor_stop
	ended
	exact mon1 in1
	# shellcheck disable=SC2046
	bed_mon "$PKTSTAT_BPF" $(seq -f '-i x%g' 129) >/dev/null 2>"$BED_DIR/options.err" || status=$?
	same "status of too many" "$status" 2
	same "lines about too many" "$(wc -l <"$BED_DIR/options.err")" 1
}

# One of several that is not there.
test_missing() {
	local status=0
	bed_mon "$PKTSTAT_BPF" -i mon0,none --json >/dev/null 2>"$BED_DIR/missing.err" || status=$?
	same "status" "$status" 1
	same "lines" "$(grep -c 'interface none: no such interface' "$BED_DIR/missing.err")" 1
	status=0
	bed_mon "$PKTSTAT_BPF" -i any,none --json >/dev/null 2>"$BED_DIR/missing.err" || status=$?
	same "status beside any" "$status" 1
}

# many_pairs FIRST LAST: v<i> in $BED_MON, joined with w<i> in $BED_FAR, quiet and up; to be deleted
# as a group, for the kernel takes its time for each by itself.
many_pairs() {
	for i in $(seq "$1" "$2"); do
		echo "link add v$i group 7 type veth peer name w$i netns $BED_FAR"
		echo "link set v$i arp off up"
	done | ip -n "$BED_MON" -batch - || fail "cannot make pairs"
	seq -f 'link set w%g arp off up' "$1" "$2" | ip -n "$BED_FAR" -batch - ||
		fail "cannot make pairs"
}

# The program holds two links on each interface of $BED_MON that is up, and no others.
on_all() {
	kill -0 "$MONITOR_PID" 2>/dev/null || return 0
	[ "$(grep -hs '^ifindex:' "/proc/$MONITOR_PID/fdinfo/"* | sed 's/[^0-9]*//' | sort)" = \
		"$(ip -n "$BED_MON" -o link show up | sed 's/:.*//;p' | sort)" ]
}

# reuse INTERVAL NAMES AT_ONCE: far more names than slots, in turn: what each counted stands in its own rows or in those of the
# ones that are gone, and one asked for by name has its slot when it returns. All have the same flow.
reuse() {
	local first last=0 sent=0 i
	add_pair 5
	start reuse "lo mon0 mon1 mon5" -i any -i mon5 --verify -r "$1"
	bed_far "$here/links_send.py" far 5 5
	del_pair 5
	while [ $last -lt "$2" ]; do
		first=$((last + 1)) last=$((last + $3))
		many_pairs $first $last
		wait_for 60 on_all || fail "not attached to all from v$first to v$last"
		bed_far "$here/links_send.py" w $first $last
		ip -n "$BED_MON" link del group 7
	done
	add_pair 5
	now_on mon5
	bed_far "$here/links_send.py" far 5 5
	monitor_stop
	same "status" "$MONITOR_STATUS" 0
	same "identities" "$(grep -c ': holds$' "$BED_DIR/reuse.err")" 3
	for i in $(seq $last); do
		sent=$((sent + 20 + i % 10))
	done
	same "packets" "$(rows_sum '.iface != "mon5"')" $sent
	same "packets of one that returned" "$(rows_sum '.iface == "mon5"')" 50
	same "rows that are not of their interface" "$(jq -c '.[] | select(.iface != "mon5" and
		.iface != "any gone" and .packets != 20 + (.iface[1:] | tonumber) % 10)' \
		"$BED_DIR/reuse.out")" ""
	same "interfaces with more than a row" "$(jq -c 'group_by(.iface)[] | select(length > 1)' \
		"$BED_DIR/reuse.out")" ""
	same "what became of the others" "$(jq -r '.[] | select(.iface == "any gone") | .reason' \
		"$BED_DIR/reuse.out")" "interfaces gone: UDP"
	[ "$(jq length "$BED_DIR/reuse.out")" -gt 60 ] || fail "few interfaces have rows of their own"
	del_pair 5
}

# rows_sum CONDITION: packets in these rows.
rows_sum() {
	jq "[.[] | select($1) | .packets] | add" "$BED_DIR/reuse.out"
}

# Slots are given up at the end of an interval, before the last is taken,
test_reuse() {
	reuse 100ms 300 50
}

# and within one when they all are.
test_reuse_at_once() {
	reuse 1m 180 60
}

run_cases "two any rename return moved last exit_on_loss dedup dedup_change hostile options missing
	many reuse reuse_at_once" "$@"
