#!/bin/bash
# SPDX-License-Identifier: MIT
# sample.sh tls|dns|flood: what the sampler hands over of real traffic. Each hello and each answer is
# there once and whole, and whatever is refused, each packet is counted.
set -u
. "$(dirname "$0")/../support/netns.sh"
PKTSTAT_BPF=${PKTSTAT_TOOLS:?}/sample_monitor

# records PATTERN: how many lines of records match.
records() {
	grep -cE "$1" "$BED_DIR/sample.out"
}

# Hook and rows agree, and each sample that was handed over was read.
sums_close() {
	local word
	read -ra word < <(tail -n 1 "$BED_DIR/sample.out")
	same status "$MONITOR_STATUS" 0
	same "last line" "${word[0]-}" hook
	same rows "${word[3]}" "${word[1]}"
	same read "${word[11]}" "${word[5]}"
	same unreadable "${word[9]}" 0
	packets=${word[1]} handed=${word[5]} refused=$((word[7] + word[8]))
}

listens() {
	[ -n "$(bed_far ss -Hln "sport = $1")" ]
}

# The client's hello with its name, the handshake before it, and four packets each way.
tls() {
	command -v openssl curl >/dev/null || skip "no openssl or curl"
	bed_make sample
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$BED_DIR/key" -out "$BED_DIR/crt" -days 2 \
		-subj /CN=a.example 2>/dev/null || fail "no certificate"
	bed_far openssl s_server -accept 4433 -key "$BED_DIR/key" -cert "$BED_DIR/crt" -www -quiet \
		>/dev/null 2>&1 &
	BED_PIDS="$BED_PIDS $!"
	wait_for 60 listens 4433 || fail "openssl does not listen"
	monitor_start sample
	bed_mon curl -sk --resolve www.sampled.example:4433:10.99.0.2 \
		https://www.sampled.example:4433/ >/dev/null || fail "curl failed"
	monitor_stop TERM
	sums_close
	same "hello with the name" "$(records ' 4433 flags 18 .*www\.sampled\.example')" 1
	same SYN "$(records '^out tcp .* 4433 flags 02 length 0 $')" 1
	same SYN-ACK "$(records '^in tcp 4433 .* flags 12 length 0 $')" 1
	same "first ACK" "$(records '^out tcp .* 4433 flags 10 length 0 $')" 1
	[ "$(records '^out tcp .* 4433 flags .* length [1-9]')" -le 4 ] || fail "over budget"
	[ "$(records '^in tcp 4433 .* flags .* length [1-9]')" -le 4 ] || fail "over budget"
	same refused "$refused" 0
}

# Each question and each answer, on one pair of ports and without a budget.
dns() {
	local i
	command -v dnsmasq dig >/dev/null || skip "no dnsmasq or dig"
	bed_make sample
	bed_far dnsmasq --no-daemon --no-resolv --no-hosts --user=root --pid-file= \
		--address=/sampled.example/192.0.2.7 --cname=alias.sampled.example,www.sampled.example \
		>"$BED_DIR/dnsmasq" 2>&1 &
	BED_PIDS="$BED_PIDS $!"
	wait_for 60 listens 53 || fail "dnsmasq does not listen"
	monitor_start sample
	for i in 1 2 3 4 5 6 7 8; do
		bed_mon dig +short -b 10.99.0.1#40053 @10.99.0.2 "name$i.sampled.example" \
			>"$BED_DIR/dig" || fail "dig failed"
		same answer "$(cat "$BED_DIR/dig")" 192.0.2.7
	done
	monitor_stop TERM
	sums_close
	for i in 1 2 3 4 5 6 7 8; do
		same "question $i" "$(records "^out udp 40053 53 .*name$i\.sampled")" 1
		same "answer $i" "$(records "^in udp 53 40053 .*name$i\.sampled")" 1
	done
	same refused "$refused" 0
}

# New flows at full rate while nobody reads: they cost refusals, and no count.
flood() {
	bed_make sample quiet
	monitor_start sample deaf
	bed_far "$PKTSTAT_TOOLS/blast" --iface far0 --expect "$BED_DIR/sent" --flows 100000 \
		--packets 150000 --tcp 50 --ipv6 20 --size mixed >/dev/null || fail "the sender failed"
	monitor_stop TERM
	sums_close
	same packets "$packets" 150000
	[ "$refused" -gt 50000 ] || fail "only $refused refused"
	[ "$handed" -gt 0 ] || fail "none handed over"
}

case ${1-} in
tls | dns | flood) "$1" ;;
*) fail "usage: sample.sh tls|dns|flood" ;;
esac
echo "ok: $1"
