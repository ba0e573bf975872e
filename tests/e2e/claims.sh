#!/bin/bash
# SPDX-License-Identifier: MIT
# Instances beside each other on clsact, and who else may come between them: strangers without
# privilege, administrators, instances in containers, and SIGKILL. Living ones keep their filters,
# dead ones leave nothing once another has started, and what is somebody else's stays.
#
# usage: claims.sh [squat|remade|replaced|elsewhere|together|container]...
set -u
. "$(dirname "$0")/../support/netns.sh"
. "$(dirname "$0")/../support/hooks.sh"

# The number of the last monitor, which its filters have as their handle.
number_of() {
	local ids
	ids=$(programs_of "$1" | tr '\n' '|')
	hooks | sed -nE "s/.*handle (0x[0-9a-f]+) flow_ingress:\[(${ids%|})\].*/\1/p" | head -n 1
}

# start NAME: an instance on clsact.
start() {
	monitor_start "$1" --json --attach clsact
}

# end NAME PROCESS: ends that instance; its report must be exact.
end() {
	MONITOR_NAME=$1 MONITOR_PID=$2
	monitor_stop TERM
	exact "$1"
}

# A user without privilege has the number of a dead instance, and asks for that of a living one.
test_squat() {
	local living dead squatter
	start living
	living=$MONITOR_PID
	same "names in the abstract socket namespace" "$(bed_mon grep -c '@.*pktstat' /proc/net/unix)" 0
	start dead
	dead=$(number_of "$MONITOR_PID")
	monitor_stop KILL
	same "filters of the living and the dead" "$(ours)" 4
	mkfifo "$BED_DIR/squat"
	exec 9<>"$BED_DIR/squat"
	(exec ip netns exec "$BED_MON" python3 \
		"$(dirname "$0")/claims_squat.py" "$dead" "$(number_of "$living")" \
		<&9 >"$BED_DIR/squatted" 2>&1 9<&-) &
	squatter=$!
	BED_PIDS="$BED_PIDS $squatter"
	wait_for 60 test -s "$BED_DIR/squatted"
	same "numbers that a stranger got" "$(cat "$BED_DIR/squatted")" "1 of 2"
	start third
	same "filters of two living" "$(ours)" 4
	send
	end third "$MONITOR_PID"
	same "filters of the living" "$(ours)" 2
	end living "$living"
	nothing_left "with a stranger"
	exec 9<&-
	kill "$squatter"
}

# A running instance may have made its own again by now: then it is taken over.
foreign_qdisc() {
	bed_mon tc qdisc replace dev mon0 clsact || fail "cannot make a qdisc"
}

# An administrator removes our qdisc and makes an empty one, while an instance runs or after it was
# killed. It is stopped meanwhile, or it may be first with one of its own.
test_remade() {
	local how
	for how in TERM KILL; do
		start remade
		kill -STOP "$MONITOR_PID"
		bed_mon tc qdisc del dev mon0 clsact || fail "there is no qdisc of ours"
		foreign_qdisc
		kill -CONT "$MONITOR_PID"
		monitor_stop $how
		start after
		monitor_stop TERM
		nothing_left "after $how" "qdisc clsact ffff: parent ffff:fff1 "
		bed_mon tc qdisc del dev mon0 clsact
	done
}

# With tc qdisc replace somebody makes our qdisc their own.
test_replaced() {
	start replaced
	bed_mon tc qdisc replace dev mon0 clsact || fail "cannot replace a qdisc"
	same "filters after that" "$(ours)" 2
	send
	end replaced "$MONITOR_PID"
	nothing_left "replaced" "qdisc clsact ffff: parent ffff:fff1 "
	bed_mon tc qdisc del dev mon0 clsact
}

# A start cleans up on all interfaces, whatever it watches.
test_elsewhere() {
	local mode
	for mode in clsact auto; do
		start killed
		monitor_stop KILL
		same "filters after SIGKILL" "$(ours)" 2
		bed_mon "$PKTSTAT_BPF" -i lo --json --attach $mode -t 100ms >/dev/null ||
			fail "no start on lo"
		nothing_left "after a start on another interface ($mode)"
	done
}

# Instances that end at the same time, as often as $ROUNDS says.
test_together() {
	local round pids name
	for round in $(seq "${ROUNDS:-5}"); do
		pids=
		for name in a b c; do
			start $name
			pids="$pids $MONITOR_PID"
		done
		# shellcheck disable=SC2086
		kill $pids
		for name in $pids; do
			wait "$name" || fail "an instance ended with status $?"
		done
		nothing_left "round $round of ends"
	done
}

has_filters() {
	[ "$(ours)" = "$1" ]
}

# An instance in process and mount namespaces of its own, with nowhere to write: it lives, then it
# is killed.
test_container() {
	local container
	(exec ip netns exec "$BED_MON" unshare --mount --pid --fork --kill-child --mount-proc \
		sh -c 'mount -t tmpfs -o ro none /run && mount --bind /tmp /tmp &&
			mount -o remount,bind,ro /tmp &&
			exec "$@"' sh "$PKTSTAT_BPF" -i mon0 --json --attach clsact \
		>"$BED_DIR/container.out" 2>"$BED_DIR/container.err" </dev/null) &
	container=$!
	BED_PIDS="$BED_PIDS $container"
	wait_for 60 has_filters 2 || fail "not attached: $(cat "$BED_DIR/container.err")"
	start outside
	same "filters of both" "$(ours)" 4
	send
	end outside "$MONITOR_PID"
	same "filters of the one in the container" "$(ours)" 2
	kill -KILL "$container"
	wait "$container"
	start outside
	send
	end outside "$MONITOR_PID"
	nothing_left "the one in the container"
}

[ $# -gt 0 ] || set -- squat remade replaced elsewhere together container
bed_make claims quiet
for name; do
	"test_$name"
	echo "ok: $name"
done
