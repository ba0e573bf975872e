#!/bin/bash
# SPDX-License-Identifier: MIT
# All outputs at once, of three monitors with intervals of 100 ms to 10 s, one of them without samples:
# each has just the rows of the frames that were sent, flow by flow, or adds up to them. The frames are
# made with the row that they belong to.
set -u
. "$(dirname "$0")/../support/netns.sh"
here=$(dirname "$0")
frames=${FRAMES:-40000}

listens() {
	grep -q listening "$BED_DIR/ipfix" 2>/dev/null
}

# start NAME ARGS...: one more monitor.
start() {
	monitor_start "$@"
	pids="$pids $MONITOR_NAME:$MONITOR_PID"
}

pids=
bed_make sums quiet
(exec ip netns exec "$BED_MON" python3 -B "$here/ipfix_collect.py" udp 127.0.0.1 4739 "$BED_DIR/ipfix") &
collector=$!
BED_PIDS="$BED_PIDS $collector"
wait_for 60 listens || fail "no collector"
start all --json -r 100ms --stream "jsonl:$BED_DIR/stream.jsonl" --stream "csv:$BED_DIR/stream.csv" \
	--ipfix 127.0.0.1 --metrics-file "$BED_DIR/metrics"
start csv --csv -r 1s --no-inspect
start total --total -r 10s
bed_far python3 -B "$here/sums.py" send far0 1 "$frames" "$BED_DIR/in.sent" &
in=$!
bed_mon python3 -B "$here/sums.py" send mon0 2 "$frames" "$BED_DIR/out.sent" || fail "the sender failed"
wait "$in" || fail "the sender failed"
for one in $pids; do
	MONITOR_NAME=${one%:*} MONITOR_PID=${one#*:}
	monitor_stop
	same "$MONITOR_NAME: status" "$MONITOR_STATUS" 0
	same "$MONITOR_NAME: standard error" "$(cat "$BED_DIR/$MONITOR_NAME.err")" ""
done
kill -TERM "$collector"
wait "$collector"
python3 -B "$here/sums.py" check "$BED_DIR" || fail "outputs differ from what was sent"
