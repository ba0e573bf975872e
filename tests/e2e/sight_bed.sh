#!/bin/bash
# SPDX-License-Identifier: MIT
# Sourced by the tests of names and applications: servers on the far side, rows of the report.
. "$(dirname "${BASH_SOURCE[0]}")/../support/netns.sh"

need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null || skip "$tool is missing"
	done
}

# serve COMMAND...: a server on the far side, ended with the test.
serve() {
	served=$((served + 1))
	(exec ip netns exec "$BED_FAR" "$@" >"$BED_DIR/serve.$served.log" 2>&1 </dev/null) &
	BED_PIDS="$BED_PIDS $!"
}
served=0

listens() {
	bed_far ss -Hlnt"${2:-}" "sport = :$1" 2>/dev/null | grep -q .
}

await_port() {
	wait_for 60 listens "$@" || fail "nothing listens on port $1: $(cat "$BED_DIR"/serve.*.log)"
}

make_certificate() {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$BED_DIR/key.pem" -out "$BED_DIR/cert.pem" \
		-days 2 -subj /CN=test >/dev/null 2>&1 || fail "no certificate"
}

serve_tls() {
	make_certificate
	serve openssl s_server -accept 443 -key "$BED_DIR/key.pem" -cert "$BED_DIR/cert.pem" -www
	await_port 443
}

serve_dns() {
	serve dnsmasq -k --no-resolv --no-hosts --conf-file=/dev/null --user=root --pid-file= \
		--listen-address=10.99.0.2 --bind-interfaces --host-record=one.example,10.99.0.2 \
		--cname=www.alias.example,one.example
	await_port 53
}

# row MEMBER=VALUE...: an outgoing row of the report has all of these.
row() {
	local test=true pair
	for pair; do
		test="$test and (.[\"${pair%%=*}\"] | tostring) == \"${pair#*=}\""
	done
	jq -e "any(.[]; .dir == \"out\" and $test)" "$BED_DIR/$MONITOR_NAME.out" >/dev/null ||
		fail "no row with $*: $(jq -c '.[] | select(.dir == "out")' "$BED_DIR/$MONITOR_NAME.out")"
}

ended_well() {
	same "status" "$MONITOR_STATUS" 0
	same "standard error" "$(cat "$BED_DIR/$MONITOR_NAME.err")" ""
}
