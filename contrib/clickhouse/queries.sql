-- SPDX-License-Identifier: MIT
-- Bytes and packets of each host by direction: equal to its report.
SELECT host, dir, sum(deltaBytes) AS bytes, sum(deltaPackets) AS packets
FROM flows GROUP BY host, dir ORDER BY host, dir;
-- Ten busiest pairs of addresses.
SELECT srcIp, dstIp, sum(deltaBytes) AS bytes
FROM flows WHERE type = 'flow' GROUP BY srcIp, dstIp ORDER BY bytes DESC LIMIT 10;
-- Bits per second of each minute and host.
SELECT toStartOfMinute(time) AS minute, host, sum(deltaBytes) * 8 / 60 AS bps
FROM flows GROUP BY minute, host ORDER BY minute, host;
-- Who sends most: host, process and its container or unit.
SELECT host, comm, container, sum(deltaBytes) AS bytes
FROM flows WHERE dir = 'out' AND type = 'flow'
GROUP BY host, comm, container ORDER BY bytes DESC LIMIT 20;
-- Ports that many addresses talk to: services, and scans.
SELECT least(srcPort, dstPort) AS port, proto, uniq(srcIp) AS sources, sum(deltaPackets) AS packets
FROM flows WHERE type = 'flow' AND proto IN ('TCP', 'UDP')
GROUP BY port, proto ORDER BY sources DESC LIMIT 20;
