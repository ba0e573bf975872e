#!/bin/bash
# SPDX-License-Identifier: MIT
# The monitor under a raw-frame sender, on a veth pair: what the attached program costs a packet
# next to an empty one on the same hook, and what monitors cost the sender and themselves.
#
# `flood` sends new flows only, and says how many packets found no room.
#
# usage: live.sh [hook|peers|flood]...   (SECONDS_EACH=3, PEER_FLOWS="1000 65536")
set -u
. "$(dirname "$0")/../support/netns.sh"
tools=${PKTSTAT_TOOLS:?directory of the tools}
seconds=${SECONDS_EACH:-3}
ticks=$(getconf CLK_TCK)

stats_on() {
	stats_before=$(sysctl -n kernel.bpf_stats_enabled)
	trap 'sysctl -qw kernel.bpf_stats_enabled=$stats_before; bed_clean' EXIT
	sysctl -qw kernel.bpf_stats_enabled=1
}

# "TIME_NS COUNT" of a program.
stats_of() {
	bpftool -j prog show id "$1" | jq -r '"\(.run_time_ns // 0) \(.run_cnt // 0)"'
}

# The program of the monitor that stands on ingress.
ingress_id() {
	local id
	sed -n 's/^prog_id:[[:space:]]*//p' "/proc/$MONITOR_PID/fdinfo/"* | sort -u | while read -r id; do
		[ "$(bpftool -j prog show id "$id" | jq -r .name)" != flow_ingress ] || echo "$id"
	done | head -1
}

# mean BEFORE AFTER: nanoseconds a run, from two answers of stats_of.
mean() {
	echo "$1 $2" | awk '{ printf "%.1f", ($4 == $2 ? 0 : ($3 - $1) / ($4 - $2)) }'
}

# One row: both programs stand on the hook, so each packet meets both.
hook_row() {
	local flows=$1 order=$2 ours_0 ours_1 empty_0 empty_1 id
	monitor_start hook --json --max-flows 4000000
	id=$(ingress_id)
	bed_far "$tools/blast" --iface far0 --flows "$flows" --seconds 3 --order "$order" >/dev/null
	ours_0=$(stats_of "$id") empty_0=$(stats_of "$empty_id")
	bed_far "$tools/blast" --iface far0 --flows "$flows" --seconds "$seconds" --order "$order" >"$BED_DIR/blast"
	ours_1=$(stats_of "$id") empty_1=$(stats_of "$empty_id")
	monitor_stop
	local ours empty
	ours=$(mean "$ours_0" "$ours_1") empty=$(mean "$empty_0" "$empty_1")
	jq -r --arg flows "$flows" --arg order "$order" --arg ours "$ours" --arg empty "$empty" \
		'[$flows, $order, $ours, $empty, (($ours | tonumber) - ($empty | tonumber) | round),
		(.packets / .seconds / 1000 | round)] | @tsv' "$BED_DIR/blast"
	jq -r '[.[] | select(.proto == "other") | "\(.reason): \(.packets)"] | .[]' \
		"$BED_DIR/hook.out" | sed 's/^/	/'
}

bench_hook() {
	stats_on
	exec 3> >(bed_mon "$tools/attach_empty" mon0 >"$BED_DIR/empty")
	wait_for 10 test -s "$BED_DIR/empty" || fail "the empty program did not attach"
	empty_id=$(cat "$BED_DIR/empty")
	printf 'flows\torder\tours ns\tempty ns\tadded\tkp/s\n'
	for flows in 1 1000 65536 500000; do
		hook_row $flows random
	done
	hook_row 65536 zipf
	hook_row 500000 zipf
	exec 3>&-
}

# CPU ticks of a process and of its children.
cpu_ticks() {
	local pid
	for pid in "$1" $(pgrep -P "$1"); do
		sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null
	done | awk '{ sum += $12 + $13 + $14 + $15 } END { print sum + 0 }'
}

# Children of a process, but for the helpers of pktstat-bpf.
children() {
	local child
	for child in $(pgrep -P "$1"); do
		grep -q '^pktstat-[^b]' "/proc/$child/comm" 2>/dev/null || echo "$child"
	done
}

# The process that PID has started, at the end of the chain of wrappers; PID itself if none.
innermost() {
	local pid=$1 child
	while child=$(children "$pid" | head -1) && [ -n "$child" ]; do
		pid=$child
	done
	echo "$pid"
}

# peer_row NAME COMMAND...: sends while COMMAND watches mon0 from a terminal of its own.
peer_row() {
	local name=$1 pid inner before after sent
	shift
	if ! command -v "$1" >/dev/null; then
		printf '%s\tnot installed\n' "$name"
		return
	fi
	ip netns exec "$BED_MON" env TERM=xterm script -qfc "$*" /dev/null \
		>"$BED_DIR/screen" 2>&1 <&4 &
	pid=$!
	BED_PIDS="$BED_PIDS $pid"
	wait_for 5 test -s "$BED_DIR/screen"
	sleep 2 # peers have no way to say that they are ready
	inner=$(innermost "$pid")
	before=$(cpu_ticks "$inner")
	bed_far "$tools/blast" --iface far0 --flows "$peer_flows" --order random --size 98 \
		--seconds "$seconds" >"$BED_DIR/blast"
	after=$(cpu_ticks "$inner")
	sent=$(jq .packets "$BED_DIR/blast")
	sleep 2 # their last second on the screen
	echo q >&4
	wait_for 5 test ! -d "/proc/$inner" || kill -INT "$inner" 2>/dev/null
	wait_for 5 test ! -d "/proc/$inner" || kill -KILL "$inner" 2>/dev/null
	wait "$pid" 2>/dev/null
	peer_print "$name" "$sent" "$(((after - before) * 1000 / ticks))" "$(counted "$name")"
}

peer_print() {
	jq -r --arg name "$1" --arg cpu "$3" --arg counted "$4" \
		'[$name, (.packets / .seconds / 1000 | round),
		(($cpu | tonumber) / .seconds | round / 10), .packets, $counted] | @tsv' \
		"$BED_DIR/blast"
}

# What a monitor says it counted, where it says so; of a socket, what is in rows of flows.
counted() {
	case $1 in
	*socket) sed -n 's/.*packets seen.* in rows \([0-9,]*\).*/\1/p' "$BED_DIR/screen" | tail -1 ;;
	tcpdump) sed -n 's/^\([0-9]*\) packets captured.*/\1/p' "$BED_DIR/screen" | tail -1 ;;
	pktstat-bpf*) sed -n 's/.*packets seen[^0-9]*\([0-9,]*\).*/\1/p' "$BED_DIR/screen" | tail -1 ;;
	*) echo "-" ;;
	esac
}

bench_peers() {
	mkfifo "$BED_DIR/keys"
	exec 4<>"$BED_DIR/keys"
	for peer_flows in ${PEER_FLOWS:-1000 65536}; do
		printf '%s flows\tkp/s\tCPU %%\tsent\tcounted\n' "$peer_flows"
		peer_row none sleep 60
		peer_row pktstat-bpf "$PKTSTAT_BPF" -i mon0 --limit 1
		peer_row "pktstat-bpf --attach socket" "$PKTSTAT_BPF" -i mon0 --attach socket --limit 1
		peer_row tcpdump tcpdump -n -i mon0 -w /dev/null
		peer_row iftop iftop -nNP -i mon0
		peer_row pktstat pktstat -n -i mon0
		peer_row nethogs nethogs mon0
		peer_row none sleep 60
	done
	exec 4>&-
}

# What the report says of packets that found no room.
flood_full() {
	sed -n 's/.*other: \([0-9,]*\) packets.*flow map full.*/\1/p' "$BED_DIR/flood.out" |
		grep . || echo 0
}

# flood_row RATE: each packet is of a flow of its own, from the first one on, while a loop keeps each
# CPU busy.
flood_row() {
	local cpu loops="" flows=$(($1 * seconds))
	for ((cpu = 0; cpu < $(nproc); cpu++)); do
		taskset -c "$cpu" sh -c 'while :; do :; done' &
		loops="$loops $!"
	done
	BED_PIDS="$BED_PIDS $loops"
	monitor_start flood --limit 1 --max-flows 8000000
	bed_far "$tools/blast" --iface far0 --flows "$flows" --packets "$flows" --rate "$1" \
		--order sequential >"$BED_DIR/blast"
	monitor_stop
	# shellcheck disable=SC2086 # one word a process
	kill $loops
	jq -r --arg asked "$(($1 / 1000))" --arg full "$(flood_full)" '[$asked,
		(.packets / .seconds / 1000 | round), .packets, $full] | @tsv' "$BED_DIR/blast"
}

bench_flood() {
	printf 'asked kp/s\tnew flows, k/s\tflows\tflow map full\n'
	for rate in 500000 500000 500000 1000000 1000000 1000000; do
		flood_row $rate
	done
}

for tool in jq bpftool pgrep script; do
	command -v $tool >/dev/null || skip "$tool is missing"
done
[ $# -gt 0 ] || set -- hook peers flood
bed_make live quiet
for name; do
	"bench_$name" >"$BED_DIR/table"
	column -t -s "$(printf '\t')" "$BED_DIR/table"
done
