#!/bin/bash
# SPDX-License-Identifier: MIT
# capture.sh [MEGABYTES]: packets a second of CPU time, read from a capture as `tcpdump -s 96` has it, by
# number of flows; and tshark's conversations of the same file, of a twentieth of its size. No privileges.
set -eu
megabytes=${1:-1000}
directory=$(mktemp -d "${TMPDIR:-/tmp}/bench-capture.XXXXXX")
trap 'rm -rf "$directory"' EXIT

# cpu_of COMMAND...: its CPU time in seconds, user and system together, the least of three runs.
cpu_of() {
	for _ in 1 2 3; do
		{ TIMEFORMAT='%U %S'; time "$@" >/dev/null 2>/dev/null; } 2>&1
	done | awk '{ cpu = $1 + $2 } NR == 1 || cpu < least { least = cpu } END { print least }'
}

report() { # WHAT PACKETS CPU
	awk -v what="$1" -v packets="$2" -v cpu="$3" 'BEGIN {
		printf "%-44s %9d packets %7.2f s CPU %8.2f M packets/s\n", what, packets, cpu,
			packets / cpu / 1e6 }'
}

for flows in 1000 65536; do
	packets=$("$PKTSTAT_TOOLS/big_capture" "$directory/big" "$megabytes" "$flows")
	cat "$directory/big" >/dev/null
	report "pktstat-bpf --read, $flows flows" "$packets" \
		"$(cpu_of "$PKTSTAT_BPF" --read "$directory/big" --json --limit 0)"
	command -v tshark >/dev/null || continue
	packets=$("$PKTSTAT_TOOLS/big_capture" "$directory/small" $((megabytes / 20)) "$flows")
	report "tshark -q -z conv,ip, $flows flows" "$packets" \
		"$(cpu_of tshark -n -q -r "$directory/small" -z conv,ip)"
done
