#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Processes with sockets, for owners.sh. Each role prints "ready" when its socket is there.

serve PORT                     TCP and UDP on a dual-stack IPv6 socket; answers everything
talk tcp|udp ADDRESS PORT LOCAL_PORT SECONDS [NAME]   sends and reads every 50 ms
once ADDRESS PORT              one datagram to an address, from a process that is gone at once
exec PORT ADDRESS PROGRAM      sends from PORT, then becomes PROGRAM, with the socket, for a minute
inetd PORT PROGRAM             takes one connection; told to, a child becomes PROGRAM, which is cat
reuse ADDRESS PORT PORT        two processes with one number; prints it
many COUNT PER_PROCESS         that many UDP sockets, until standard input ends
"""
import ctypes
import os
import shutil
import signal
import socket
import sys
import threading
import time


def ready(*words):
    print("ready", *words, flush=True)


def rename(name):
    name = name.encode().decode("unicode_escape").encode("latin-1")
    ctypes.CDLL(None).prctl(15, ctypes.c_char_p(name), 0, 0, 0)


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def answer(connection):
    with connection:
        while data := connection.recv(4096):
            connection.sendall(data)


def accept(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


def serve(port):
    listener = socket.create_server(("::", int(port)), family=socket.AF_INET6,
                                    dualstack_ipv6=True)
    threading.Thread(target=accept, args=(listener,), daemon=True).start()
    datagrams = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    datagrams.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    datagrams.bind(("::", int(port)))
    ready()
    while True:
        data, peer = datagrams.recvfrom(4096)
        datagrams.sendto(data, peer)


def talk(protocol, address, port, local_port, seconds, name=None):
    if name:
        rename(name)
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(family_of(address), kind) as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        peer.bind(("", int(local_port)))
        peer.connect((address, int(port)))
        peer.settimeout(0.05)
        ready()
        end = time.monotonic() + float(seconds)
        while time.monotonic() < end:
            try:
                peer.send(b"hello")
                time.sleep(0.05)
                peer.recv(4096)
            except OSError:
                pass


def once(address, port):
    socket.socket(family_of(address), socket.SOCK_DGRAM).sendto(b"x", (address, int(port)))


def become(port, address, program):
    peer = socket.socket(family_of(address), socket.SOCK_DGRAM)
    peer.bind(("", int(port)))
    peer.sendto(b"x", (address, 1111))
    ready()
    sys.stdin.readline()
    os.set_inheritable(peer.fileno(), True)
    shutil.copy(shutil.which("sleep"), program)
    os.execv(program, [program, "60"])


def inetd(port, program):
    shutil.copy(shutil.which("cat"), program)
    with socket.create_server(("::", int(port)), family=socket.AF_INET6, dualstack_ipv6=True) as listener:
        ready()
        connection, _ = listener.accept()
        sys.stdin.readline()
        child = os.fork()
        if not child:
            os.dup2(connection.fileno(), 0)
            os.dup2(connection.fileno(), 1)
            os.execv(program, [program])
        connection.close()
        print("child", child, flush=True)
        os.waitpid(child, 0)


def child_with(pid):
    """Starts a child with that number, or, when somebody else got it, None."""
    with open("/proc/sys/kernel/ns_last_pid", "w", encoding="ascii") as last:
        last.write(str(pid - 1))
    child = os.fork()
    if child in (0, pid):
        return child
    os.waitpid(child, 0)
    return None


def send_as(name, address, port):
    rename(name)
    once(address, port)
    os._exit(0)


def reuse(address, first_port, second_port):
    first = os.fork()
    if not first:
        send_as("first", address, first_port)
    os.waitpid(first, 0)
    for _ in range(2000):
        second = child_with(first)
        if second == 0:
            if os.getpid() != first:
                os._exit(0)
            send_as("second", address, second_port)
        if second:
            os.waitpid(second, 0)
            ready(first)
            return
    ready(0)


def many(count, per_process):
    for first in range(0, int(count), int(per_process)):
        if not os.fork():
            ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # goes with its parent
            end = min(int(count), first + int(per_process))
            kept = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(first, end)]
            for number, peer in enumerate(kept, first):
                peer.bind((f"127.{number // 200}.{number % 200}.1", 5000))
            ready()
            sys.stdin.read()
            os._exit(0)
    sys.stdin.read()


roles = {"serve": serve, "talk": talk, "once": once, "exec": become, "inetd": inetd, "reuse": reuse, "many": many}
roles[sys.argv[1]](*sys.argv[2:])
