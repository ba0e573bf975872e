# SPDX-License-Identifier: MIT
"""Holds netlink ports, as nobody, until standard input ends: claims_squat.py PORT..."""
import os
import socket
import sys

NOBODY = 65534
os.setgroups([])
os.setgid(NOBODY)
os.setuid(NOBODY)
held = []
for port in sys.argv[1:]:
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    try:
        sock.bind((int(port, 0), 0))
    except OSError:
        continue
    held.append(sock)
print(len(held), "of", len(sys.argv) - 1, flush=True)
sys.stdin.read()
