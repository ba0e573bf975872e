-- SPDX-License-Identifier: MIT
-- Flows of many hosts, from pktstat-bpf --stream jsonl. The deltas of flow and rest records add up to
-- the reports. Works with ClickHouse 18.16 and newer.
CREATE TABLE IF NOT EXISTS flows
(
    host String,
    time DateTime,
    type String,
    dir String,
    iface String,
    proto String,
    srcIp String,
    srcPort UInt16,
    dstIp String,
    dstPort UInt16,
    deltaPackets UInt64,
    deltaBytes UInt64,
    comm String,
    user String,
    container String,
    reason String
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(time)
ORDER BY (host, time);
