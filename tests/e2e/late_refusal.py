#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""late_refusal.py INTERFACE MILLISECONDS: answers each UDP datagram to port 4739 that comes in with "port
unreachable", so much later, as a host far away does. Prints a line for each.
"""
import select
import socket
import struct
import sys
import time

OUTGOING = 4


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def answer_to(packet):
    """ICMP type 3, code 3, with the first bytes of what it is about (RFC 792)."""
    body = struct.pack("!BBHI", 3, 3, 0, 0) + packet[:28]
    return body[:2] + struct.pack("!H", checksum(body)) + body[4:]


def main():
    interface, delay = sys.argv[1], int(sys.argv[2]) / 1000
    sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
    sniffer.bind((interface, 0x0800))
    sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    due = []
    while True:
        wait = max(0, due[0][0] - time.monotonic()) if due else None
        if select.select([sniffer], [], [], wait)[0]:
            packet, where = sniffer.recvfrom(65535)
            if where[2] == OUTGOING or packet[9] != 17 or packet[22:24] != struct.pack("!H", 4739):
                continue
            due.append((time.monotonic() + delay, packet))
        while due and due[0][0] <= time.monotonic():
            packet = due.pop(0)[1]
            sender.sendto(answer_to(packet), (socket.inet_ntoa(packet[12:16]), 0))
            print("refused", flush=True)


main()
