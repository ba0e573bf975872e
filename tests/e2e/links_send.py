#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sends frames of one and the same UDP flow through each of many interfaces.

usage: links_send.py PREFIX FIRST LAST

Interface PREFIX<i> sends 20 + i % 10 frames of 60 bytes, for each i from FIRST to LAST.
"""
import socket
import sys

# Ethernet, IPv4 10.9.0.1 to 10.9.0.2, UDP port 1000 to 2000, padding. Nobody looks at checksums.
FRAME = bytes.fromhex(
    "020000000002" "020000000001" "0800"
    "4500002e00004000401100000a0900010a090002"
    "03e807d0001a0000").ljust(60, b"\0")


def main():
    prefix, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    for i in range(first, last + 1):
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as out:
            out.bind((prefix + str(i), 0))
            for _ in range(20 + i % 10):
                out.send(FRAME)


main()
