#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""One frame or a few of each kind that the JSON report describes in its own way.

usage: json_mix.py send INTERFACE     sends them
       json_mix.py check REPORT IFACE BEGIN END
                                      compares the report, whose flows were all sent between the
                                      times BEGIN and END (seconds since 1970), member by member
       json_mix.py check_csv REPORT IFACE
                                      the same of the report as CSV, but for the times
"""
import csv
import datetime
import io
import ipaddress
import json
import socket
import struct
import sys

NUMBERS = {"srcPort", "dstPort", "bytes", "packets", "spi", "greFlags", "ospfVersion", "ipProto",
           "etherType"}
COMMON = {"srcIp", "dstIp", "proto", "srcPort", "dstPort", "bytes", "packets", "bitrate",
          "etherType", "dir", "iface", "firstSeen", "lastSeen", "share"}
OPTIONAL = {"spi", "greFlags", "greInner", "arpOp", "ospfType", "ospfVersion", "reason", "pid", "comm"}
KEY = ("proto", "etherType", "srcPort", "dstPort")
A4, B4 = "192.0.2.1", "198.51.100.2"
A6, B6 = "2001:db8::1", "2001:db8:ffff::2"


def ethernet(ethertype, payload):
    return bytes.fromhex("02000000ff0102000000ff02") + struct.pack("!H", ethertype) + payload


def ip4(proto, payload):
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, proto, 0,
                         socket.inet_aton(A4), socket.inet_aton(B4))
    return ethernet(0x0800, header + payload)


def ip6(proto, payload):
    header = struct.pack("!IHBB", 6 << 28, len(payload), proto, 64)
    return ethernet(0x86dd, header + socket.inet_pton(socket.AF_INET6, A6) +
                    socket.inet_pton(socket.AF_INET6, B6) + payload)


def udp(source, destination, data):
    return struct.pack("!HHHH", source, destination, 8 + len(data), 0) + data


def tcp(source, destination, data):
    return struct.pack("!HHIIBBHHH", source, destination, 0, 0, 0x50, 0x10, 0, 0, 0) + data


def arp(operation):
    return ethernet(0x0806, struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, operation, b"\2" * 6,
                                        socket.inet_aton(A4), b"\0" * 6, socket.inet_aton(B4)))


def row(proto, source_port=0, destination_port=0, **more):
    return dict({"proto": proto, "srcPort": source_port, "dstPort": destination_port}, **more)


# (times sent, frame, what the row says beside the addresses and counts)
MIX = [
    (3, ip4(6, tcp(50000, 443, b"x" * 10)), row("TCP", 50000, 443, ipProto=6)),
    (1, ip6(6, tcp(50001, 443, b"x" * 1000)), row("TCP", 50001, 443, ipProto=6)),
    (5, ip4(17, udp(50002, 53, b"x" * 30)), row("UDP", 50002, 53, ipProto=17)),
    (1, ip6(17, udp(50003, 53, b"")), row("UDP", 50003, 53, ipProto=17)),
    (2, ip4(1, struct.pack("!BBHHH", 8, 0, 0, 1, 1)), row("ICMPv4", 8, 0, ipProto=1)),
    (1, ip4(1, struct.pack("!BBHHH", 3, 13, 0, 1, 1)), row("ICMPv4", 3, 13, ipProto=1)),
    (1, ip6(58, struct.pack("!BBHHH", 128, 0, 0, 1, 1)), row("IPv6-ICMP", 128, 0, ipProto=58)),
    (1, ip4(50, struct.pack("!II", 0xdeadbeef, 1) + b"x" * 20),
     row("IPSEC-ESP", 0xdead, 0xbeef, ipProto=50, spi=0xdeadbeef)),
    (1, ip4(51, struct.pack("!BBHII", 6, 4, 0, 0x12345678, 1) + b"x" * 12),
     row("IPSEC-AH", 0x1234, 0x5678, ipProto=51, spi=0x12345678)),
    (1, ip4(47, struct.pack("!HHI", 0x2000, 0x0800, 7) + b"x" * 20),
     row("GRE", 0x0800, 0x2000, ipProto=47, greFlags=0x2000, greInner="IPv4")),
    (1, ip4(89, struct.pack("!BBH", 2, 1, 24) + b"x" * 20),
     row("OSPFIGP", 1, 2, ipProto=89, ospfType="Hello", ospfVersion=2)),
    (1, ip4(2, struct.pack("!BBH4s", 0x16, 0, 0, b"\xe0\0\0\x16")), row("IGMP", ipProto=2)),
    (1, ip4(132, struct.pack("!HHII", 5000, 5001, 1, 0) + b"x" * 16),
     row("SCTP", 5000, 5001, ipProto=132)),
    (2, arp(1), row("ARP", 1, 0, arpOp="request")),
    (1, arp(2), row("ARP", 2, 0, arpOp="reply")),
    (4, ethernet(0x88cc, b"x" * 46), row("other", etherType=0x88cc, reason="LLDP")),
    (1, ethernet(0x0027, b"\x42\x42\x03" + b"x" * 36), row("other", etherType=4, reason="STP")),
]


def send(iface):
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    link.bind((iface, 0))
    for times, frame, _ in MIX:
        for _ in range(times):
            link.send(frame)


def wanted(iface, times, frame, row_of):
    ethertype = struct.unpack("!H", frame[12:14])[0]
    ends = ("", "") if row_of["proto"] == "other" else (A6, B6) if ethertype == 0x86dd else (A4, B4)
    return {"srcIp": ends[0], "dstIp": ends[1], "packets": times, "bytes": times * len(frame),
            "etherType": ethertype, "dir": "in", "iface": iface, **row_of}


def key(item):
    return tuple(item[name] for name in KEY)


def seconds(text):
    assert text.endswith("Z"), f"not UTC: {text}"
    return datetime.datetime.fromisoformat(text[:-1] + "+00:00").timestamp()


def check_row(got, want, begin, end):
    members = COMMON | set(want)
    assert set(got) == members, f"members {sorted(set(got) ^ members)} in {got}"
    for name, value in want.items():
        if name == "reason":
            assert value in got[name], f"{name}: {got}"
        else:
            assert got[name] == value, f"{name}: wanted {value} in {got}"
    for name in NUMBERS & set(got):
        assert type(got[name]) is int, f"{name} is no whole number: {got}"
    if got["proto"] != "other":
        assert str(ipaddress.ip_address(got["srcIp"])) == got["srcIp"], got
    # Interval resolution, and a millisecond of rounding.
    assert begin - 1.2 <= seconds(got["firstSeen"]) <= seconds(got["lastSeen"]) <= end + 0.01, \
        f"{begin} {end} {got}"


def check_rates(rows):
    """One time since start for all rows: bitrate is bytes * 8 / that."""
    lengths = [r["bytes"] * 8 / r["bitrate"] for r in rows]
    assert max(lengths) - min(lengths) < 0.001 * max(lengths), lengths
    order = [(-r["bytes"], -r["packets"]) for r in rows]
    assert order == sorted(order), "not sorted by bit rate, then packets"
    # All frames came in, and the rows are all that was counted.
    assert abs(sum(r["share"] for r in rows) - 100) < 0.001, [r["share"] for r in rows]
    return lengths[0]


def check(path, iface, begin, ready, sent, end):
    with open(path, "rb") as file:
        text = file.read()
    rows = json.loads(text.decode("utf-8"))
    assert isinstance(rows, list) and text.endswith(b"]\n"), "not one array and a newline"
    want = {key(w): w for w in (wanted(iface, *m) for m in MIX)}
    assert len(want) == len(MIX)
    for got in rows:
        assert key(got) in want, f"never sent: {got}"
        check_row(got, want.pop(key(got)), begin, end)
    assert not want, f"not in the report: {list(want)}"
    length = check_rates(rows)
    assert sent - ready < length < end - begin, f"averaged over {length} s"


def as_written(value):
    return value if isinstance(value, str) else str(value)


def check_csv(path, iface):
    with open(path, "rb") as file:
        text = file.read().decode("utf-8")
    assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", ""), "lines end with CRLF"
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    want = {tuple(map(str, key(w))): w for w in (wanted(iface, *m) for m in MIX)}
    for got in rows:
        expected = want.pop(tuple(got[name] for name in KEY))
        for name, value in expected.items():
            if name == "reason":
                assert value in got[name], f"{name}: {got}"
            else:
                assert got[name] == as_written(value), f"{name}: wanted {value} in {got}"
        for name in OPTIONAL - set(expected):
            assert got[name] == "", f"{name} in {got}"
    assert not want, f"not in the report: {list(want)}"


if __name__ == "__main__":
    if sys.argv[1] == "send":
        send(sys.argv[2])
    elif sys.argv[1] == "check_csv":
        check_csv(sys.argv[2], sys.argv[3])
    else:
        check(sys.argv[2], sys.argv[3], *map(float, sys.argv[4:8]))
