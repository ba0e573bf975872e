#!/bin/bash
# SPDX-License-Identifier: MIT
# Every way to end: the report is whole, the status says what happened, nothing stays attached.
#
# usage: end.sh [CASE...]
set -u
. "$(dirname "$0")/../support/netns.sh"
tools=${PKTSTAT_TOOLS:?directory of the test tools}

send() {
	bed_far "$tools/blast" --iface far0 --flows 100 --packets 10000 --order random \
		--size mixed --ipv6 50 --tcp 50 --expect "$BED_DIR/sent" >/dev/null ||
		fail "the sender failed"
}

# The report of the last monitor holds all that was sent.
report_exact() {
	"$tools/compare_flows" "$BED_DIR/$MONITOR_NAME.out" "$BED_DIR/sent" >"$BED_DIR/compared" ||
		fail "$MONITOR_NAME: $(cat "$BED_DIR/compared")"
}

# said STATUS TEXT: the last monitor ended so, with one line on standard error that has TEXT.
said() {
	same "$MONITOR_NAME: status" "$MONITOR_STATUS" "$1"
	same "$MONITOR_NAME: lines on standard error" "$(wc -l <"$BED_DIR/$MONITOR_NAME.err")" 1
	grep -q -- "$2" "$BED_DIR/$MONITOR_NAME.err" ||
		fail "$MONITOR_NAME: nothing about '$2' in: $(cat "$BED_DIR/$MONITOR_NAME.err")"
}

silent() {
	same "$MONITOR_NAME: status" "$MONITOR_STATUS" 0
	same "$MONITOR_NAME: standard error" "$(cat "$BED_DIR/$MONITOR_NAME.err")" ""
}

gone() {
	local id
	for id; do
		! bpftool prog show id "$id" >/dev/null 2>&1 || return 1
	done
	! bed_mon tc filter show dev mon0 ingress 2>/dev/null | grep -q flow_
}

end_by_signal() {
	local programs
	monitor_start "$1" --json
	programs=$(programs_of "$MONITOR_PID")
	send
	monitor_stop "$1"
	silent
	report_exact
	# shellcheck disable=SC2086
	wait_for 60 gone $programs || fail "$1 left programs behind"
}

test_int() {
	end_by_signal INT
}

test_term() {
	end_by_signal TERM
}

test_hup() {
	end_by_signal HUP
}

# Two signals at once: still one whole report.
test_twice() {
	monitor_start twice --json
	send
	kill -TERM "$MONITOR_PID"
	monitor_stop INT
	silent
	report_exact
}

# The limit is as long as the sender needs: on a loaded machine it may not end within the first ones.
test_timeout() {
	local limit
	for limit in 2s 10s 60s; do
		monitor_start timeout --json --timeout "$limit"
		send
		kill -0 "$MONITOR_PID" 2>/dev/null && break
		monitor_wait
	done
	monitor_wait
	silent
	report_exact
}

# What was ignored at the start stays ignored: SIGHUP by nohup, SIGTSTP where nobody would continue it.
ignored_and_free() { # SIGNAL NUMBER
	local bit=$((1 << ($2 - 1))) status=/proc/$child/status

	(($((16#$(awk '/^SigIgn/ { print $2 }' "$status"))) & bit)) || fail "$1 is not ignored"
	! (($((16#$(awk '/^SigBlk/ { print $2 }' "$status"))) & bit)) || fail "$1 waits to be read"
}

draws() {
	grep -qaF '[?1049h' "$BED_DIR/ignored"
}

test_ignored() {
	local child script
	mkfifo "$BED_DIR/typed"
	exec 8<>"$BED_DIR/typed"
	script -qec "trap '' HUP TSTP; exec ip netns exec $BED_MON env TERM=xterm '$PKTSTAT_BPF' -i mon0" \
		/dev/null <&8 >"$BED_DIR/ignored" &
	script=$!
	BED_PIDS="$BED_PIDS $script"
	wait_for 60 draws || fail "no live view: $(cat "$BED_DIR/ignored")"
	child=$(pgrep -P "$script" -x pktstat-bpf)
	ignored_and_free HUP 1
	ignored_and_free TSTP 20
	printf q >&8
	wait "$script" || fail "status $?: $(cat "$BED_DIR/ignored")"
	exec 8<&-
}

# On a terminal that stays empty, a line says what goes on.
test_counting() {
	script -qec "ip netns exec $BED_MON '$PKTSTAT_BPF' -i mon0 -t 1s >'$BED_DIR/counting.out'" \
		/dev/null >"$BED_DIR/counting" </dev/null
	same "on the terminal" "$(tr -d '\r' <"$BED_DIR/counting")" \
		"pktstat-bpf: counting on mon0 for 1.0 s; press Ctrl-C to stop and print the report"
	grep -q '^Accounting' "$BED_DIR/counting.out" || fail "no report"
}

# The table holds the same numbers as the JSON: total, and the accounting line says so.
test_table() {
	monitor_start table
	send
	monitor_stop
	silent
	grep -q '10,000' "$BED_DIR/table.out" || fail "no total in: $(cat "$BED_DIR/table.out")"
	! grep -q "$(printf '\033')" "$BED_DIR/table.out" || fail "escape sequences in a file"
}

test_interface() {
	monitor_start interface --json --exit-on-loss
	send
	ip -n "$BED_FAR" link del far0
	monitor_wait
	said 1 mon0
	report_exact
}

test_kill() {
	local programs
	monitor_start kill --json
	programs=$(programs_of "$MONITOR_PID")
	[ -n "$programs" ] || fail "cannot see the attached programs"
	send
	monitor_stop KILL
	# shellcheck disable=SC2086
	wait_for 60 gone $programs || fail "SIGKILL left programs behind"
	monitor_start after --json
	send
	monitor_stop
	silent
	report_exact
}

# The reader of the report goes away before it is written.
test_pipe() {
	mkfifo "$BED_DIR/fifo"
	head -c 0 <"$BED_DIR/fifo" &
	local reader=$!
	MONITOR_OUT=$BED_DIR/fifo monitor_start pipe "$@"
	send
	wait "$reader"
	monitor_stop
	said 1 "$(python3 -c 'import os, errno; print(os.strerror(errno.EPIPE))')"
	rm "$BED_DIR/fifo"
}

test_json_pipe() {
	test_pipe --json
}

test_full() {
	MONITOR_OUT=/dev/full monitor_start full "$@"
	send
	monitor_stop
	said 1 "$(python3 -c 'import os, errno; print(os.strerror(errno.ENOSPC))')"
}

test_json_full() {
	test_full --json
}

test_closed() {
	monitor_start closed --json
	monitor_stop
	silent
	MONITOR_NAME=closed MONITOR_STATUS=0
	bed_mon "$PKTSTAT_BPF" -i mon0 --json -t 200ms >&- 2>"$BED_DIR/closed.err" ||
		MONITOR_STATUS=$?
	said 1 ""
}

[ $# -gt 0 ] || set -- int term hup twice ignored timeout counting table kill pipe json_pipe full json_full closed interface
bed_make end quiet
for name; do
	"test_$name"
	echo "ok: $name"
done
