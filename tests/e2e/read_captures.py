#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes captures of every kind that --read takes out of one in classic pcap format (Ethernet).

    read_captures.py CAPTURE DIRECTORY

One file a kind, named after it. Nothing is taken from the program.
"""
import os
import struct
import sys

ETHERNET, RAW, LOOP, NULL, COOKED, COOKED2, IPV4 = 1, 101, 108, 0, 113, 276, 228
IP4, IP6, ARP = 0x0800, 0x86DD, 0x0806
START = 1700000000 * 1000000000


def read_pcap(path):
    """Frames of a little-endian capture."""
    with open(path, "rb") as file:
        data = file.read()
    at, frames = 24, []
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        frames.append(data[at + 16:at + 16 + size])
        at += 16 + size
    return frames


def stamp(number):
    """Ten packets a second."""
    return START + number * 100000000 + 123456789


def pcap(link, packets, order="<", magic=0xA1B2C3D4, unit=1000, snap=262144):
    """Packets are (ns, bytes, original length)."""
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snap, link)
    for ns, data, length in packets:
        out += struct.pack(order + "IIII", ns // 10**9, ns % 10**9 // unit, len(data), length)
        out += data
    return out


def old_pcap(packets, version, turned, order="<"):
    """Records of older versions: the two lengths in the other order."""
    out = struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, version, 0, 0, 262144, ETHERNET)
    for ns, data, length in packets:
        lengths = (length, len(data)) if turned else (len(data), length)
        out += struct.pack(order + "IIII", ns // 10**9, ns % 10**9 // 1000, *lengths) + data
    return out


def patched_pcap(packets, order="<"):
    """As a patched libpcap of 1999 had it: interface, protocol and kind behind each record's head."""
    out = struct.pack(order + "IHHiIII", 0xA1B2CD34, 2, 4, 0, 0, 262144, ETHERNET)
    for ns, data, length in packets:
        out += struct.pack(order + "IIIIIHBB", ns // 10**9, ns % 10**9 // 1000, len(data), length, 2, 8, 0, 0)
        out += data
    return out


def block(order, kind, body):
    body += b"\0" * (-len(body) % 4)
    size = len(body) + 12
    return struct.pack(order + "II", kind, size) + body + struct.pack(order + "I", size)


def option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def section(order):
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order, link, name, resolution=None):
    options = option(order, 2, name.encode())
    if resolution is not None:
        options += option(order, 9, bytes([resolution]))
    return block(order, 1, struct.pack(order + "HHI", link, 0, 0) + options + bytes(4))


def packet(order, iface, ticks, data, length, flags=None):
    body = struct.pack(order + "IIIII", iface, ticks >> 32, ticks & 0xFFFFFFFF, len(data), length)
    body += data + b"\0" * (-len(data) % 4)
    if flags is not None:
        body += option(order, 1, b"a comment") + option(order, 2, struct.pack(order + "I", flags))
        body += bytes(4)
    return block(order, 6, body)


def simple(order, data):
    return block(order, 3, struct.pack(order + "I", len(data)) + data)


def plain_ip(frames):
    """(EtherType, packet) of what is IP straight behind Ethernet and says so itself."""
    for frame in frames:
        kind = int.from_bytes(frame[12:14], "big")
        if len(frame) > 14 + 20 and (kind, frame[14] >> 4) in ((IP4, 4), (IP6, 6)):
            yield kind, frame[14:]


def cut(kind, data):
    """The first 82 bytes, unless headers that tell flows apart may lie behind."""
    return data[:82] if kind == IP4 or data[6] in (6, 17, 58) else data


def stamped(packets):
    return [(stamp(number), data, len(data)) for number, data in enumerate(packets)]


def side(kind, data):
    """A number that all fragments of a datagram share."""
    return sum(data[12:16] if kind == IP4 else data[8:24])


def cooked(kind, data):
    return struct.pack(">HHH8sH", side(kind, data) % 2 * 4, 1, 6, b"\2\0\0\0\0\1\0\0", kind) + data


def cooked2(kind, data):
    return struct.pack(">HHIHBB8s", kind, 0, 3, 1, side(kind, data) % 2 * 4, 6, b"\2\0\0\0\0\1\0\0") + data


def several(frames, order):
    """Two interfaces of different types, microseconds and nanoseconds, both directions."""
    packets = list(plain_ip(frames))
    out = section(order) + interface(order, ETHERNET, "eth7") + interface(order, RAW, "wg0", 9)
    out += block(order, 0x7FFF, b"of a kind that nobody knows")
    for number, (kind, data) in enumerate(packets):
        flags = 1 + side(kind, data) % 2
        if side(kind, data) % 3:
            frame = bytes(12) + struct.pack(">H", kind) + data
            out += packet(order, 0, stamp(number) // 1000, frame, len(frame), flags)
        else:
            out += packet(order, 1, stamp(number), data, len(data), flags)
    return out


def make(frames):
    ip = list(plain_ip(frames))
    files = {
        "ethernet.pcap": pcap(ETHERNET, stamped(frames)),
        "big-endian.pcap": pcap(ETHERNET, stamped(frames), order=">"),
        "nanoseconds.pcap": pcap(ETHERNET, stamped(frames), magic=0xA1B23C4D, unit=1),
        "raw.pcap": pcap(RAW, stamped(data for _, data in ip)),
        "ipv4.pcap": pcap(IPV4, stamped(data for kind, data in ip if kind == IP4)),
        "null.pcap": pcap(NULL, stamped(struct.pack("<I", 2 if kind == IP4 else 24) + data
                                        for kind, data in ip)),
        "loop.pcap": pcap(LOOP, stamped(struct.pack(">I", 2 if kind == IP4 else 24) + data
                                        for kind, data in ip)),
        "cooked.pcap": pcap(COOKED, stamped(cooked(*one) for one in ip)),
        "cooked2.pcap": pcap(COOKED2, stamped(cooked2(*one) for one in ip)),
        "several.pcapng": several(frames, "<"),
        "several-big-endian.pcapng": several(frames, ">"),
        # As tcpdump -s 64 has it: the original length is that of the packet on the wire.
        "cut.pcap": pcap(ETHERNET, [(stamp(n), bytes(12) + struct.pack(">H", kind) +
                                     cut(kind, data), 14 + len(data))
                                    for n, (kind, data) in enumerate(ip)]),
        "backwards.pcap": pcap(ETHERNET, stamped(frames)[::-1]),
    }
    sections = section("<") + interface("<", ETHERNET, "first")
    sections += packet("<", 0, stamp(0) // 1000, frames[0], len(frames[0]))
    sections += section(">") + interface(">", ETHERNET, "second")
    sections += packet(">", 0, stamp(1) // 1000, frames[0], len(frames[0]))
    files["sections.pcapng"] = sections
    files["later.pcapng"] = sections + packet(">", 0, stamp(2) // 1000, frames[0],
                                              len(frames[0]), 2)
    files["old.pcap"] = old_pcap(stamped(frames), 2, True)
    files["old-big-endian.pcap"] = old_pcap(stamped(frames), 2, True, ">")
    halves = [(ns, data[:-1] if len(data) > 400 else data, length) for ns, data, length in stamped(frames)]
    files["unsure.pcap"] = old_pcap(halves, 3, True)
    files["sure.pcap"] = old_pcap(halves, 3, False)
    files["patched.pcap"] = patched_pcap(stamped(frames))
    files["patched-big-endian.pcap"] = patched_pcap(stamped(frames), ">")
    begin = section("<") + interface("<", ETHERNET, "first")
    files["timeless.pcapng"] = begin + 3 * simple("<", frames[0])
    files["simple.pcapng"] = files["timeless.pcapng"] + packet("<", 0, stamp(0) // 1000, frames[0], len(frames[0]))
    whole, ng = files["ethernet.pcap"], files["several.pcapng"]
    files["truncated.pcap"] = whole[:-3]
    files["truncated.pcapng"] = ng[:-3]
    files["damaged.pcap"] = whole[:24 + 8] + b"\xff\xff\xff\x7f" + whole[24 + 12:]
    files["damaged.pcapng"] = ng + struct.pack("<II", 6, 7)
    files["century.pcap"] = pcap(ETHERNET, [(ns, frames[0], len(frames[0])) for ns in
                                            (stamp(0), 0xFFFFFFFF * 10**9, 0)])
    files["usb.pcap"] = pcap(189, stamped(frames))
    files["empty.pcap"] = pcap(ETHERNET, [])
    files["one.pcap"] = pcap(ETHERNET, stamped(frames[:1]))
    files["nothing"] = b""
    files["text"] = b"this is no capture at all, but a line of text\n"
    files["compressed"] = b"\x1f\x8b\x08" + bytes(40)
    return files


def main():
    source, directory = sys.argv[1:]
    for name, data in make(read_pcap(source)).items():
        with open(os.path.join(directory, name), "wb") as file:
            file.write(data)


if __name__ == "__main__":
    main()
