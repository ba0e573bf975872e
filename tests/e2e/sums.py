#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Frames that are made with the row that each belongs to, and whether outputs have just these rows.

    sums.py send IFACE SEED FRAMES FILE
        Sends frames of all kinds, and writes to FILE how many of each row.
    sums.py check DIRECTORY
        Compares all that the monitors of sums.sh wrote there with "in.sent" and "out.sent".

A row is (EtherType, IP protocol, source, number, destination, number), or ("other", EtherType).
Nothing is taken from the program.
"""
import collections
import csv
import json
import os
import random
import re
import socket
import struct
import sys

KINDS = ("tcp4", "udp4", "tcp6", "udp6", "icmp4", "arp", "vlan", "qinq", "later4", "later6", "options",
         "extensions", "esp", "other")
FLOWS = 6000 # more than fronts hold, so that tables are used too
MACS = b"\2\0\0\0\0\1\2\0\0\0\0\2"
ENDS = "!HH"


def ip4(ends, proto, body, ident=0, offset=0, options=b""):
    head = struct.pack("!BBHHHBBH", 0x45 + len(options) // 4, 0, 20 + len(options) + len(body), ident, offset,
                       64, proto, 0)
    return b"\x08\0" + head + ends[0] + ends[1] + options + body


def ip6(ends, kind, body):
    return b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(body), kind, 64) + ends[0] + ends[1] + body


def tcp(ports, size):
    return struct.pack("!HHIIBBHHH", *ports, 1, 1, 0x50, 16, 9, 0, 0) + bytes(size)


def udp(ports, size):
    return struct.pack("!HHHH", *ports, 8 + size, 0) + bytes(size)


class Flow:
    """One flow: always the same ends and kind."""

    def __init__(self, draw, number):
        self.kind = KINDS[number % len(KINDS)]
        self.ports = draw.randrange(1, 65536), draw.randrange(1, 65536)
        self.four = [bytes([10, 1 + i]) + draw.randbytes(2) for i in (0, 1)]
        self.six = [b"\x20\x01\x0d\xb8" + draw.randbytes(12) for i in (0, 1)]

    def row(self, ethertype, proto, numbers):
        ends = self.six if ethertype == 0x86DD else self.four
        family = socket.AF_INET6 if ethertype == 0x86DD else socket.AF_INET
        src, dst = (socket.inet_ntop(family, end) for end in ends)
        return ethertype, proto, src, numbers[0], dst, numbers[1]

    def ipv4(self, draw, size):
        four, ports = self.four, self.ports
        ident = draw.randrange(65536)
        if self.kind == "icmp4":
            return [ip4(four, 1, b"\x08\0" + bytes(size + 6))], self.row(0x800, 1, (8, 0))
        if self.kind == "esp":
            body = struct.pack(ENDS, *ports) + bytes(size + 20)
            return [ip4(four, 50, body)], self.row(0x800, 50, ports)
        if self.kind == "later4":
            body = struct.pack("!HHHH", *ports, 1608, 0) + bytes(992)
            return [ip4(four, 17, body, ident, 0x2000), ip4(four, 17, bytes(608), ident, 125)], \
                self.row(0x800, 17, ports)
        tags = {"vlan": b"\x81\0\0\x05", "qinq": b"\x88\xa8\0\x05\x81\0\0\6"}.get(self.kind, b"")
        options = b"\1" * 8 if self.kind == "options" else b""
        if self.kind in ("udp4", "qinq"):
            return [tags + ip4(four, 17, udp(ports, size))], self.row(0x800, 17, ports)
        return [tags + ip4(four, 6, tcp(ports, size), options=options)], self.row(0x800, 6, ports)

    def ipv6(self, draw, size):
        six, ports = self.six, self.ports
        if self.kind == "tcp6":
            return [ip6(six, 6, tcp(ports, size))], self.row(0x86DD, 6, ports)
        if self.kind == "later6":
            head = struct.pack("!I", draw.randrange(1 << 32))
            first = b"\x11\0\0\1" + head + struct.pack("!HHHH", *ports, 1608, 0) + bytes(992)
            return [ip6(six, 44, first), ip6(six, 44, b"\x11\0" + struct.pack("!H", 1000) + head + bytes(608))], \
                self.row(0x86DD, 17, ports)
        before = b"\x3c\0\1\4" + bytes(4) + b"\x11\0\1\4" + bytes(4) if self.kind == "extensions" else b""
        return [ip6(six, 0 if before else 17, before + udp(ports, size))], self.row(0x86DD, 17, ports)

    def frames(self, draw):
        size = draw.choice((0, 0, 1, 18, 300, 1200))
        if self.kind == "other":
            return [b"\x88\xb5" + bytes(46)], ("other", 0x88B5)
        if self.kind == "arp":
            body = struct.pack("!HHBBH", 1, 0x800, 6, 4, 1) + MACS[:6] + self.four[0] + MACS[6:] + self.four[1]
            return [b"\x08\6" + body], self.row(0x806, None, (1, 0))
        if self.kind in ("tcp6", "udp6", "later6", "extensions"):
            return self.ipv6(draw, size)
        return self.ipv4(draw, size)


def send(iface, seed, count, path):
    draw, sent, rows = random.Random(int(seed)), 0, collections.defaultdict(lambda: [0, 0])
    flows = [Flow(draw, number) for number in range(FLOWS)]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as out:
        out.bind((iface, 0))
        while sent < int(count):
            frames, row = draw.choice(flows).frames(draw)
            for frame in frames:
                out.send(MACS + frame)
                rows[row][0] += 1
                rows[row][1] += 12 + len(frame)
                sent += 1
    with open(path, "w", encoding="utf-8") as file:
        json.dump([[*row, *counts] for row, counts in rows.items()], file)


def row_of(record):
    """The row of a record of JSON or CSV; what it does not have is empty there."""
    if record.get("proto", "other") == "other":
        return "other", str(record.get("etherType", "rest"))
    proto = record.get("ipProto")
    return tuple(str(value) for value in (
        record["etherType"], "" if proto is None else proto, record["srcIp"], record["srcPort"],
        record["dstIp"], record["dstPort"]))


def add_up(records, packets="packets", octets="bytes"):
    rows = collections.defaultdict(lambda: [0, 0])
    for record in records:
        counts = rows[(record["dir"], *row_of(record))]
        counts[0] += int(record[packets])
        counts[1] += int(record[octets])
    return {row: counts for row, counts in rows.items() if counts[0]}


def sent_rows(directory):
    rows = {}
    for way in ("in", "out"):
        with open(os.path.join(directory, way + ".sent"), encoding="utf-8") as file:
            for *row, packets, octets in json.load(file):
                key = (way, *("" if part is None else str(part) for part in row))
                rows[key] = [packets, octets]
    return rows


def totals(rows):
    return {(way, unit): sum(counts[i] for row, counts in rows.items() if row[0] == way)
            for way in ("in", "out") for i, unit in enumerate(("packets", "bytes"))}


def metrics(path):
    families = collections.defaultdict(collections.Counter)
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            match = re.match(r'^(\w+?)_(bytes|packets)_total\{.*direction="(in|out)"\} (\d+)$', line)
            if match:
                families[match[1]][match[3], match[2]] += int(match[4])
    return families


def records_of_flows(path):
    """Of IPFIX, as ipfix_collect.py writes them: sums, since some protocols have no numbers there."""
    sums = collections.Counter()
    with open(path, encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            if not record.get("options", True):
                way = "out" if record["direction"] else "in"
                sums[way, "packets"] += record["packets"]
                sums[way, "bytes"] += record["frames"]
    return sums


def check(directory):
    def path(name):
        return os.path.join(directory, name)

    want, wrong = sent_rows(directory), 0
    with open(path("all.out"), encoding="utf-8") as file:
        got = {"JSON": add_up(json.load(file))}
    with open(path("csv.out"), newline="", encoding="utf-8") as file:
        got["CSV"] = add_up(csv.DictReader(file))
    with open(path("stream.csv"), newline="", encoding="utf-8") as file:
        got["stream of CSV"] = add_up(csv.DictReader(file), "deltaPackets", "deltaBytes")
    with open(path("stream.jsonl"), encoding="utf-8") as file:
        flows = [record for record in map(json.loads, file) if record["type"] in ("flow", "rest")]
    got["JSON Lines"] = add_up(flows, "deltaPackets", "deltaBytes")
    for name, rows in got.items():
        for row in sorted({row for row in {**rows, **want} if rows.get(row) != want.get(row)})[:5]:
            print(f"{name}: {row}: {rows.get(row)}, sent {want.get(row)}")
            wrong += 1
    sums = {**metrics(path("metrics")), "IPFIX": records_of_flows(path("ipfix"))}
    with open(path("total.out"), encoding="utf-8") as file:
        total = json.load(file)
    sums["--total"] = {(way, unit): total[unit + way.capitalize()] for way, unit in totals(want)}
    for name, values in sums.items():
        if dict(values) != totals(want):
            print(f"{name}: {dict(values)}, sent {totals(want)}")
            wrong += 1
    print(f"{len(want)} rows in {len(got)} outputs, {len(sums)} sums: {wrong} wrong")
    return 1 if wrong or len(sums) < 6 else 0


if __name__ == "__main__":
    sys.exit(send(*sys.argv[2:]) if sys.argv[1] == "send" else check(sys.argv[2]))
