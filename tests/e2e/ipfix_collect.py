#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ipfix_collect.py udp|tcp ADDRESS PORT FILE: an IPFIX collector that writes each flow record to FILE
as a line of JSON, at once, so that it may be killed at any time. Ends with SIGTERM, when it has read
all that was sent. ipfix_collect.py sum FILE...: prints packets, octets and frame bytes of all records.
"""
import json
import select
import signal
import socket
import struct
import sys

SERVER_NAME = 0x8000 | 188  # of ntop, the only enterprise that is expected
NAMES = {1: "octets", 2: "packets", 352: "frames", 96: "what", 371: "user", 350: "station",
         94: "process", 460: "host", SERVER_NAME: "server",
         82: "interface", 10: "in", 14: "out", 61: "direction", 4: "proto", 136: "reason",
         166: "lost_records", 167: "lost_packets", 149: "domain", 305: "interval", 306: "space"}
SO_RCVBUFFORCE = 33
TEXTS = (96, 371, 350, 82, 94, 460, SERVER_NAME)


class Session:
    """What a collector remembers of one exporter: templates and sequence numbers."""

    def __init__(self, out):
        self.templates, self.sequence, self.out = {}, None, out

    def take(self, message):
        version, length, _, sequence, domain = struct.unpack("!HHIII", message[:16])
        assert version == 10 and length == len(message)
        gap = 0 if self.sequence is None else (sequence - self.sequence) % 2**32
        at, count = 16, 0
        while at < length:
            set_id, size = struct.unpack("!HH", message[at:at + 4])
            body = message[at + 4:at + size]
            if set_id in (2, 3):
                self.learn(body, set_id == 3)
            else:
                count += self.records(set_id, body, domain)
            at += size
        self.sequence = (sequence + count) % 2**32
        if gap:
            self.out.write(json.dumps({"gap": gap}) + "\n")
        self.out.flush()

    def learn(self, body, options):
        while body:
            number, count = struct.unpack("!HH", body[:4])
            body = body[6 if options else 4:]
            fields = []
            for _ in range(count):
                fields.append(struct.unpack("!HH", body[:4]))
                body = body[4:]
                if fields[-1][0] & 0x8000:
                    assert struct.unpack("!I", body[:4]) == (35632,)
                    body = body[4:]
            self.templates[number] = options, fields

    def records(self, number, body, domain):
        options, fields = self.templates[number]
        count = 0
        while body:
            record = {"domain": domain, "options": options}
            for element, size in fields:
                if size == 65535:
                    size, body = body[0], body[1:]
                value, body = body[:size], body[size:]
                if element in NAMES:
                    record[NAMES[element]] = value.decode() if element in TEXTS else \
                        int.from_bytes(value, "big")
            self.out.write(json.dumps(record) + "\n")
            count += 1
        return count


def serve_udp(listener, out, ended):
    sessions = {}
    while True:
        ready, _, _ = select.select([listener, ended], [], [])
        try:
            while True:
                message, sender = listener.recvfrom(65536, socket.MSG_DONTWAIT)
                sessions.setdefault(sender, Session(out)).take(message)
        except BlockingIOError:
            pass
        if ended in ready:
            return


def serve_tcp(listener, out, _):
    while True:
        connection, _ = listener.accept()
        session, data = Session(out), b""
        while True:
            try:
                part = connection.recv(65536)
            except ConnectionResetError:
                break
            if not part:
                break
            data += part
            while len(data) >= 16 and len(data) >= struct.unpack("!H", data[2:4])[0]:
                size = struct.unpack("!H", data[2:4])[0]
                session.take(data[:size])
                data = data[size:]
        connection.close()


def collect(transport, address, port, path):
    ended, end = socket.socketpair()
    end.setblocking(False)
    if transport == "udp":
        signal.signal(signal.SIGTERM, lambda *_: None)
        signal.set_wakeup_fd(end.fileno())
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind) as listener, \
            open(path, "a", encoding="utf-8") as out:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # A collector that waits for a CPU loses nothing.
        listener.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        listener.bind((address, int(port)))
        if transport == "tcp":
            listener.listen()
        out.write(json.dumps({"listening": True}) + "\n")
        out.flush()
        (serve_udp if transport == "udp" else serve_tcp)(listener, out, ended)


def add_up(paths):
    sums = {"packets": 0, "octets": 0, "frames": 0}
    for path in paths:
        for line in open(path, encoding="utf-8"):
            record = json.loads(line)
            if not record.get("options", True):
                for name in sums:
                    sums[name] += record[name]
    print(sums["packets"], sums["octets"], sums["frames"])


if sys.argv[1] == "sum":
    add_up(sys.argv[2:])
else:
    collect(*sys.argv[1:5])
