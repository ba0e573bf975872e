# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tests of names, behind netns.sh: real servers on the far side of its bed.
#
#   need TOOL...            skips the test unless all are installed
#   serve COMMAND...        a server on the far side, ended with the test; output in $BED_DIR/serve.N.log
#   await_port PORT [u]     waits until something listens there (u: UDP)
#   serve_tls, serve_dns    openssl on port 443; dnsmasq on port 53 (RECORDS of its own or those given) (RECORDS of its own or those given)
#   make_certificate        key.pem and cert.pem in $BED_DIR
#   report_row NAME MEMBER=VALUE...  a row of the report $BED_DIR/NAME.out has all of these

need() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null || skip "$tool is missing"
	done
}

served=0
serve() {
	served=$((served + 1))
	(exec ip netns exec "$BED_FAR" "$@" >"$BED_DIR/serve.$served.log" 2>&1 </dev/null) &
	BED_PIDS="$BED_PIDS $!"
}

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
	[ $# -gt 0 ] || set -- --host-record=one.example,10.99.0.2 --cname=www.alias.example,one.example
	serve dnsmasq -k --no-resolv --no-hosts --conf-file=/dev/null --user=root --pid-file= \
		--listen-address=10.99.0.2 --bind-interfaces "$@"
	await_port 53
}

report_row() {
	local name=$1 test=true pair
	shift
	for pair; do
		test="$test and (.[\"${pair%%=*}\"] | tostring) == \"${pair#*=}\""
	done
	jq -e "any(.[]; $test)" "$BED_DIR/$name.out" >/dev/null ||
		fail "no row with $*: $(jq -c '.[]' "$BED_DIR/$name.out")"
}
