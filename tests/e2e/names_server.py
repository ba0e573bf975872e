#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A DNS server on 127.0.0.1:53 that knows how to misbehave. Usage: names_server.py READY-FILE LOG

The third number of an address under 10.77 says how it is answered; LOG gets a line for each question.
"""
import os
import socket
import struct
import sys
import threading

HOSTILE = {
    1: [b"\x1b[2J\x1b]0;owned\x07", b"example"],
    2: [b"\xff\xfe\x80", b"example"],
    3: [b"a" * 63] * 3 + [b"b" * 61],  # 255 bytes on the wire
    4: [b"nul\0inside", b"example"],
    5: [b"dot.in.label", b"example"],
    6: ["\u202egro".encode(), b"example"],
    7: [b"line\nbreak", b"example"],
    8: [],
}


def wire(labels):
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def record(owner, kind, ttl, data):
    return owner + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


def answer(query, tcp):
    """The datagrams to send back and the seconds to wait before."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]])
        at += 1 + query[at]
    question = query[12:at + 5]
    mode, number = (int(labels[1]), int(labels[0])) if labels[2] == b"77" and labels[-2] == b"in-addr" else (0, int(labels[0]) if labels[-2] == b"in-addr" else 6)

    def reply(answers, rcode=0, truncated=False, ident=query[:2]):
        flags = 0x8180 | rcode | (0x200 if truncated else 0)
        return ident + struct.pack(">HHHHH", flags, 1, len(answers), 0, 0) + question + b"".join(answers)

    good = reply([record(b"\xc0\x0c", 12, 3600, wire([b"host-%d" % number, b"example"]))])
    if mode == 1:
        return [good], 3
    if mode == 2:
        return [], 0
    if mode == 3:
        bad = [b"", b"x", os.urandom(200), query[:2] + os.urandom(40), good[:-4],
               reply([b"\xc0\xff" * 20]), reply([record(b"\xc0\x0c", 12, 1, b"\xc0\x0c\xc0")]),
               query[:2] + b"\x81\x80" + b"\xff" * 8 + question]
        return [bad[number % len(bad)]], 0
    if mode == 4:
        return [reply([record(b"\xc0\x0c", 12, 1, wire(HOSTILE[number]))])], 0
    if mode == 5 and not tcp:
        return [reply([], truncated=True)], 0
    if mode == 6:
        return [reply([], ident=bytes([query[0] ^ 1, query[1]])) if number % 2 else
                good[:2] + good[2:].replace(b"host", b"evil").replace(b"\x0c", b"\x0d", 1)], 0
    if mode == 7:
        return [reply([], rcode=3)], 0
    if mode == 8:
        other = wire([b"alias", b"example"])
        return [reply([record(b"\xc0\x0c", 5, 60, other),
                       record(other, 12, 3600, wire([b"behind-alias", b"example"]))])], 0
    if mode == 9:
        return [reply([], rcode=2)], 0
    return [good], 0


def serve_tcp(listener):
    while True:
        connection, _ = listener.accept()
        with connection:
            size = struct.unpack(">H", connection.recv(2))[0]
            for data in answer(connection.recv(size), True)[0]:
                connection.sendall(struct.pack(">H", len(data)) + data)


def main():
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 53))
    listener = socket.create_server(("127.0.0.1", 53))
    threading.Thread(target=serve_tcp, args=(listener,), daemon=True).start()
    open(sys.argv[1], "w").close()
    with open(sys.argv[2], "w", buffering=1) as log:
        while True:
            query, peer = udp.recvfrom(4096)
            log.write("%s\n" % query[12:].hex())
            datagrams, wait = answer(query, False)
            for data in datagrams:
                threading.Timer(wait, udp.sendto, (data, peer)).start() if wait else udp.sendto(data, peer)


main()
