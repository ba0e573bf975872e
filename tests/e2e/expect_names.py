#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compares the names and applications of a JSON report with what tshark finds in the same capture.

    expect_names.py CAPTURE REPORT [--least PERCENT] [--list]

Per conversation: server names of TLS and QUIC hellos and of HTTP requests, the first protocol of ALPN,
who sent the SYN, and that an application is one that tshark sees there too. Names from DNS must be
among those that an answer in the capture has for the address. A name that is wrong is an error; of the
names that tshark has, at least PERCENT (100) must have been found, and with none it has nothing to
compare: that is an error too, unless PERCENT is 0. --list: also what is missing.
"""
import argparse
import json
import re
import sys
from collections import defaultdict

from expect_flows import dissect

FIELDS = """
    frame.number frame.protocols ip.src ip.dst ipv6.src ipv6.dst tcp.srcport tcp.dstport udp.srcport
    udp.dstport tcp.flags.syn tcp.flags.ack tls.handshake.type tls.handshake.extensions_server_name
    tls.handshake.extensions_alpn_str http.host http.request.method dns.flags.response dns.qry.name
    dns.resp.name dns.a dns.aaaa dns.cname gquic.tag.sni
""".split()

# Layers of tshark by which it sees an application, where they are called otherwise.
LAYERS = {
    "https": {"tls", "ssl"}, "tls": {"tls", "ssl"}, "http3": {"quic"}, "quic": {"quic", "gquic"},
    "dot": {"tls"}, "doq": {"quic"}, "dhcp": {"dhcp", "bootp"}, "postgresql": {"pgsql"},
    "smb": {"nbss", "smb", "smb2"}, "http": {"http", "data-text-lines", "websocket"},
    "bittorrent": {"bittorrent", "bt-dht", "bt-utp"}, "rdp": {"tpkt", "rdp", "cotp"},
    "ftp": {"ftp", "ftp-data"}, "rtcp": {"rtcp", "srtcp"}, "rtp": {"rtp", "srtp"},
    "redis": {"resp", "redis"}, "http2": {"http2"}, "kerberos": {"kerberos"},
    "wireguard": {"wg"}, "dtls": {"dtls"}, "mdns": {"mdns"}, "pop3": {"pop"},
    "stun": {"stun", "classicstun", "turnchannel"}, "snmp": {"snmp"}, "ldap": {"ldap", "cldap"},
}
NAME = re.compile(r"^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$")
ADDRESS = re.compile(r"^\d+\.\d+\.\d+\.\d+$")


def tidy(name):
    """A name as it is reported; "" for what is none."""
    name = name.lower().rstrip(".")
    return name if NAME.match(name) and len(name) < 254 and not ADDRESS.match(name) else ""


def host(text):
    return tidy(re.sub(r":\d+$", "", text.strip()))


class Conversation:
    """What tshark says of one, ends in order."""

    def __init__(self):
        self.sni, self.host, self.alpn = {}, {}, []
        self.layers = set()
        self.syn = []
        self.hellos = 0


def ends_of(frame):
    """Both ends of the outermost headers, or None."""
    sources = frame["ip.src"] + frame["ipv6.src"]
    if len(sources) != 1:
        return None
    for protocol in ("tcp", "udp"):
        if len(frame[protocol + ".srcport"]) == 1:
            return ((sources[0], int(frame[protocol + ".srcport"][0]), protocol),
                    ((frame["ip.dst"] + frame["ipv6.dst"])[0],
                     int(frame[protocol + ".dstport"][0]), protocol))
    return None


def is_set(values):
    return values[:1] in (["1"], ["True"])


class Capture:
    def __init__(self, path):
        self.of = defaultdict(Conversation)
        self.named = defaultdict(set)  # address to names that an answer has for it
        for dissected in dissect(path, FIELDS, ["tcp.reassemble_out_of_order:TRUE"]):
            frame = {name: dissected.all(name) for name in FIELDS}
            self.take_dns(frame)
            ends = ends_of(frame)
            if ends:
                self.take(self.of[tuple(sorted(ends))], ends, frame)

    def take_dns(self, frame):
        if not is_set(frame["dns.flags.response"]):
            return
        names = {tidy(name) for name in frame["dns.qry.name"] + frame["dns.resp.name"] +
                 frame["dns.cname"]}
        for address in frame["dns.a"] + frame["dns.aaaa"]:
            self.named[address] |= names

    def take(self, conversation, ends, frame):
        conversation.layers |= set(frame["frame.protocols"][0].split(":"))
        if is_set(frame["tcp.flags.syn"]) and not is_set(frame["tcp.flags.ack"]):
            conversation.syn.append(ends[0])
        if "1" in frame["tls.handshake.type"]:
            conversation.hellos += 1
            for name in map(tidy, frame["tls.handshake.extensions_server_name"]):
                if name:
                    conversation.sni.setdefault(name, ends[1])
            conversation.alpn += frame["tls.handshake.extensions_alpn_str"][:1]
        for name in map(tidy, frame["gquic.tag.sni"]):
            if name:
                conversation.sni.setdefault(name, ends[1])
        if frame["http.request.method"]:
            for name in map(host, frame["http.host"]):
                if name:
                    conversation.host.setdefault(name, ends[1])


def ends_of_row(row):
    protocol = row["proto"].lower()
    return ((row["srcIp"], row["srcPort"], protocol), (row["dstIp"], row["dstPort"], protocol))


class Verdict:
    def __init__(self):
        self.wrong, self.missing = [], []
        self.wanted, self.found = set(), set()

    def name(self, key, row, ends, capture):
        conversation = capture.of[key]
        origin = row.get("nameFrom")
        said = {"sni": conversation.sni, "host": conversation.host}.get(origin)
        end = 1 if "dstName" in row else 0
        name = row.get("dstName") or row.get("srcName")
        if origin == "dns":
            if name not in capture.named[ends[end][0]]:
                self.wrong.append(f"{ends}: ~{name} is in no answer")
        elif origin:
            if said.get(name) != ends[end]:
                self.wrong.append(f"{ends}: {name} by {origin}; tshark: {said}")
            else:
                self.found.add(key)

    def row(self, row, capture):
        if row["proto"] not in ("TCP", "UDP") or not row["srcIp"]:
            return
        ends = ends_of_row(row)
        key = tuple(sorted(ends))
        if key not in capture.of:
            return
        conversation = capture.of[key]
        self.name(key, row, ends, capture)
        if "initiator" in row and conversation.syn:
            began = ends[0] if row["initiator"] == "src" else ends[1]
            if began not in conversation.syn:
                self.wrong.append(f"{ends}: begun by {began}; tshark: {conversation.syn}")
        if conversation.alpn and row.get("alpn", conversation.alpn[0]) not in conversation.alpn:
            self.wrong.append(f"{ends}: ALPN {row['alpn']}; tshark: {conversation.alpn}")
        application = row.get("appProto")
        if application and not LAYERS.get(application, {application}) & conversation.layers:
            self.wrong.append(f"{ends}: {application}; tshark: {':'.join(sorted(conversation.layers))}")

    def judge(self, rows, capture):
        for key, conversation in capture.of.items():
            if conversation.sni or conversation.host:
                self.wanted.add(key)
        for row in rows:
            self.row(row, capture)
        self.missing = [f"{key}: no name; tshark: {capture.of[key].sni or capture.of[key].host}"
                        for key in sorted(self.wanted - self.found)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("capture")
    parser.add_argument("report")
    parser.add_argument("--least", type=float, default=100)
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    with open(options.report, encoding="utf-8") as file:
        rows = json.load(file)
    verdict = Verdict()
    verdict.judge(rows, Capture(options.capture))
    wanted, found = len(verdict.wanted), len(verdict.wanted & verdict.found)
    few = found * 100 < options.least * max(wanted, 1)
    for line in verdict.wrong + (verdict.missing if few or options.list else []):
        print(line)
    print(f"{found} of {wanted} names found, {len(verdict.wrong)} wrong")
    return 1 if verdict.wrong or few else 0


if __name__ == "__main__":
    sys.exit(main())
