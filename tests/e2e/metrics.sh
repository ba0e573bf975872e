#!/bin/bash
# SPDX-License-Identifier: MIT
# --metrics and --metrics-file: each family adds up to the report, promtool finds nothing to say,
# clients that do not read or ask for nonsense harm nobody, hostile names do not break the text, a family
# at its bound; and a real node-exporter and a real Prometheus read what the report says.
#
# usage: metrics.sh [sums|clients|hostile|refused|node|prometheus]...
set -u
. "$(dirname "$0")/../support/netns.sh"
tools=${PKTSTAT_TOOLS:?directory of the test tools}
here=$(dirname "$0")
port=9435

traffic() {
	bed_far "$tools/blast" --iface far0 "$@" >/dev/null || fail "the sender failed"
}

get() {
	bed_mon curl -s --max-time 20 "$@" "http://127.0.0.1:$port/metrics"
}

lint() {
	command -v promtool >/dev/null || return 0
	promtool check metrics <"$1" >"$BED_DIR/lint" 2>&1 || fail "promtool: $(cat "$BED_DIR/lint")"
	same "promtool's remarks" "$(cat "$BED_DIR/lint")" ""
}

# packets FILE: frames that came in, by the interface's counter.
packets() {
	sed -n 's/^pktstat_packets_total{interface="mon0",direction="in"} //p' "$1"
}

has_packets() {
	get >"$BED_DIR/now"
	[ "$(packets "$BED_DIR/now")" = "$1" ]
}

# Also beyond the bound of the families, and with flows that are folded.
test_sums() {
	monitor_start sums --json -r 100ms --max-flows 256 --metrics "$port" --metrics-series 1 \
		--metrics-file "$BED_DIR/sums.prom" --alert 'pps > 1k' --no-owners
	traffic --flows 200 --packets 5000 --order random --ipv6 30 --tcp 50
	wait_for 60 has_packets 5000 || fail "the counters do not arrive: $(cat "$BED_DIR/now")"
	python3 "$here/metrics_check.py" - "$BED_DIR/now" || fail "they do not add up"
	get -H 'Accept: application/openmetrics-text; version=1.0.0' >"$BED_DIR/open"
	same "the end of OpenMetrics" "$(tail -n 1 "$BED_DIR/open")" "# EOF"
	lint "$BED_DIR/now"
	traffic --flows 300 --packets 5000 --order random --first 500
	monitor_stop
	same "status" "$MONITOR_STATUS" 0
	same "standard error" "$(grep -v alert "$BED_DIR/sums.err")" ""
	lint "$BED_DIR/sums.prom"
	python3 "$here/metrics_check.py" "$BED_DIR/sums.out" "$BED_DIR/sums.prom" ||
		fail "they are not the report's"
	same "series of a family at its bound" \
		"$(grep -c '^pktstat_host_bytes_total.*direction="in"' "$BED_DIR/sums.prom")" 3
	[ ! -e "$BED_DIR/sums.prom.tmp" ] || fail "a temporary file is left"
}

# Clients that ask for something else, too much, or nothing at all.
test_clients() {
	monitor_start clients -r 100ms --metrics "127.0.0.1:$port"
	traffic --flows 10 --packets 100
	wait_for 60 has_packets 100
	same "an unknown path" "$(bed_mon curl -s -o "$BED_DIR/body" -w '%{http_code}' \
		"http://127.0.0.1:$port/../etc/passwd")" 404
	same "POST" "$(get -o "$BED_DIR/body" -w '%{http_code}' -d x=y)" 405
	head -c 100000 /dev/zero | tr '\0' 'x' >"$BED_DIR/long"
	bed_mon curl -s --max-time 20 -H "X: $(cat "$BED_DIR/long")" \
		"http://127.0.0.1:$port/metrics" >/dev/null
	for _ in 1 2 3 4 5 6; do
		bed_mon nc 127.0.0.1 "$port" </dev/zero >/dev/null 2>&1 &
		BED_PIDS="$BED_PIDS $!"
	done
	wait_for 60 has_packets 100 || fail "nobody is answered beside idle clients"
	bed_mon python3 - "$port" <<'END' || fail "clients that send slowly are never disconnected"
import socket, sys, time
clients = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(4)]
begun = time.monotonic()
try:
    while time.monotonic() - begun < 60:
        for client in clients:
            client.send(b"GET /metrics HTTP/1.1\r\n" if not client.gettimeout() else b"X: 1\r\n")
            client.settimeout(60)
        time.sleep(0.3)
except OSError:
    sys.exit(0)
sys.exit(1)
END
	bed_mon python3 - "$port" <<'END' || fail "clients that ask and never read shut out others"
import socket, sys, time
clients = []
for _ in range(4):
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    client.connect(("127.0.0.1", int(sys.argv[1])))
    client.sendall(50 * b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    clients.append(client)
for client in clients:
    client.settimeout(60)
    answers = b""
    try:
        while part := client.recv(1 << 20):
            answers += part
    except ConnectionResetError:
        pass
    if answers.count(b"HTTP/1.1 200") > 1:
        sys.exit("a connection has several answers")
END
	monitor_stop
	same "status" "$MONITOR_STATUS" 0
	same "standard error" "$(cat "$BED_DIR/clients.err")" ""
}

# A process with a name that may break a label, and one that is called "other".
test_hostile() {
	local name
	ip -n "$BED_MON" addr add 10.99.0.1/24 dev mon0
	ip -n "$BED_MON" link set mon0 arp on
	monitor_start hostile -r 100ms --metrics "$port"
	for name in $'a"b\\c\nd}e' other $'\xff\e[31m'; do
		bed_mon python3 - "$name" <<'END' || fail "cannot send as $name"
import ctypes, os, socket, sys, time
ctypes.CDLL(None).prctl(15, os.fsencode(sys.argv[1]), 0, 0, 0)
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
for _ in range(15):
    sock.sendto(b"x", ("10.99.0.255", 9))
    time.sleep(0.1)
END
	done
	get >"$BED_DIR/hostile.prom"
	lint "$BED_DIR/hostile.prom"
	python3 "$here/metrics_check.py" - "$BED_DIR/hostile.prom" || fail "they do not add up"
	grep -q 'process="a\\"b\\\\c\\\\x0ad}e"' "$BED_DIR/hostile.prom" ||
		fail "the name is not there: $(grep process_bytes "$BED_DIR/hostile.prom")"
	monitor_stop
}

# refused STATUS TEXT ARGS...
refused() {
	refuses "$1" "$2" timeout 60 "$PKTSTAT_BPF" -i mon0 -t 1s "${@:3}"
}

test_refused() {
	bed_mon nc -l -p "$port" >/dev/null 2>&1 &
	BED_PIDS="$BED_PIDS $!"
	wait_for 60 bed_mon sh -c "ss -ltn | grep -q :$port"
	refused 1 'Address already in use; give another' --metrics "0.0.0.0:$port"
	refused 2 'give a port from 1 to 65535' --metrics 70000
	refused 2 'give a port from 1 to 65535' --metrics fd99::1:9435
	refused 1 'no such address' --metrics nowhere.invalid:9435
	refused 1 'existing directory' --metrics-file "$BED_DIR/none/file"
	refused 1 'existing directory' --stream "jsonl:$BED_DIR/none/file"
	# A file is put in the place of the old one, which must not be a device.
	mkdir "$BED_DIR/place"
	mkfifo "$BED_DIR/fifo"
	refused 1 'it is a directory, a device or a pipe' --metrics-file "$BED_DIR/place"
	refused 1 'it is a directory, a device or a pipe' --metrics-file "$BED_DIR/fifo"
	[ -p "$BED_DIR/fifo" ] || fail "a pipe was replaced"
}

# On a full disk the old file stays, nothing is left beside it, and counting continues.
test_full() {
	mkdir "$BED_DIR/disk"
	bed_mon unshare -m --propagation private sh -c 'mount -t tmpfs -o size=8k none "$1" &&
		echo old >"$1/file" && head -c 4096 /dev/zero >"$1/fill" &&
		"$2" -i mon0 -t 300ms -r 100ms --total --metrics-file "$1/file" && ls -A "$1" && cat "$1/file"' \
		- "$BED_DIR/disk" "$PKTSTAT_BPF" >"$BED_DIR/full.out" 2>"$BED_DIR/full.err" ||
		fail "status $?: $(cat "$BED_DIR/full.err")"
	same "what is there" "$(sed 1d "$BED_DIR/full.out" | tr '\n' ' ')" "file fill old "
	grep -q 'cannot write metrics to .*: No space left on device; trying again' "$BED_DIR/full.err" ||
		fail "not told: $(cat "$BED_DIR/full.err")"
}

answers() {
	bed_mon curl -s --max-time 5 "http://127.0.0.1:9090/api/v1/query" --data-urlencode "query=$1" |
		jq -r '.data.result[0].value[1] // empty'
}

says() {
	[ "$(answers "$1")" = "$2" ]
}

# node-exporter puts labels in alphabetical order.
node_says() {
	bed_mon curl -s --max-time 20 http://127.0.0.1:9100/metrics |
		sed -E 's/\{direction="(in|out)",(.*)\} /{\2,direction="\1"} /' >"$BED_DIR/node"
	[ "$(packets "$BED_DIR/node")" = "$1" ]
}

# The textfile collector of node-exporter takes the file as it is, also while it is replaced all the time.
test_node() {
	local i
	command -v prometheus-node-exporter >/dev/null || skip "prometheus-node-exporter is missing"
	mkdir "$BED_DIR/textfile"
	monitor_start node --json -r 100ms --metrics-file "$BED_DIR/textfile/pktstat.prom" \
		--alert 'in pps > 1k'
	(exec ip netns exec "$BED_MON" prometheus-node-exporter --collector.disable-defaults \
		--collector.textfile --collector.textfile.directory="$BED_DIR/textfile" \
		--web.listen-address=127.0.0.1:9100 >"$BED_DIR/node.log" 2>&1) &
	BED_PIDS="$BED_PIDS $!"
	traffic --flows 200 --packets 5000 --order random --ipv6 30 --tcp 50
	wait_for 60 node_says 5000 || fail "node-exporter: $(tail -n 3 "$BED_DIR/node.log")"
	for ((i = 0; i < 50; i++)); do
		node_says 5000 || fail "look $i: $(grep textfile "$BED_DIR/node")"
		grep -q '^node_textfile_scrape_error 0$' "$BED_DIR/node" ||
			fail "look $i: $(cat "$BED_DIR/node.log")"
	done
	monitor_stop
	same "status" "$MONITOR_STATUS" 0
	wait_for 60 node_says 5000
	grep '^pktstat_' "$BED_DIR/node" >"$BED_DIR/node.prom"
	python3 "$here/metrics_check.py" "$BED_DIR/node.out" "$BED_DIR/node.prom" ||
		fail "they are not the report's"
	# Each sample of the file is there, with its name and its value.
	python3 -c '
import sys
def samples(path):
    with open(path, encoding="utf-8") as lines:
        return {tuple(sorted(name.rstrip("}").replace("{", ",").split(","))): float(value)
                for name, value in (line.rsplit(" ", 1) for line in lines if line.startswith("pktstat_"))}
file, node = samples(sys.argv[1]), samples(sys.argv[2])
sys.exit(file != node and f"{set(file.items()) ^ set(node.items())}")' \
		"$BED_DIR/textfile/pktstat.prom" "$BED_DIR/node" || fail "node-exporter changes samples"
}

# A real Prometheus scrapes it; its sums are the counters, and increase() over the run works.
test_prometheus() {
	local query
	command -v prometheus >/dev/null || skip "prometheus is missing"
	sed 's/scrape_interval: .*/scrape_interval: 1s/' \
		"${PKTSTAT_SOURCE_DIR:?}/contrib/prometheus.yml" >"$BED_DIR/prometheus.yml"
	promtool check config "$BED_DIR/prometheus.yml" >/dev/null || fail "the scrape file"
	monitor_start prometheus --json -r 100ms --metrics "$port" --no-owners
	(exec ip netns exec "$BED_MON" prometheus --config.file="$BED_DIR/prometheus.yml" \
		--storage.tsdb.path="$BED_DIR/tsdb" --web.listen-address=127.0.0.1:9090 \
		>"$BED_DIR/prometheus.log" 2>&1) &
	BED_PIDS="$BED_PIDS $!"
	wait_for 60 says 'up{job="pktstat-bpf"}' 1 || fail "no scrape: $(tail -3 "$BED_DIR/prometheus.log")"
	traffic --flows 100 --packets 5000 --order random --ipv6 30 --tcp 50
	for family in "" protocol_ host_ service_; do
		query="sum(pktstat_${family}packets_total{direction=\"in\"})"
		wait_for 60 says "$query" 5000 || fail "$query is $(answers "$query")"
	done
	# Each query of the dashboard is understood and finds something.
	jq -r '.. | .expr? // empty' "$PKTSTAT_SOURCE_DIR/contrib/grafana-dashboard.json" |
		sed 's/\$__rate_interval/1m/g; s/\$instance/.*/g' >"$BED_DIR/queries"
	while read -r query; do
		[[ $query == *alert* || $query == *process* || $query == *container* ]] && continue
		[ -n "$(answers "$query")" ] || fail "the dashboard's query finds nothing: $query"
	done <"$BED_DIR/queries"
	monitor_stop
	same "packets of the report" "$(jq '[.[].packets] | add' "$BED_DIR/prometheus.out")" 5000
}

command -v curl >/dev/null || skip "curl is missing"
command -v nc >/dev/null || skip "netcat is missing"
[ $# -gt 0 ] || set -- sums clients hostile refused full node prometheus
bed_make metrics quiet
for name; do
	"test_$name"
	echo "ok: $name"
done
