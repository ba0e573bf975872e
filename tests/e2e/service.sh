#!/bin/bash
# SPDX-License-Identifier: MIT
# contrib/pktstat-bpf.service: systemd finds nothing wrong with it, and its command works as an
# unprivileged user with just its capabilities: counts, streams, opens the stream again, serves metrics.
set -u
. "$(dirname "$0")/../support/netns.sh"
tools=${PKTSTAT_TOOLS:?directory of the test tools}
unit=${PKTSTAT_SOURCE_DIR:?}/contrib/pktstat-bpf.service

# of_unit KEY: the value of a line of the unit.
of_unit() {
	sed -n "s/^$1=//p" "$unit"
}

test_verify() {
	command -v systemd-analyze >/dev/null || return 0
	sed "s|/usr/sbin/pktstat-bpf|$PKTSTAT_BPF|" "$unit" >"$BED_DIR/pktstat-bpf.service"
	systemd-analyze verify "$BED_DIR/pktstat-bpf.service" 2>&1 | grep -F pktstat-bpf.service: |
		grep -v 'man .* failed' >"$BED_DIR/verify"
	same "systemd-analyze verify" "$(cat "$BED_DIR/verify")" ""
}

served() {
	bed_mon curl -s --max-time 5 http://127.0.0.1:9435/metrics | grep -q "$1"
}

test_command() {
	local capabilities command pid
	mkdir "$BED_DIR/log"
	chmod 755 "$BED_DIR"
	chown 65534 "$BED_DIR/log"
	cp "$PKTSTAT_BPF" "$BED_DIR/program"
	capabilities=$(of_unit AmbientCapabilities | sed 's/CAP_/+/g; s/ /,/g' | tr '[:upper:]' '[:lower:]')
	read -ra command < <(of_unit ExecStart | sed "s|/var/log/pktstat-bpf|$BED_DIR/log|; s|-i any|-i mon0|; s|--every 10s|--every 1s|")
	(exec ip netns exec "$BED_MON" env --default-signal=INT setpriv --reuid 65534 --regid 65534 \
		--clear-groups --bounding-set "-all,$capabilities" --inh-caps "-all,$capabilities" \
		--ambient-caps "-all,$capabilities" "$BED_DIR/program" "${command[@]:1}" \
		>"$BED_DIR/out" 2>"$BED_DIR/err" </dev/null) &
	pid=$!
	BED_PIDS="$BED_PIDS $pid"
	wait_for 60 served '^pktstat_exact 1' || fail "it does not start: $(cat "$BED_DIR/err")"
	bed_far "$tools/blast" --iface far0 --flows 10 --packets 1000 >/dev/null || fail "no traffic"
	wait_for 60 served 'interface="mon0",direction="in"} 1000$' || fail "nothing is counted"
	mv "$BED_DIR/log/flows.jsonl" "$BED_DIR/log/flows.jsonl.1"
	kill -HUP "$pid"
	wait_for 60 test -s "$BED_DIR/log/flows.jsonl" || fail "no new file: $(cat "$BED_DIR/err")"
	kill -TERM "$pid"
	wait "$pid"
	same "status" "$?" 0
	grep 'names and applications' "$BED_DIR/err" && fail "packets are not read"
	same "packets of the final record" "$(jq -c 'select(.type == "final") | .packetsIn' \
		"$BED_DIR/log/flows.jsonl")" 1000
	grep -q 'exact: every packet' "$BED_DIR/out" || fail "$(cat "$BED_DIR/out" "$BED_DIR/err")"
}

command -v setpriv >/dev/null || skip "setpriv (util-linux) is missing"
command -v curl >/dev/null || skip "curl is missing"
bed_make service quiet
for name in verify command; do
	"test_$name"
	echo "ok: $name"
done
