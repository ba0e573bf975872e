#!/bin/bash
# SPDX-License-Identifier: MIT
# --stream: its records are as the schema says, and add up to the report of the same run, whatever
# its reader does: churn, flows that are folded, a reader that stands still, a full disk, a file that
# is opened again, a reader that goes away.
#
# usage: stream.sh [churn|folded|stopped|full|reopen|left|unread|closed|options]...
set -u
. "$(dirname "$0")/../support/netns.sh"
tools=${PKTSTAT_TOOLS:?directory of the test tools}
here=$(dirname "$0")
schema=${PKTSTAT_SOURCE_DIR:?}/doc/stream.schema.json

# traffic FLOWS PACKETS ARG...: frames into mon0.
traffic() {
	bed_far "$tools/blast" --iface far0 --flows "$1" --packets "$2" "${@:3}" >/dev/null ||
		fail "the sender failed"
}

check() {
	python3 "$here/stream_check.py" "$schema" "$@" || fail "the stream is wrong"
}

lines() {
	cat "$1" 2>/dev/null | wc -l
}

has_lines() {
	[ "$(lines "$1")" -gt "$2" ]
}

has_intervals() {
	[ "$(grep -c '"type":"interval"' "$1")" -gt "$2" ]
}

# New flows all the time, and some that go idle; beside JSON, CSV and text.
test_churn() {
	local i
	monitor_start churn --json -r 100ms --stream "jsonl:$BED_DIR/churn.jsonl" \
		--stream "csv:$BED_DIR/churn.csv" --stream "text:$BED_DIR/churn.txt"
	for i in 1 2 3 4 5 6; do
		traffic 2000 20000 --order random --seed "$i" --first $((i * 1500)) --ipv6 30 --tcp 50
	done
	wait_for 60 has_intervals "$BED_DIR/churn.jsonl" 75
	traffic 100 5000 --first 1500
	monitor_stop
	same "status" "$MONITOR_STATUS" 0
	check "$BED_DIR/churn.out" "$BED_DIR/churn.jsonl"
	grep -q '"type":"end"' "$BED_DIR/churn.jsonl" || fail "no flow has ended"
	same "packets in CSV" "$(python3 -c '
import csv, sys
print(sum(int(row["deltaPackets"]) for row in csv.DictReader(open(sys.argv[1], newline=""))))' \
		"$BED_DIR/churn.csv")" "$(jq '[.[].packets] | add' "$BED_DIR/churn.out")"
	grep -q 'flows  exact' "$BED_DIR/churn.txt" || fail "no text"
}

# A ledger that folds flows all the time: nothing is written twice.
test_folded() {
	local i
	monitor_start folded --json -r 100ms --max-flows 256 \
		--stream "jsonl:$BED_DIR/folded.jsonl"
	for i in 1 2 3 4 5; do
		traffic 300 20000 --order random --first $((i * 200)) --seed "$i"
		wait_for 60 has_intervals "$BED_DIR/folded.jsonl" $((i * 5))
	done
	monitor_stop
	grep -q '"over --max-flows' "$BED_DIR/folded.out" || fail "nothing was folded"
	check "$BED_DIR/folded.out" "$BED_DIR/folded.jsonl"
}

# The reader of standard output stands still while a pipe's worth and more is counted.
test_stopped() {
	mkfifo "$BED_DIR/pipe"
	exec 9<>"$BED_DIR/pipe"
	MONITOR_OUT=$BED_DIR/pipe monitor_start stopped -r 100ms --stream jsonl
	for i in 1 2 3; do
		traffic 5000 50000 --order random --first $((i * 4000)) --seed "$i"
	done
	cat "$BED_DIR/pipe" >"$BED_DIR/stopped.jsonl" &
	BED_PIDS="$BED_PIDS $!"
	exec 9>&-
	wait_for 60 has_lines "$BED_DIR/stopped.jsonl" 12000
	monitor_stop
	same "status" "$MONITOR_STATUS" 0
	wait_for 60 grep -q '"type":"final"' "$BED_DIR/stopped.jsonl"
	check - "$BED_DIR/stopped.jsonl"
	same "packets of the final record" \
		"$(jq -c 'select(.type == "final") | .packetsIn' "$BED_DIR/stopped.jsonl")" 150000
}

# A disk that is full for some time: all is written later, and no line is cut.
test_full() {
	mkdir "$BED_DIR/disk"
	mount -t tmpfs -o size=1m none "$BED_DIR/disk" || skip "cannot mount a tmpfs"
	trap 'umount -l "$BED_DIR/disk"; bed_clean' EXIT
	head -c 700000 /dev/zero >"$BED_DIR/disk/filler"
	monitor_start full --json -r 100ms --stream "jsonl:$BED_DIR/disk/stream"
	for i in 1 2 3; do
		traffic 1000 20000 --order random --first $((i * 700)) --seed "$i"
	done
	wait_for 60 grep -q 'No space left on device' "$BED_DIR/full.err" ||
		fail "the disk is not full"
	traffic 100 5000
	mount -o remount,size=64m "$BED_DIR/disk"
	wait_for 60 grep -q 'is written again' "$BED_DIR/full.err" || fail "it does not go on"
	monitor_stop
	same "status" "$MONITOR_STATUS" 0
	check "$BED_DIR/full.out" "$BED_DIR/disk/stream"
}

# As logrotate does it.
test_reopen() {
	monitor_start reopen --json -r 100ms --stream "jsonl:$BED_DIR/log"
	traffic 100 1000
	wait_for 60 has_intervals "$BED_DIR/log" 3
	mv "$BED_DIR/log" "$BED_DIR/log.1"
	kill -HUP "$MONITOR_PID"
	wait_for 60 has_lines "$BED_DIR/log" 0 || fail "no new file: $(cat "$BED_DIR/reopen.err")"
	traffic 100 1000 --first 50
	monitor_stop
	same "status" "$MONITOR_STATUS" 0
	same "standard error" "$(cat "$BED_DIR/reopen.err")" ""
	check "$BED_DIR/reopen.out" "$BED_DIR/log.1" "$BED_DIR/log"
}

# A disk is full because of the file that logrotate wants to be left.
test_left() {
	mkdir "$BED_DIR/small"
	mount -t tmpfs -o size=1m none "$BED_DIR/small" || skip "cannot mount a tmpfs"
	trap 'umount -l "$BED_DIR/disk" 2>/dev/null; umount -l "$BED_DIR/small"; bed_clean' EXIT
	head -c 900000 /dev/zero >"$BED_DIR/small/filler"
	monitor_start left --json -r 100ms --stream "jsonl:$BED_DIR/small/stream"
	traffic 1000 20000 --order random
	wait_for 60 grep -q 'No space left on device' "$BED_DIR/left.err" ||
		fail "the disk is not full"
	head -n "$(lines "$BED_DIR/small/stream")" "$BED_DIR/small/stream" >"$BED_DIR/left.1"
	rm "$BED_DIR/small/stream"
	ln -s "$BED_DIR/left.2" "$BED_DIR/small/stream"
	kill -HUP "$MONITOR_PID"
	wait_for 60 has_lines "$BED_DIR/left.2" 0 || fail "the full file is not left"
	monitor_stop
	same "status" "$MONITOR_STATUS" 0
	check "$BED_DIR/left.out" "$BED_DIR/left.1" "$BED_DIR/left.2"
}

# A named pipe without a reader must not make the program wait where no signal ends it.
test_unread() {
	local status=0
	mkfifo "$BED_DIR/unread"
	bed_mon timeout -k 1 60 "$PKTSTAT_BPF" -i mon0 --stream "jsonl:$BED_DIR/unread" \
		>/dev/null 2>"$BED_DIR/unread.err" || status=$?
	same "status" "$status" 1
	grep -q 'nobody reads this pipe; start its reader first' "$BED_DIR/unread.err" ||
		fail "$(cat "$BED_DIR/unread.err")"
	status=0
	bed_mon timeout -k 1 60 "$PKTSTAT_BPF" -i mon0 --stream "jsonl:$BED_DIR/one" \
		--stream "csv:$BED_DIR/./one" >/dev/null 2>"$BED_DIR/unread.err" || status=$?
	same "status of two streams to one file" "$status" 1
	grep -q 'are the same file; give them' "$BED_DIR/unread.err" || fail "$(cat "$BED_DIR/unread.err")"
	status=0
	bed_mon timeout -k 1 60 "$PKTSTAT_BPF" -i mon0 --json --stream jsonl:/dev/stdout \
		>"$BED_DIR/one" 2>"$BED_DIR/unread.err" || status=$?
	same "status of a stream and a report in one file" "$status" 1
	grep -q 'the report would be mixed' "$BED_DIR/unread.err" || fail "$(cat "$BED_DIR/unread.err")"
	exec 9<>"$BED_DIR/unread"
	monitor_start unread -r 100ms --stream "jsonl:$BED_DIR/unread" 9>&-
	mv "$BED_DIR/unread" "$BED_DIR/unread.old"
	mkfifo "$BED_DIR/unread"
	kill -HUP "$MONITOR_PID"
	wait_for 60 grep -q 'cannot open .* again.* continues in the old file' "$BED_DIR/unread.err" ||
		fail "it waits for a reader"
	exec 9>&-
	wait_for 60 grep -q 'Broken pipe; continuing' "$BED_DIR/unread.err" || fail "no EPIPE"
	kill -HUP "$MONITOR_PID"
	wait_for 60 grep -q 'has ended and is not opened again' "$BED_DIR/unread.err" ||
		fail "a stream that has ended: $(cat "$BED_DIR/unread.err")"
	monitor_stop
	same "status of a stream that ended" "$MONITOR_STATUS" 1
}

# The reader goes away: the program ends, which is no failure.
test_closed() {
	local status
	bed_mon timeout 60 "$PKTSTAT_BPF" -i mon0 -r 100ms --stream jsonl 2>"$BED_DIR/closed.err" |
		head -n 3 >"$BED_DIR/closed.out"
	status=${PIPESTATUS[0]}
	same "status" "$status" 0
	same "standard error" "$(cat "$BED_DIR/closed.err")" ""
	same "lines" "$(lines "$BED_DIR/closed.out")" 3
	bed_mon timeout 60 "$PKTSTAT_BPF" -i mon0 -r 100ms -b -n 3 >"$BED_DIR/batch.out" ||
		fail "-b -n 3"
	same "intervals of -b -n 3" "$(grep -c exact "$BED_DIR/batch.out")" 3
}

# Filter, grouping and limit; what is beyond the limit is in rests.
test_options() {
	monitor_start options --json -r 100ms --limit 10 --filter 'udp' \
		--stream "jsonl:$BED_DIR/limit.jsonl" --stream "csv:$BED_DIR/limit.csv"
	traffic 100 5000 --tcp 50 --order random
	monitor_stop
	check - "$BED_DIR/limit.jsonl"
	grep -q '"reason":"limit"' "$BED_DIR/limit.jsonl" || fail "no rest"
	same "interfaces of rests in CSV" "$(python3 -c '
import csv, sys
print({row["iface"] for row in csv.DictReader(open(sys.argv[1], newline="")) if row["type"] == "rest"})' \
		"$BED_DIR/limit.csv")" "{''}"
	grep -q '"proto":"TCP"' "$BED_DIR/limit.jsonl" && fail "the filter lets TCP pass"
	local by
	for by in conversation host service protocol process container user interface; do
		monitor_start "by-$by" --json -r 100ms --by "$by" \
			--stream "jsonl:$BED_DIR/$by.jsonl" --stream "csv:$BED_DIR/$by.csv"
		traffic 50 1000 --tcp 50 --order random
		monitor_stop
		check "$BED_DIR/by-$by.out" "$BED_DIR/$by.jsonl"
	done
}

python3 -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is missing"
[ $# -gt 0 ] || set -- churn folded stopped full reopen left unread closed options
bed_make stream quiet
for name; do
	"test_$name"
	echo "ok: $name"
done
