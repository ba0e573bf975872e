#!/bin/bash
# SPDX-License-Identifier: MIT
# Figures of the live view: milliseconds for a frame, and bytes written to the terminal for each
# refresh, beside other monitors where they are installed. Real programs watch UDP flows that this
# script sends through a veth pair between two namespaces (as root): tests/bench/ui.sh [FLOWS]
set -u

tools=${PKTSTAT_TOOLS:?set PKTSTAT_TOOLS to the tools of a build}
program=${PKTSTAT_BPF:-}
flows=${1:-1000}
near=benchui-$$-near
far=benchui-$$-far
seconds=10
export TERM=xterm-256color LC_ALL=C.UTF-8 XDG_CONFIG_HOME=/nonexistent

cleanup() {
	[ -z "${sender:-}" ] || kill "$sender" 2>/dev/null
	ip netns del "$near" 2>/dev/null
	ip netns del "$far" 2>/dev/null
}
trap cleanup EXIT

# Each flow sends the same every second.
send_flows() {
	exec ip netns exec "$near" python3 - "$flows" <<'PYTHON'
import socket, sys, time
flows = int(sys.argv[1])
sockets = []
for i in range(flows):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("10.78.0.1", 20000 + i))
    s.connect(("10.78.0.2", 9))
    sockets.append((s, bytes(100 + i % 900)))
slot = 0
due = time.monotonic()
while True:
    for s, payload in sockets[slot::10]:
        try:
            s.send(payload)
        except OSError:
            pass
    slot = (slot + 1) % 10
    due += 0.1
    time.sleep(max(0, due - time.monotonic()))
PYTHON
}

make_bed() {
	ip netns add "$near" && ip netns add "$far" || return 1
	ip link add bench0 netns "$near" type veth peer name bench0 netns "$far"
	ip -n "$near" addr add 10.78.0.1/24 dev bench0
	ip -n "$far" addr add 10.78.0.2/24 dev bench0
	ip -n "$near" link set bench0 up
	ip -n "$far" link set bench0 up
	# Nobody answers, so that only what is sent counts.
	ip netns exec "$far" sysctl -qw net.ipv4.icmp_ratelimit=1000000 net.ipv4.icmp_ratemask=8
}

# NAME COMMAND...: a refresh a second.
measure() {
	local name=$1
	shift
	command -v "$1" >/dev/null || return
	printf '%-14s ' "$name"
	ip netns exec "$near" "$tools/bench_ui_bytes" 80 24 "$seconds" 1 "$@"
}

"$tools/bench_ui_frame"
printf '\nmade-up flows that change by a tenth, without a kernel:\n'
"$tools/bench_ui_bytes" 80 24 "$seconds" 10 "$tools/ui_driver" -n "$flows" -e 100
[ "$(id -u)" -eq 0 ] && [ -x "$program" ] && make_bed || exit 0
send_flows &
sender=$!
printf '\n%s steady flows on a veth pair, 80x24, one refresh a second:\n' "$flows"
measure pktstat-bpf "$program" -i bench0
measure iftop iftop -n -P -i bench0
measure htop htop -d 10
