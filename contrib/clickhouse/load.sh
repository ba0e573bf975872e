#!/bin/sh
# SPDX-License-Identifier: MIT
# load.sh FILE...: adds streams of pktstat-bpf (--stream jsonl:FILE), whole or in parts, to the table of
# table.sql. The host is that of the stream's begin record, or the name of this machine.
# CLICKHOUSE: the client with its options; default: clickhouse-client.
set -eu
for file; do
	host=$(jq -r 'select(.type == "begin") | .host' "$file" | head -n 1)
	jq -c --arg host "${host:-$(hostname)}" \
		'select(.type == "flow" or .type == "rest") | . + {host: $host}' "$file" |
		${CLICKHOUSE:-clickhouse-client} --input_format_skip_unknown_fields=1 \
			--date_time_input_format=best_effort \
			--query "INSERT INTO flows FORMAT JSONEachRow"
done
