#!/bin/bash
# SPDX-License-Identifier: MIT
# Interfaces that change all the time, and notifications of it that are lost: none is overlooked, and
# nothing is left behind.
#
# usage: links_news.sh [clsact] [CASE...]   (clsact: on filters in place of TCX)
set -u
. "$(dirname "$0")/links_bed.sh"

# Interfaces that come and go all the time leave nothing behind.
test_churn() {
	local i before after
	start churn "lo mon0 mon1" -i any
	before=$(settled_descriptors)
	for i in $(seq 40); do
		add_pair 4
		now_on mon4
		del_pair 4
	done
	wait_for 60 few_descriptors "$before" || after=$(find "/proc/$MONITOR_PID/fd" | wc -l)
	same "descriptors" "${after:-$before}" "$before"
	blast_in 0 in0
	monitor_stop
	ended
	exact mon0 in0
}

# Notifications that were lost, of all sockets of the namespace that hear of interfaces.
lost_news() {
	bed_mon awk '$2 == 0 && $4 % 2 == 1 { lost += $9 } END { print lost + 0 }' /proc/net/netlink
}

# news COUNT: of one interface, none of which matters.
news() {
	seq "$1" | sed 's/^/link set mon1 txqueuelen /' | ip -n "$BED_MON" -batch - ||
		fail "cannot change an interface"
}

# More happens than the kernel keeps for a program that is stopped: it lists all again.
test_overrun() {
	local before
	add_pair 3
	start overrun "lo mon0 mon1 mon3" -i any
	blast_in 3 in3
	before=$(lost_news)
	kill -STOP "$MONITOR_PID"
	news 4000
	[ "$(lost_news)" -gt "$before" ] || fail "no news were lost"
	del_pair 3
	add_pair 4
	kill -CONT "$MONITOR_PID"
	now_on mon4
	[ "$attach" = clsact ] || wait_for 60 has_links 8 || fail "still attached to what is gone"
	blast_in 4 in4
	monitor_stop
	ended
	exact mon3 in3
	exact mon4 in4
	del_pair 4
}

# Starts while interfaces change all the time, beside so many that a list takes several parts.
test_start_churn() {
	local churn
	seq 400 | sed 's/.*/link add d& type veth peer name e&/' | ip -n "$BED_MON" -batch - ||
		fail "cannot make pairs"
	(while seq 400 | sed 's/.*/link set d& txqueuelen &/; p; s/.*/link add c type veth peer name cc/p
		s/.*/link del c/' | ip -n "$BED_MON" -batch - 2>/dev/null; do :; done) &
	churn=$!
	BED_PIDS="$BED_PIDS $churn"
	for _ in 1 2 3; do
		start churning "lo mon0 mon1" -i any
		blast_in 0 in0
		monitor_stop
		ended
		exact mon0 in0
	done
	kill "$churn"
	wait "$churn" 2>/dev/null
	seq 400 | sed 's/.*/link del d&/' | ip -n "$BED_MON" -batch -
}

# How many there are once all is open: more than the programs are attached with.
settled_descriptors() {
	local count before=0
	while count=$(find "/proc/$MONITOR_PID/fd" | wc -l) && [ "$count" != "$before" ]; do
		before=$count
		sleep 1
	done
	echo "$count"
}

few_descriptors() {
	[ "$(find "/proc/$MONITOR_PID/fd" | wc -l)" -le "$1" ]
}

run_cases "churn overrun start_churn" "$@"
