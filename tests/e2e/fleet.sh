#!/bin/bash
# SPDX-License-Identifier: MIT
# Three hosts, each with its monitor, one Prometheus and one ClickHouse: frames and bytes by host and in
# sum, by PromQL and by SQL, are those of the three reports, to the last one.
set -u
here=$(cd "$(dirname "$0")" && pwd)
contrib=${PKTSTAT_SOURCE_DIR:?}/contrib
. "$here/../support/netns.sh"
tools=${PKTSTAT_TOOLS:?directory of the test tools}

# The bed's first namespace is the hub; hosts have eth0 for traffic, which goes to the hub's peer, and
# eth1 for those who ask.
fleet_make() {
	local n
	for n in 1 2 3; do
		ip netns add "fleet$n-$$" || skip "cannot make network namespaces"
		ip netns exec "fleet$n-$$" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
			net.ipv6.conf.default.disable_ipv6=1
		ip link add eth0 netns "fleet$n-$$" type veth peer name "peer$n" netns "$BED_FAR"
		ip link add eth1 netns "fleet$n-$$" type veth peer name "ask$n" netns "$BED_MON"
		ip -n "fleet$n-$$" link set eth0 arp off up
		ip -n "$BED_FAR" link set "peer$n" arp off up
		ip -n "fleet$n-$$" addr add "10.98.$n.2/24" dev eth1
		ip -n "$BED_MON" addr add "10.98.$n.1/24" dev "ask$n"
		ip -n "fleet$n-$$" link set eth1 up
		ip -n "$BED_MON" link set "ask$n" up
	done
}

fleet_clean() {
	local n
	bed_clean
	for n in 1 2 3; do
		ip netns del "fleet$n-$$" 2>/dev/null
	done
}

start_hosts() {
	local n
	for n in 1 2 3; do
		(exec ip netns exec "fleet$n-$$" env --default-signal=INT unshare --uts sh -c \
			'hostname "$0" && exec "$@"' "host$n" "$PKTSTAT_BPF" -i eth0 --json -r 100ms \
			--no-owners --metrics 0.0.0.0:9435 --stream "jsonl:$BED_DIR/host$n.jsonl" \
			>"$BED_DIR/host$n.json" 2>"$BED_DIR/host$n.err" </dev/null) &
		eval "host$n=$!"
		BED_PIDS="$BED_PIDS $!"
		wait_for 60 grep -q '"type":"begin"' "$BED_DIR/host$n.jsonl" 2>/dev/null ||
			fail "no monitor on host $n: $(cat "$BED_DIR/host$n.err")"
	done
}

start_prometheus() {
	sed 's/scrape_interval: .*/scrape_interval: 1s/; s/\["127.0.0.1:9435"\]/["10.98.1.2:9435","10.98.2.2:9435","10.98.3.2:9435"]/' \
		"$contrib/prometheus.yml" >"$BED_DIR/prometheus.yml"
	(exec ip netns exec "$BED_MON" prometheus --config.file="$BED_DIR/prometheus.yml" \
		--storage.tsdb.path="$BED_DIR/tsdb" --web.listen-address=127.0.0.1:9090 \
		>"$BED_DIR/prometheus.log" 2>&1) &
	BED_PIDS="$BED_PIDS $!"
}

says() {
	[ "$(bed_mon curl -s --max-time 5 http://127.0.0.1:9090/api/v1/query \
		--data-urlencode "query=$1" | jq -r '.data.result[0].value[1] // empty')" = "$2" ]
}

traffic() {
	local n pid pids=
	for n in 1 2 3; do
		ip netns exec "$BED_FAR" "$tools/blast" --iface "peer$n" --flows $((n * 1000)) \
			--packets $((n * 10000)) --order random --seed "$n" --size mixed --ipv6 30 \
			--tcp 50 >/dev/null &
		pids="$pids $!"
		ip netns exec "fleet$n-$$" "$tools/blast" --iface eth0 --egress --flows 100 \
			--packets 5000 --seed "$n" >/dev/null &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait "$pid" || fail "a sender failed"
	done
}

# of_report N DIR MEMBER
of_report() {
	jq "[.[] | select(.dir == \"$2\") | .$3] | add" "$BED_DIR/host$1.json"
}

check_prometheus() {
	local n
	for n in 1 2 3; do
		wait_for 60 says "sum(pktstat_packets_total{direction=\"in\",instance=\"10.98.$n.2:9435\"})" \
			$((n * 10000)) || fail "Prometheus has other frames of host $n"
	done
	wait_for 60 says 'sum(pktstat_host_packets_total)' 75000 || fail "the sum over all hosts"
	wait_for 60 says 'sum(pktstat_packets_total)' 75000 || fail "the sum over all interfaces"
}

start_clickhouse() {
	mkdir "$BED_DIR/data" "$BED_DIR/tmp"
	cat >"$BED_DIR/config.xml" <<-END
		<yandex>
		<logger><level>warning</level><log>$BED_DIR/ch.log</log><errorlog>$BED_DIR/ch.err</errorlog></logger>
		<tcp_port>9000</tcp_port><http_port>8123</http_port><listen_host>127.0.0.1</listen_host>
		<path>$BED_DIR/data/</path><tmp_path>$BED_DIR/tmp/</tmp_path>
		<users_config>$BED_DIR/users.xml</users_config>
		<default_profile>default</default_profile><default_database>default</default_database>
		<mark_cache_size>5368709</mark_cache_size>
		</yandex>
	END
	cat >"$BED_DIR/users.xml" <<-END
		<yandex><profiles><default></default></profiles><quotas><default></default></quotas>
		<users><default><password></password><networks><ip>::/0</ip></networks>
		<profile>default</profile><quota>default</quota></default></users></yandex>
	END
	(exec ip netns exec "$BED_MON" clickhouse-server --config-file="$BED_DIR/config.xml" \
		>"$BED_DIR/ch.out" 2>&1) &
	BED_PIDS="$BED_PIDS $!"
	wait_for 120 sql "SELECT 1" 2>/dev/null >/dev/null || fail "no ClickHouse: $(cat "$BED_DIR/ch.err")"
}

sql() {
	bed_mon clickhouse-client --multiquery --query "$1"
}

check_clickhouse() {
	local n dir query
	start_clickhouse
	sql "$(cat "$contrib/clickhouse/table.sql")" || fail "the table"
	bed_mon "$contrib/clickhouse/load.sh" "$BED_DIR"/host?.jsonl || fail "load.sh"
	for n in 1 2 3; do
		for dir in in out; do
			same "bytes and packets of host $n, $dir, by SQL" "$(sql "SELECT sum(deltaBytes),
				sum(deltaPackets) FROM flows WHERE host = 'host$n' AND dir = '$dir'")" \
				"$(of_report $n $dir bytes)	$(of_report $n $dir packets)"
		done
	done
	grep -v '^--' "$contrib/clickhouse/queries.sql" | tr '\n' ' ' | tr ';' '\n' |
		while read -r query; do
			[ -z "$query" ] || [ -n "$(sql "$query")" ] || fail "nothing from: $query"
		done || exit 1
}

for tool in prometheus clickhouse-server clickhouse-client curl; do
	command -v "$tool" >/dev/null || skip "$tool is missing"
done
bed_make fleet quiet
trap fleet_clean EXIT
fleet_make
start_hosts
start_prometheus
wait_for 60 says 'count(up == 1)' 3 || fail "not all are scraped"
traffic
check_prometheus
for n in 1 2 3; do
	eval "pid=\$host$n"
	kill -INT "$pid"
	wait "$pid" || fail "host $n ended with $?: $(cat "$BED_DIR/host$n.err")"
	python3 "$here/stream_check.py" "${PKTSTAT_SOURCE_DIR:?}/doc/stream.schema.json" \
		"$BED_DIR/host$n.json" "$BED_DIR/host$n.jsonl" || fail "the stream of host $n"
	same "frames into host $n" "$(of_report $n in packets)" $((n * 10000))
done
check_clickhouse
echo "ok"
