#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random IPFIX messages say to tshark what was put into them, and tshark finds nothing wrong."""
import os
import shutil
import subprocess
import sys
import tempfile

MESSAGES = 300
SEEDS = (1, 2, 3)
FIELDS = {
    "src": "cflow.srcaddr", "dst": "cflow.dstaddr",
    "src6": "cflow.srcaddrv6", "dst6": "cflow.dstaddrv6",
    "proto": "cflow.protocol", "sport": "cflow.srcport", "dport": "cflow.dstport",
    "octets": "cflow.octets", "packets": "cflow.packets",
    "frames": "cflow.layer2_octet_delta_count",
    "in": "cflow.inputint", "out": "cflow.outputint", "dir": "cflow.direction",
    "app": "cflow.appl_name", "server": "cflow.pie.ntop.ssl_server_name",
}
ICMP = ("1", "58")


def wanted(lines):
    """By number of the message: the values of each field, in order."""
    messages = {}
    for line in lines:
        number, kind, *members = line.split()
        members = dict(member.split("=", 1) for member in members)
        fields = messages.setdefault(int(number), {name: [] for name in FIELDS})
        for name, value in members.items():
            if kind == "other" and name in ("sport", "dport"):
                continue
            if members["proto"] in ICMP and name in ("sport", "dport"):
                continue
            fields[name].append(value)
    return messages


def decoded(path):
    command = ["tshark", "-r", path, "-d", "udp.port==4739,cflow", "-T", "fields",
               "-E", "aggregator=;", "-e", "frame.number", "-e", "_ws.malformed",
               "-e", "cflow.unexpected_sequence_number"]
    for field in FIELDS.values():
        command += ["-e", field]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line.split("\t") for line in result.stdout.splitlines()]


def compare(tool, seed, path):
    lines = subprocess.run([tool, str(seed), str(MESSAGES), path], capture_output=True, text=True,
                           check=True).stdout.splitlines()
    messages = wanted(lines)
    rows = decoded(path)
    assert len(rows) == MESSAGES, f"tshark saw {len(rows)} messages of {MESSAGES}"
    records = 0
    for row in rows:
        number, malformed, sequence = int(row[0]), row[1], row[2]
        assert not malformed, f"seed {seed}, message {number} is malformed"
        assert not sequence, f"seed {seed}, message {number}: sequence number"
        if number == 1:
            continue
        fields = messages.get(number, {name: [] for name in FIELDS})
        for name, got in zip(FIELDS, row[3:]):
            got = got.split(";") if got else []
            assert got == fields[name], \
                f"seed {seed}, message {number}, {name}: got {got}, wanted {fields[name]}"
        records += len(fields["octets"])
    assert records > MESSAGES
    return records


def main():
    if not shutil.which("tshark"):
        print("skipped: no tshark")
        return 77
    tool = os.environ["PKTSTAT_TOOLS"] + "/ipfix_random"
    with tempfile.TemporaryDirectory() as directory:
        for seed in SEEDS:
            records = compare(tool, seed, directory + "/messages.pcap")
            print(f"seed {seed}: {records} records in {MESSAGES} messages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
