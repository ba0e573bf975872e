#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compares a JSON report with what an independent dissector, tshark, sees in the same capture.

    expect_flows.py CAPTURE [REPORT] --dir in|out|bridge|file [--repeat N]

The counting rules are written down here once more, over tshark's fields: outermost IP header
behind VLAN tags, SNAP, PPPoE and MPLS; IPv6 extension headers up to eight; a later fragment belongs
to the flow of its first. Nothing is taken from the program. Differences come as a table on stdout,
status 1; equal: one line, status 0. Without REPORT: the number of packets that pass the hook and
of the rows they make. bridge: received, and seen where a bridge sends them on. file: what --read makes
of the capture itself, of any link type, both directions together.
"""
import argparse
import ipaddress
import json
import re
import subprocess
import sys
from collections import defaultdict

ETHERTYPE_IPV4, ETHERTYPE_ARP, ETHERTYPE_IPV6 = 0x0800, 0x0806, 0x86DD
ETHERTYPE_PPPOE, ETHERTYPE_MPLS, ETHERTYPE_802_2 = 0x8864, 0x8847, 4
TAGS_MAX = 3
EXTENSION = {0: "hopopts", 43: "routing", 44: "fraghdr", 60: "dstopts"}
EXTENSIONS_MAX = 8
MOST = 1 << 32
PORTS = {6: "tcp", 17: "udp", 33: "dccp", 132: "sctp", 136: "udp"}

FIELDS = """
    frame.number frame.len frame.protocols eth.type vlan.etype ieee8021ah.etype vlan.len llc.dsap llc.ssap
    llc.control llc.oui llc.type ppp.protocol pppoe.code mpls.bottom
    ip.version ip.hdr_len ip.len ip.src ip.dst ip.proto ip.id ip.frag_offset ip.flags.mf
    ipv6.version ipv6.src ipv6.dst ipv6.nxt ipv6.plen ipv6.hopopts.nxt ipv6.routing.nxt
    ipv6.hopopts.len_oct ipv6.routing.len_oct ipv6.dstopts.len_oct
    ipv6.dstopts.nxt ipv6.fraghdr.nxt ipv6.fraghdr.offset ipv6.fraghdr.more ipv6.fraghdr.ident
    tcp.srcport tcp.dstport udp.srcport udp.dstport sctp.srcport sctp.dstport dccp.srcport
    dccp.dstport icmp.type icmp.code icmpv6.type icmpv6.code esp.spi ah.spi gre.proto
    gre.flags_and_version ospf.msg ospf.version arp.opcode arp.proto.type arp.hw.size
    arp.proto.size arp.src.proto_ipv4 arp.dst.proto_ipv4 sll.etype
""".split()

PREFERENCES = ["ip.defragment:FALSE", "ipv6.defragment:FALSE", "tcp.desegment_tcp_streams:FALSE"]


class Frame:
    """The fields of one frame; a field that occurs more than once has its outermost value first."""

    def __init__(self, fields, line):
        self.values = dict(zip(fields, line.rstrip("\n").split("\t")))

    def all(self, name):
        text = self.values.get(name, "")
        return text.split(",") if text else []

    def first(self, name, default=None):
        values = self.all(name)
        return values[0] if values else default

    def number(self, name, default=None):
        text = self.first(name)
        if text is None:
            return default
        if text in ("True", "False"):
            return int(text == "True")
        return int(text, 0)

    def layers(self):
        return self.first("frame.protocols", "").split(":")


def dissect(capture, fields, preferences):
    """Frames of the capture as tshark sees them."""
    command = ["tshark", "-n", "-r", capture, "-T", "fields", "-E", "separator=/t",
               "-E", "occurrence=a", "-E", "aggregator=,"]
    for preference in preferences:
        command += ["-o", preference]
    for field in fields:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        sys.exit(f"tshark: {done.stderr.strip()}")
    return [Frame(fields, line) for line in done.stdout.splitlines()]


def other(ethertype, kind, detail=0):
    return ("other", ethertype, kind, detail)


def llc(frame):
    """EtherType behind an 802.3 length, or the row of a frame that has none."""
    dsap, ssap = frame.number("llc.dsap", 0), frame.number("llc.ssap")
    if ssap is None:
        dsap = 0
    if frame.number("llc.type") is not None and frame.number("llc.oui") == 0:
        return frame.number("llc.type"), None
    return None, other(ETHERTYPE_802_2, "ethertype", dsap)


def link(frame):
    """EtherType of the innermost header that is looked for, or a row."""
    tags = [layer for layer in frame.layers() if layer in ("vlan", "ieee8021ad")]
    inner = {"vlan": frame.all("vlan.etype"), "ieee8021ad": frame.all("ieee8021ah.etype")}
    version = frame.number("ip.version") or frame.number("ipv6.version")
    if not {"eth", "sll"}.intersection(frame.layers()):
        return ETHERTYPE_IPV4 if version == 4 else ETHERTYPE_IPV6, None
    ethertype = frame.number("eth.type", frame.number("sll.etype"))
    for number, tag in enumerate(tags[:TAGS_MAX], 1):
        if frame.number("frame.len") < 14 + 4 * number:
            return None, other(ethertype, "cut")
        ethertype = int(inner[tag].pop(0), 0) if inner[tag] else None
    if ethertype is None:
        return llc(frame)
    if ethertype == ETHERTYPE_PPPOE and frame.number("pppoe.code") == 0:
        ppp = frame.number("ppp.protocol")
        ethertype = {0x21: ETHERTYPE_IPV4, 0x57: ETHERTYPE_IPV6}.get(ppp, ethertype)
    elif ethertype == ETHERTYPE_MPLS and version:
        ethertype = ETHERTYPE_IPV4 if version == 4 else ETHERTYPE_IPV6
    return ethertype, None


def numbers(frame, proto):
    """The two numbers that tell flows of the protocol apart."""
    def pair(one, two):
        a, b = frame.number(one), frame.number(two)
        return (0, 0) if a is None or b is None else (a, b)

    if proto in PORTS:
        return pair(PORTS[proto] + ".srcport", PORTS[proto] + ".dstport")
    if proto == 1:
        return pair("icmp.type", "icmp.code")
    if proto == 58:
        return pair("icmpv6.type", "icmpv6.code")
    if proto in (50, 51):
        spi = frame.number("esp.spi" if proto == 50 else "ah.spi", 0)
        return spi >> 16, spi & 0xFFFF
    if proto == 47:
        return pair("gre.proto", "gre.flags_and_version")
    if proto == 89:
        return pair("ospf.msg", "ospf.version")
    return 0, 0


class Fragments:
    """What first fragments said, for the later ones."""

    def __init__(self):
        self.known = {}

    def flow(self, datagram, offset, more, flow):
        if not offset and more:
            self.known[datagram] = flow
        if offset:
            return self.known.get(datagram, (flow[0], 0, 0))
        return flow


def ipv4(frame, fragments):
    if frame.first("ip.dst") is None:
        # The dissector gives up at what contradicts itself before it comes to the addresses.
        lies = frame.number("ip.version", 4) != 4 or frame.number("ip.hdr_len", 20) < 20 or \
            frame.number("ip.len", 20) < frame.number("ip.hdr_len", 20)
        return other(ETHERTYPE_IPV4, "malformed" if lies else "cut")
    proto = frame.number("ip.proto")
    ends = frame.first("ip.src"), frame.first("ip.dst")
    datagram = (4, ends, frame.number("ip.id"), proto)
    offset = frame.number("ip.frag_offset", 0)
    flow = (proto, 0, 0) if offset else (proto, *numbers(frame, proto))
    flow = fragments.flow(datagram, offset, frame.number("ip.flags.mf", 0), flow)
    return (*ends, *flow, ETHERTYPE_IPV4)


def ipv6(frame, fragments):
    if frame.number("ipv6.version", 6) != 6 or frame.number("ip.version", 6) != 6:
        return other(ETHERTYPE_IPV6, "malformed")
    if frame.first("ipv6.dst") is None:
        return other(ETHERTYPE_IPV6, "cut")
    proto = frame.number("ipv6.nxt")
    # There are several ways to write ::ffff:10.0.0.1.
    ends = tuple(str(ipaddress.ip_address(frame.first("ipv6." + end))) for end in ("src", "dst"))
    chains = {name: frame.all(f"ipv6.{name}.nxt") for name in EXTENSION.values()}
    lengths = {name: frame.all(f"ipv6.{name}.len_oct") for name in EXTENSION.values()}
    datagram, offset, more = None, 0, 0
    left = frame.number("ipv6.plen") or MOST
    for _ in range(EXTENSIONS_MAX):
        chain = chains.get(EXTENSION.get(proto))
        if not chain:
            break
        if proto == 44:
            datagram = (6, ends, frame.number("ipv6.fraghdr.ident"))
            offset = frame.number("ipv6.fraghdr.offset", 0)
            more = frame.number("ipv6.fraghdr.more", 0)
        lengths_of = lengths[EXTENSION[proto]]
        left -= int(lengths_of.pop(0), 0) if lengths_of else 8
        if left < 0:  # it lies: the payload ends inside it
            break
        proto = int(chain.pop(0), 0)
        if offset:
            break
    flow = (proto, 0, 0) if offset else (proto, *numbers(frame, proto))
    if datagram:
        flow = fragments.flow(datagram, offset, more, flow)
    return (*ends, *flow, ETHERTYPE_IPV6)


def arp(frame):
    head = ("arp.proto.type", "arp.hw.size", "arp.proto.size")
    kind = tuple(frame.number(name) for name in head)
    if None in kind:
        return other(ETHERTYPE_ARP, "cut")
    if kind != (ETHERTYPE_IPV4, 6, 4):
        return other(ETHERTYPE_ARP, "ethertype")
    if frame.first("arp.dst.proto_ipv4") is None:
        return other(ETHERTYPE_ARP, "cut")
    return (frame.first("arp.src.proto_ipv4"), frame.first("arp.dst.proto_ipv4"), None,
            frame.number("arp.opcode"), 0, ETHERTYPE_ARP)


def row_of(frame, fragments):
    ethertype, row = link(frame)
    if row:
        return row
    if ethertype == ETHERTYPE_IPV4:
        return ipv4(frame, fragments)
    if ethertype == ETHERTYPE_IPV6:
        return ipv6(frame, fragments)
    if ethertype == ETHERTYPE_ARP:
        return arp(frame)
    return other(ethertype, "ethertype")


def reaches_hook(frame, direction):
    """The kernel moves a tag out of a received frame, and drops frames that end in or behind it:
    skb_vlan_untag() wants two bytes more. A bridge drops PPPoE sessions cut in their header."""
    if direction == "bridge" and frame.number("pppoe.code") == 0 and \
            frame.number("ppp.protocol") is None:
        return False
    if direction == "file":
        return True
    tagged = {"vlan", "ieee8021ad"}.intersection(frame.layers()[2:3])
    return direction == "out" or not tagged or frame.number("frame.len") >= 20


def expected(capture, direction, repeat):
    """Packets and bytes by row, and the numbers of the first frames of each."""
    rows, where = defaultdict(lambda: [0, 0]), defaultdict(list)
    fragments = Fragments()
    frames = [frame for frame in dissect(capture, FIELDS, PREFERENCES)
              if reaches_hook(frame, direction)]
    for _ in range(repeat):
        for frame in frames:
            number = frame.number("frame.number")
            row = row_of(frame, fragments)
            rows[row][0] += 1
            rows[row][1] += frame.number("frame.len")
            if len(where[row]) < 4 and number not in where[row]:
                where[row].append(number)
    return rows, where


def reason_kind(reason):
    if "cut short" in reason:
        return "cut"
    if "malformed" in reason:
        return "malformed"
    return "ethertype" if re.match(r"EtherType|802\.2", reason) else reason


def reported(path, direction):
    rows = defaultdict(lambda: [0, 0])
    with open(path, encoding="utf-8") as report:
        flows = json.load(report)
    for flow in flows:
        if direction not in ("both", flow["dir"]):
            continue
        if flow["proto"] == "other":
            dsap = re.search(r"DSAP 0x([0-9a-f]+)", flow["reason"])
            row = other(flow["etherType"], reason_kind(flow["reason"]),
                        int(dsap.group(1), 16) if dsap else 0)
        else:
            row = (str(ipaddress.ip_address(flow["srcIp"])),
                   str(ipaddress.ip_address(flow["dstIp"])), flow.get("ipProto"),
                   flow["srcPort"], flow["dstPort"], flow["etherType"])
        rows[row][0] += flow["packets"]
        rows[row][1] += flow["bytes"]
    return rows


def row_text(row):
    if row[0] == "other":
        return f"other: EtherType 0x{row[1] or 0:04x} {row[2]} {row[3] or ''}".rstrip()
    return f"{row[0]} > {row[1]} proto {row[2]} numbers {row[3]} {row[4]} EtherType 0x{row[5]:04x}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("capture")
    parser.add_argument("report", nargs="?")
    parser.add_argument("--dir", choices=("in", "out", "bridge", "file"), required=True)
    parser.add_argument("--repeat", type=int, default=1)
    options = parser.parse_args()
    want, where = expected(options.capture, options.dir, options.repeat)
    if not options.report:
        print(sum(packets for packets, _ in want.values()), len(want))
        return 0
    got = reported(options.report, {"in": "in", "file": "both"}.get(options.dir, "out"))
    wrong = [row for row in {**want, **got} if want.get(row) != got.get(row)]
    for row in sorted(wrong, key=str):
        packets, size = want.get(row, (0, 0))
        got_packets, got_size = got.get(row, (0, 0))
        print(f"{row_text(row)}\n    wanted {packets} packets {size} bytes, "
              f"got {got_packets} packets {got_size} bytes; frames {where.get(row, [])}")
    if wrong:
        print(f"{len(wrong)} of {len(want)} rows differ")
        return 1
    print(f"{len(want)} rows equal, {sum(p for p, _ in want.values())} packets")
    return 0


if __name__ == "__main__":
    sys.exit(main())
