#!/bin/bash
# SPDX-License-Identifier: MIT
# The live view as a whole under real traffic on a veth pair: time to the first picture, memory and
# CPU by active flows, and how soon a new heaviest flow is the first row among 20,000.
set -u
. "$(dirname "$0")/../support/netns.sh"
tools=${PKTSTAT_TOOLS:?directory of the tools}
seconds=${SECONDS_EACH:-8}
here=$(dirname "$0")

# row NAME FLOWS RATE: what the view costs while FLOWS flows send RATE packets a second in all.
row() {
	bed_far "$tools/blast" --iface far0 --flows "$2" --rate "$3" --order random \
		--seconds $((seconds + 3)) >/dev/null &
	local sender=$!
	printf '%-40s ' "$1"
	bed_mon "$here/whole.py" "$PKTSTAT_BPF" mon0 "$seconds" </dev/null
	wait "$sender"
}

# A flow with as many packets as all others together begins in the middle.
heaviest_row() {
	bed_far "$tools/blast" --iface far0 --flows 20000 --rate 40000 --order random \
		--seconds 16 >/dev/null &
	printf '%-40s ' "new heaviest flow among 20,000"
	{
		sleep 7
		echo go
		bed_far "$tools/blast" --iface far0 --flows 1 --first 5000000 --rate 40000 --seconds 6 \
			>/dev/null
	} | bed_mon "$here/whole.py" "$PKTSTAT_BPF" mon0 13 10.0.4.
	wait
}

bed_make whole quiet
row "idle" 1 1
row "1,000 flows, 10,000 packets/s" 1000 10000
row "10,000 flows, 100,000 packets/s" 10000 100000
row "65,536 flows, 100,000 packets/s" 65536 100000
heaviest_row
