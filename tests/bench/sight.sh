#!/bin/bash
# SPDX-License-Identifier: MIT
# What names cost the monitor beside a blast of new flows: CPU and memory of the process that reads
# packets, CPU of the thread that brings names to flows, memory of the monitor, and what was refused.
#
# usage: sight.sh [FLOWS]
set -u
. "$(dirname "$0")/../support/netns.sh"
flows=${1:-1000000}

# "PID/task/TID" of a thread by its name.
thread_of() {
	grep -lx "$2" "/proc/$1/task/"*/comm | sed -n '1s|/proc/\(.*\)/comm|\1|p'
}

# CPU time of a thread, "PID/task/TID", in nanoseconds.
cpu_ns() {
	cut -d' ' -f1 "/proc/$1/schedstat"
}

measure() {
	local reader thread began used thread_used seconds first sender
	monitor_start "$1" --json --no-owners --limit 1
	wait_for 60 pgrep -P "$MONITOR_PID" -x pktstat-reader >/dev/null || fail "no reader"
	reader=$(pgrep -P "$MONITOR_PID" -x pktstat-reader)
	thread=$(thread_of "$MONITOR_PID" sights)
	used=$(ticks "$reader") thread_used=$(cpu_ns "$thread") began=$(date +%s%N)
	bed_far "${PKTSTAT_TOOLS:?}/name_blast" far0 "$flows" "$1" >"$BED_DIR/sent" &
	sender=$!
	sleep 8
	first=$((($(cpu_ns "$thread") - thread_used) * 10000 / ($(date +%s%N) - began)))
	wait "$sender" || fail "the sender failed"
	sleep 5 # what waits in the ring is read as well
	seconds=$(($(date +%s%N) - began))
	awk -v what="$1" -v ns="$seconds" -v hz="$(getconf CLK_TCK)" -v flows="$flows" \
		-v reader="$(($(ticks "$reader") - used))" \
		-v thread="$(($(cpu_ns "$thread") - thread_used))" -v first="$first" \
		-v memory="$(kilobytes "$reader" VmHWM)" -v own="$(kilobytes "$reader" RssAnon)" \
		-v monitor="$(kilobytes "$MONITOR_PID" VmHWM)" 'BEGIN {
		printf "%-6s %9d flows in %4.1f s   reader %4.1f %% of a CPU, %4.1f MB (%4.1f its own)   thread %4.2f %%, %4.2f %% of the first 8 s   monitor %5.1f MB\n",
			what, flows, ns / 1e9, reader / hz / ns * 1e11, memory / 1024, own / 1024,
			thread / ns * 100, first / 100, monitor / 1024 }'
	monitor_stop
}

bed_make sight quiet
for mix in syn hello; do
	measure "$mix"
done
