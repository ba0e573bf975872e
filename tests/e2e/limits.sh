#!/bin/bash
# SPDX-License-Identifier: MIT
# --exit-over ends with status 3 and one line; --alert says on and off, in the log and in the stream;
# --total is one object that is the sum of all rows.
set -u
. "$(dirname "$0")/../support/netns.sh"
tools=${PKTSTAT_TOOLS:?directory of the test tools}

traffic() {
	bed_far "$tools/blast" --iface far0 "$@" >/dev/null || fail "the sender failed"
}

test_exit() {
	monitor_start exit -r 100ms --total --exit-over 'out packets > 10' \
		--exit-over 'in udp bytes > 50k'
	traffic --flows 10 --packets 100
	traffic --flows 10 --packets 5000
	monitor_wait
	same "status" "$MONITOR_STATUS" 3
	same "lines on standard error" "$(wc -l <"$BED_DIR/exit.err")" 1
	grep -q '^pktstat-bpf: limit exceeded: in udp bytes > 50k at 2.* bytes since start)$' \
		"$BED_DIR/exit.err" || fail "$(cat "$BED_DIR/exit.err")"
	jq -e '.packets > 800 and .packets == .packetsIn and .flows == 10' "$BED_DIR/exit.out" \
		>/dev/null || fail "the totals: $(cat "$BED_DIR/exit.out")"
}

has_alert() {
	grep -q "\"type\":\"alert\".*\"on\":$1" "$BED_DIR/alert.jsonl"
}

test_alert() {
	monitor_start alert -r 100ms --alert 'in pps > 1k' --stream "jsonl:$BED_DIR/alert.jsonl" \
		--alert 'port 9999 bytes > 0'
	traffic --flows 10 --packets 5000
	wait_for 60 has_alert true || fail "no alert"
	wait_for 60 has_alert false || fail "the alert does not end"
	monitor_stop
	same "status" "$MONITOR_STATUS" 0
	grep -q 'alert: in pps > 1k at ' "$BED_DIR/alert.err" || fail "nothing was logged"
	grep -q 'alert is over: in pps > 1k at ' "$BED_DIR/alert.err" || fail "no end was logged"
	grep -q 'alert in pps > 1k: 1 time, last at' "$BED_DIR/alert.err" ||
		fail "no summary: $(cat "$BED_DIR/alert.err")"
	grep -q 9999 "$BED_DIR/alert.err" && fail "an alert without a reason"
	python3 "$(dirname "$0")/stream_check.py" "${PKTSTAT_SOURCE_DIR:?}/doc/stream.schema.json" - \
		"$BED_DIR/alert.jsonl" || fail "the stream is wrong"
}

screen_has() {
	TMUX_TMPDIR=$BED_DIR tmux -f /dev/null capture-pane -p -t limits 2>/dev/null | grep -q "$1"
}

# One second in the middle of a file is above the limit, however fast the file is read.
test_read() {
	local i status
	python3 - "$BED_DIR/burst.pcap" <<'END' || fail "cannot write a capture"
import struct, sys
ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 1000, 1, 0, 64, 17, 0, b"\x0a\0\0\1", b"\x0a\0\0\2")
frame = b"\2" * 12 + b"\x08\0" + ip + struct.pack(">HHHH", 1, 2, 980, 0) + bytes(972)
with open(sys.argv[1], "wb") as file:
    file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
    for second in range(120):
        count = 1000 if second == 60 else 10
        for i in range(count):
            file.write(struct.pack("<IIII", 1000 + second, i * 1000000 // count,
                                   len(frame), len(frame)) + frame)
END
	for i in 1 2 3 4 5 6 7 8 9 10; do
		status=0
		"$PKTSTAT_BPF" --read "$BED_DIR/burst.pcap" --exit-over 'bps > 4M' \
			>/dev/null 2>"$BED_DIR/read.err" </dev/null || status=$?
		same "status of reading $i" "$status" 3
		same "lines of reading $i" "$(wc -l <"$BED_DIR/read.err")" 1
	done
}

# Ten packets in each second are never less than five, at the start and at the end neither.
test_moments() {
	"$PKTSTAT_BPF" --read "$BED_DIR/burst.pcap" --exit-over 'pps < 5' --exit-over 'bps < 10k' \
		>/dev/null 2>"$BED_DIR/moments.err" </dev/null ||
		fail "status $?: $(cat "$BED_DIR/moments.err")"
	same "standard error" "$(cat "$BED_DIR/moments.err")" ""
}

# Limits are judged by each interval of --refresh, whatever a stream's own interval is.
test_every() {
	"$PKTSTAT_BPF" --read "$BED_DIR/burst.pcap" --alert 'bps > 4M' --every 1h --total \
		--stream "jsonl:$BED_DIR/every.jsonl" --stream "text:$BED_DIR/every.txt" \
		>/dev/null 2>"$BED_DIR/every.err" </dev/null || fail "status $?: $(cat "$BED_DIR/every.err")"
	same "alerts in a stream with --every 1h" \
		"$(jq -c 'select(.type == "alert") | [.time, .on]' "$BED_DIR/every.jsonl" | tr '\n' ' ')" \
		'["1970-01-01T00:17:41.000Z",true] ["1970-01-01T00:17:42.000Z",false] '
	same "alerts in text" "$(grep -c '^ALERT: bps > 4M at \|^alert is over: ' "$BED_DIR/every.txt")" 2
	python3 "$(dirname "$0")/stream_check.py" "${PKTSTAT_SOURCE_DIR:?}/doc/stream.schema.json" - \
		"$BED_DIR/every.jsonl" || fail "the stream is wrong"
}

# The report has a line for each, in its order.
test_report() {
	monitor_start report -r 100ms --alert 'in pps > 1k' --alert 'port 9999 bytes > 0'
	traffic --flows 10 --packets 5000
	wait_for 60 grep -q 'alert: in pps' "$BED_DIR/report.err" || fail "no alert"
	monitor_stop
	grep -qE '^  alert: in pps > 1k: exceeded 1 time, (last at|also at the end, since) 2' \
		"$BED_DIR/report.out" || fail "the report: $(cat "$BED_DIR/report.out")"
	grep -q '^  alert: port 9999 bytes > 0: never exceeded$' "$BED_DIR/report.out" ||
		fail "the report: $(cat "$BED_DIR/report.out")"
}

# In the live view the header says it, until it is over.
test_view() {
	command -v tmux >/dev/null || skip "tmux is missing"
	TMUX_TMPDIR=$BED_DIR tmux -f /dev/null new-session -d -s limits -x 100 -y 30 \
		ip netns exec "$BED_MON" "$PKTSTAT_BPF" -i mon0 -r 100ms --alert 'in pps > 1k' ||
		skip "tmux does not start"
	wait_for 60 screen_has ' exact' || fail "no live view"
	traffic --flows 10 --packets 5000
	wait_for 60 screen_has 'ALERT in pps > 1k' || fail "the header says no alert"
	wait_for 60 screen_has ' exact' || fail "the header does not say that it is over"
	TMUX_TMPDIR=$BED_DIR tmux -f /dev/null kill-server
}

python3 -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is missing"
bed_make limits quiet
for name in exit alert read moments every report view; do
	"test_$name"
	echo "ok: $name"
done
