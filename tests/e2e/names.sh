#!/bin/bash
# SPDX-License-Identifier: MIT
# Host names from a DNS server that answers well, late, never, or with what it should not.
#
# usage: names.sh [CASE...]
set -u
. "$(dirname "$0")/../support/netns.sh"
here=$(cd "$(dirname "$0")" && pwd)
tools=${PKTSTAT_TOOLS:?directory of the test tools}

server_ready() {
	[ -e "$BED_DIR/ready" ]
}

# Files of its own in the place of /etc/hosts and /etc/resolv.conf, seen by nobody else.
make_etc() {
	printf '127.0.0.1 localhost\n10.77.0.200 from-hosts other\nfd99::2 far6-host\n' >"$BED_DIR/hosts"
	printf 'nameserver 127.0.0.1\n' >"$BED_DIR/resolv.conf"
	cat >"$BED_DIR/with_etc" <<-END
		#!/bin/sh
		exec unshare -m sh -c 'mount --bind "$BED_DIR/hosts" /etc/hosts &&
			mount --bind "$BED_DIR/resolv.conf" /etc/resolv.conf && exec "\$@"' sh "\$@"
	END
	chmod +x "$BED_DIR/with_etc"
	[ -e /etc/resolv.conf ] && [ -e /etc/hosts ] || skip "/etc/resolv.conf or /etc/hosts is missing"
	"$BED_DIR/with_etc" true || skip "cannot mount in a namespace"
}

start_server() {
	ip netns exec "$BED_MON" python3 "$here/names_server.py" "$BED_DIR/ready" "$BED_DIR/asked" &
	BED_PIDS="$BED_PIDS $!"
	wait_for 60 server_ready || fail "the DNS server did not start"
}

probe() {
	bed_mon "$BED_DIR/with_etc" "$tools/names_probe" "$@" >"$BED_DIR/out" || fail "names_probe"
}

# says ADDRESS NAME
says() {
	grep -qxF -- "$1 $2" "$BED_DIR/out" || fail "not '$1 $2' in: $(cat "$BED_DIR/out")"
}

# within WORD MS: what took so long ended in time. Limits are far above need, and below what the
# fault that they would show takes.
within() {
	local ms
	ms=$(sed -n "s/^$1 //p" "$BED_DIR/out")
	[ "$ms" -le "$2" ] || fail "$1 took $ms ms, more than $2"
}

test_quick() {
	probe 60 10.77.0.1 10.77.0.200 fd99::1 fd99::2 10.77.8.1 10.77.5.1 10.77.7.1 10.77.9.1 \
		127.0.0.1 224.0.0.251 fe80::1
	says 10.77.0.1 host-1.example
	says 10.77.0.200 from-hosts
	says fd99::1 host-6.example
	says fd99::2 far6-host
	says 10.77.8.1 behind-alias.example
	says 10.77.5.1 host-1.example
	says 10.77.7.1 -
	says 10.77.9.1 -
	says 127.0.0.1 localhost
	says 224.0.0.251 -
	says fe80::1 -
	within took 30000
	within stop 4000
	! grep -q "$(printf '224' | od -An -tx1 | tr -d ' ')" "$BED_DIR/asked" ||
		fail "a multicast address was asked about"
}

test_slow() {
	probe 60 10.77.1.1 10.77.0.1
	says 10.77.1.1 host-1.example
	says 10.77.0.1 host-1.example
}

# The end does not wait for what is on its way: a question waits for 6 s.
test_never() {
	probe 0.3 10.77.2.1 10.77.2.2 10.77.0.3
	says 10.77.2.1 -
	says 10.77.0.3 host-3.example
	within stop 4000
}

test_garbage() {
	probe 60 10.77.3.0 10.77.3.1 10.77.3.2 10.77.3.3 10.77.3.4 10.77.3.5 10.77.3.6 10.77.3.7 \
		10.77.6.1 10.77.6.2 10.77.0.4
	for i in 0 1 2 3 4 5 6 7; do
		says "10.77.3.$i" -
	done
	says 10.77.6.1 -
	says 10.77.6.2 -
	says 10.77.0.4 host-4.example
}

# Whatever a name holds, nothing of it is a control byte.
test_hostile() {
	probe 60 10.77.4.{1,2,3,4,5,6,7,8} 10.77.0.5
	same "lines" "$(wc -l <"$BED_DIR/out")" 11
	! LC_ALL=C grep -q '[^ -~]' "$BED_DIR/out" || fail "raw bytes: $(od -c "$BED_DIR/out")"
	says 10.77.0.5 host-5.example
}

# A server that is not there is left alone: few questions.
# 64 questions are out, each sent twice in 6 s; up to seven more go out before the eighth failure.
test_dead() {
	local i list=
	for i in {1..200}; do
		list="$list 10.77.2.$i"
	done
	: >"$BED_DIR/asked"
	# shellcheck disable=SC2086
	probe 60 $list
	[ "$(wc -l <"$BED_DIR/asked")" -le 150 ] || fail "asked $(wc -l <"$BED_DIR/asked") times"
}

test_burst() {
	probe 60 burst:2000
	grep -q '^names 2000 of 2000' "$BED_DIR/out" || fail "$(cat "$BED_DIR/out")"
	cat "$BED_DIR/out"
}

# The report of a quiet capture has the names of its rows, in quiet mode only with --names.
test_report() {
	local PKTSTAT_BPF_REAL=$PKTSTAT_BPF PKTSTAT_BPF=$BED_DIR/monitor
	printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$BED_DIR/with_etc" "$PKTSTAT_BPF_REAL" >"$PKTSTAT_BPF"
	chmod +x "$PKTSTAT_BPF"
	monitor_start named --json --names
	bed_far ping -q -c 1 10.99.0.1 >/dev/null
	bed_far ping -q -c 1 fd99::1 >/dev/null
	monitor_stop
	same "status" "$MONITOR_STATUS" 0
	grep -q 'host-2.example' "$BED_DIR/named.out" || fail "no name: $(cat "$BED_DIR/named.out" "$BED_DIR/named.err")"
	grep -q 'far6-host' "$BED_DIR/named.out" || fail "no name of the hosts file: $(cat "$BED_DIR/named.out")"
	monitor_start plain --json
	bed_far ping -q -c 1 10.99.0.1 >/dev/null
	monitor_stop
	! grep -q 'example' "$BED_DIR/plain.out" || fail "names without --names"
}

command -v python3 >/dev/null || skip "python3 is missing"
[ $# -gt 0 ] || set -- quick slow never garbage hostile dead burst report
bed_make names
make_etc
start_server
for name; do
	"test_$name"
	echo "ok: $name"
done
