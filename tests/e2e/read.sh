#!/bin/bash
# SPDX-License-Identifier: MIT
# Capture files, read by the real program without any privileges: what it reports against tshark's
# reading of the same file, row by row; files that are damaged or none; and how time runs in them.
#
#   read.sh CASE
set -u
. "$(dirname "$0")/../support/netns.sh"

HERE=$(dirname "$0")
DIR=$(mktemp -d "${TMPDIR:-/tmp}/read.XXXXXX") || fail "no scratch directory"
trap 'rm -rf "$DIR"' EXIT

# Root without a single capability, or whoever runs this.
bare() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --bounding-set=-all --inh-caps=-all -- "$@"
	else
		"$@"
	fi
}

make_files() {
	"$PKTSTAT_TOOLS/make_captures" --pcap "$DIR/golden.pcap" &&
		/usr/bin/python3 -B "$HERE/read_captures.py" "$DIR/golden.pcap" "$DIR" ||
		fail "cannot make the captures"
}

# read_file NAME STATUS ARGS...: reads it, as JSON to $DIR/report.
read_file() {
	local name=$1 status=$2 got=0
	shift 2
	bare "$PKTSTAT_BPF" --read "$DIR/$name" --json "$@" >"$DIR/report" 2>"$DIR/error" || got=$?
	same "status of --read $name ($(cat "$DIR/error"))" "$got" "$status"
	grep 'names and applications' "$DIR/error" && fail "$name: there is nothing to sample"
	return 0
}

as_tshark() {
	/usr/bin/python3 -B "$HERE/expect_flows.py" "$DIR/$1" "${2:-$DIR/report}" --dir file ||
		fail "$1 differs from tshark"
}

says() {
	grep -qF "$1" "$DIR/error" || fail "expected '$1', but it said: $(cat "$DIR/error")"
}

# Sum of a field over the rows that a jq condition chooses.
sum_of() {
	jq "[.[] | select($2) | .$1] | add // 0" "$DIR/report"
}

case_types() {
	command -v tshark >/dev/null || skip "tshark is not installed"
	for name in ethernet big-endian nanoseconds raw ipv4 null loop cooked cooked2 cut \
		backwards one empty; do
		read_file "$name.pcap" 0
		as_tshark "$name.pcap"
	done
	for name in several several-big-endian sections; do
		read_file "$name.pcapng" 0
		as_tshark "$name.pcapng"
	done
}

# Records of old and patched versions are those of today, written in another way.
case_layouts() {
	local name
	read_file ethernet.pcap 0
	jq -S 'map(del(.iface))' "$DIR/report" >"$DIR/usual"
	for name in old old-big-endian unsure sure patched patched-big-endian; do
		read_file "$name.pcap" 0
		jq -S 'map(del(.iface))' "$DIR/report" | cmp "$DIR/usual" - || fail "$name.pcap"
		# In pieces, so that records end where no read does.
		(dd bs=7 status=none <"$DIR/$name.pcap") |
			bare "$PKTSTAT_BPF" --read - --json >"$DIR/report" || fail "$name.pcap by a pipe"
		jq -S 'map(del(.iface))' "$DIR/report" | cmp "$DIR/usual" - || fail "$name.pcap by a pipe"
	done
}

# Packets without a time are as old as the next one that has a time, or of now, which is said.
case_timeless() {
	read_file simple.pcapng 0
	same "packets of simple.pcapng" "$(sum_of packets true)" 4
	same "first seen" "$(jq -r '.[0].firstSeen[:19]' "$DIR/report")" 2023-11-14T22:13:20
	same "what is said of simple.pcapng" "$(cat "$DIR/error")" ""
	read_file timeless.pcapng 0
	same "packets of timeless.pcapng" "$(sum_of packets true)" 3
	says "does not say when its first packets were captured"
	[ "$(jq -r '.[0].firstSeen[:4]' "$DIR/report")" -ge 2026 ] || fail "they are of $(cat "$DIR/report")"
}

case_pipe() {
	command -v tshark >/dev/null || skip "tshark is not installed"
	for name in ethernet.pcap several.pcapng; do
		# In pieces, so that records end where no read does.
		(dd bs=7 status=none <"$DIR/$name") |
			bare "$PKTSTAT_BPF" --read - --json --speed max >"$DIR/report" || fail "$name by a pipe"
		as_tshark "$name"
	done
}

case_directions() {
	read_file cooked.pcap 0
	out=$(sum_of packets '.dir == "out"')
	[ "$out" -gt 0 ] && [ "$(sum_of packets '.dir == "in"')" -gt 0 ] ||
		fail "cooked.pcap: $out packets are out"
	read_file several.pcapng 0
	same "packets out of several.pcapng" "$(sum_of packets '.dir == "out"')" "$out"
	"$PKTSTAT_BPF" --read "$DIR/later.pcapng" >"$DIR/report" || fail "cannot read later.pcapng"
	grep -q '^Watched .* (file, in and out as captured)' "$DIR/report" ||
		fail "directions of later packets: $(head -1 "$DIR/report")"
	read_file several.pcapng 0
	same "interfaces" "$(jq -r '[.[].iface] | unique | join(" ")' "$DIR/report")" "eth7 wg0"
	read_file ethernet.pcap 0
	same "packets out without --local" "$(sum_of packets '.dir == "out"')" 0
	# The near hosts of the golden frames are 198.18.1.x and ...::1.
	read_file ethernet.pcap 0 --local 198.18.0.0/16,192.0.2.1
	local near='.srcIp != null and (.srcIp | startswith("198.18."))'
	same "packets not out from --local" "$(sum_of packets "$near and .dir == \"in\"")" 0
	[ "$(sum_of packets "$near and .dir == \"out\"")" -gt 10 ] || fail "--local: nothing is out"
	same "packets out from others" \
		"$(sum_of packets '.srcIp != null and (.srcIp | startswith("198.18.") | not) and .dir == "out"')" 0
}

case_broken() {
	for name in truncated.pcap truncated.pcapng damaged.pcapng; do
		read_file "$name" 1
		says "cannot read $DIR/$name beyond packet"
		[ "$(sum_of packets true)" -gt 200 ] || fail "$name: what was read is not reported"
	done
	read_file damaged.pcap 1
	says "beyond packet 0"
	read_file usb.pcap 1
	says "link type USB_LINUX"
	read_file nothing 1
	says "it is empty"
	read_file text 1
	says "not a capture"
	read_file compressed 1
	says "zcat"
	printf 'BZh91AY&SY..........' >"$DIR/compressed"
	read_file compressed 1
	says "bzcat FILE"
	printf '\x28\xb5\x2f\xfd............' >"$DIR/compressed"
	read_file compressed 1
	says "zstdcat FILE"
	head -c 20 "$DIR/ethernet.pcap" >"$DIR/short.pcap"
	read_file short.pcap 1
	says "it ends within its header"
	(head -c 20 "$DIR/ethernet.pcap" && printf '\x93\x00\x00\x00') >"$DIR/unknown.pcap"
	read_file unknown.pcap 1
	says "its link type 147 is neither"
	read_file missing 1
	says "No such file"
	read_file . 1
	says "Is a directory"
	read_file ethernet.pcap 2 --iface lo
	says "leave one of them out"
	command -v script >/dev/null || return 0
	script -qefc "'$PKTSTAT_BPF' --read -" /dev/null >"$DIR/error" </dev/null && fail "a terminal is read"
	says "it is a terminal"
}

collector_runs() {
	grep -qx collector "/proc/$1/task/"*/comm 2>/dev/null
}

# idle_behind NAME SIZE MORE: a pipe that stops behind these bytes does not stop the intervals.
idle_behind() {
	exec 7<>"$DIR/pipe"
	head -c "$2" "$DIR/$1" >&7
	cat "$3" >&7
	timeout 100 "$PKTSTAT_BPF" --read "$DIR/pipe" --speed 1000 -r 100ms --stream jsonl -n 100 \
		>"$DIR/stream" 7>&- ||
		fail "$1, cut at $2, behind $(wc -c <"$3"): no intervals: $(tail -n 3 "$DIR/stream")"
	exec 7>&-
}

# A pipe that says nothing more: time goes on all the same, and it can be ended, also in a packet.
case_idle() {
	local name program
	mkfifo "$DIR/pipe" || fail "mkfifo"
	for name in one.pcap sections.pcapng; do
		exec 7<>"$DIR/pipe"
		cat "$DIR/$name" >&7
		timeout 300 "$PKTSTAT_BPF" --read "$DIR/pipe" --speed 1 -r 100ms --stream jsonl -n 5 \
			>"$DIR/stream" 7>&- || fail "$name: no intervals: $(cat "$DIR/stream")"
		exec 7>&-
	done
	# Also in a packet, where a writer that buffers may stop: somewhere behind its first ones.
	for size in 1000 1006 1031 1052; do
		for name in ethernet.pcap several.pcapng; do
			idle_behind "$name" "$size" /dev/null
		done
	done
	for size in 1000 1031 1052; do
		for name in old.pcap unsure.pcap patched-big-endian.pcap; do
			idle_behind "$name" "$size" /dev/null
		done
	done
	# Behind blocks that are no packets, and in them.
	/usr/bin/python3 -c 'import struct, sys
block = struct.pack("<II", 0x7fff, 112) + bytes(100) + struct.pack("<I", 112)
sys.stdout.buffer.write((block + block)[:int(sys.argv[1])])' 224 >"$DIR/blocks"
	for size in 224 112 119 200; do
		head -c "$size" "$DIR/blocks" >"$DIR/some"
		idle_behind later.pcapng 10000 "$DIR/some"
	done
	head -c 15 "$DIR/later.pcapng" >"$DIR/some" # a section that does not say its byte order yet
	idle_behind later.pcapng 10000 "$DIR/some"
	# There it can be ended, too.
	exec 7<>"$DIR/pipe"
	cat "$DIR/one.pcap" >&7
	printf 'abc' >&7
	env --default-signal=INT "$PKTSTAT_BPF" --read "$DIR/pipe" --json >"$DIR/report" 7>&- &
	program=$!
	wait_for 60 collector_runs "$program" || fail "it does not start"
	kill -INT "$program"
	wait "$program" || fail "status $? within a packet"
	same "packets" "$(sum_of packets true)" 1
}

# Ten packets a second: rates and lengths are those of the capture, however fast it is read.
case_time() {
	"$PKTSTAT_BPF" --read "$DIR/ethernet.pcap" --limit 1 >"$DIR/report" || fail "cannot read"
	grep -q '^Watched  ethernet.pcap (file, all in) for 35.9 s' "$DIR/report" ||
		fail "the length is wrong: $(head -1 "$DIR/report")"
	grep -qE '^  in +360 .* 10 p/s +[0-9.]+ [kM]b/s +1[01] p/s$' "$DIR/report" ||
		fail "the rates are wrong: $(grep '^  in' "$DIR/report")"
	grep -q '2023-11-14 ' "$DIR/report" || fail "the date is wrong"
	# Played at a hundred times the speed it must be the same.
	read_file ethernet.pcap 0
	mv "$DIR/report" "$DIR/fast"
	read_file ethernet.pcap 0 --speed 100
	cmp "$DIR/fast" "$DIR/report" || fail "the speed changes the report"
	# A gap of 82 years is no wait, at no speed.
	for speed in 0.01 1 1000000; do
		timeout 100 "$PKTSTAT_BPF" --read "$DIR/century.pcap" --json --speed "$speed" \
			>"$DIR/report" || fail "a gap of 82 years at --speed $speed: status $?"
		same "packets at --speed $speed" "$(sum_of packets true)" 3
	done
}

# Where no namespaces can be made, the demo plays a capture of its own.
case_demo() {
	bare "$PKTSTAT_SOURCE_DIR/scripts/demo.sh" --seconds 1 --limit 3 >"$DIR/report" 2>"$DIR/error" ||
		fail "status $?: $(cat "$DIR/error")"
	says "playing a capture"
	grep -q '(file, in and out by --local)' "$DIR/report" || fail "it shows: $(cat "$DIR/report")"
}

make_files
"case_$1"
