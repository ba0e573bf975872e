#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The two ends of something like an SSH session.

own_session.py server own|ancestor|sshd|none PORT-FILE COMMAND... accepts a connection, runs the
command in a session of that kind and talks over the connection meanwhile.
own_session.py client ADDRESS PORT echoes, and pings beside it.
"""
import ctypes
import os
import socket
import subprocess
import sys


def server(how, port_file, command):
    listener = socket.create_server(("", 0))
    with open(port_file, "w") as file:
        file.write(str(listener.getsockname()[1]))
    connection, peer = listener.accept()
    near = connection.getsockname()
    listener.close()
    text = "%s %d %s %d" % (*peer, *near)
    environment = dict(os.environ)
    if how == "own":
        environment["SSH_CONNECTION"] = text
    elif how == "ancestor":
        command = ["env", "SSH_CONNECTION=" + text, "sh", "-c",
                   'env -u SSH_CONNECTION "$@"; exit $?', "sh", *command]
    elif how == "sshd":
        ctypes.CDLL(None).prctl(15, b"sshd", 0, 0, 0)  # PR_SET_NAME
        environment["SSH_CONNECTION"] = "10.1.1.1 1 10.1.1.2 2"  # an old one
    child = subprocess.Popen(command, env=environment)
    while True:
        connection.sendall(b"x")
        connection.recv(1)
        try:
            sys.exit(child.wait(0.05))
        except subprocess.TimeoutExpired:
            pass


def client(address, port):
    with socket.create_connection((address, int(port))) as connection:
        ping = subprocess.Popen(["ping", "-q", "-i", "0.1", address], stdout=subprocess.DEVNULL)
        while connection.recv(1):
            connection.sendall(b"y")
        ping.kill()
        ping.wait()


if sys.argv[1] == "server":
    server(sys.argv[2], sys.argv[3], sys.argv[4:])
else:
    client(*sys.argv[2:])
