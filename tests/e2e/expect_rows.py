#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Asserts rows of JSON reports.

    expect_rows.py rows REPORT ROW...
        Each ROW, "DIR PROTO SRC SPORT DST DPORT PACKETS BYTES", is in the report with just these
        counts. A port "*" is any; all rows that match are added up.
    expect_rows.py ends NEAR FAR PROTO MIN
        What one end sent of that protocol the other received, row by row and both ways: the same
        flows, packets and bytes, and at least MIN packets in all.
"""
import json
import sys


def load(path):
    with open(path, encoding="utf-8") as report:
        return json.load(report)


def matches(row, words):
    fields = ("dir", "proto", "srcIp", "srcPort", "dstIp", "dstPort")
    return all(word in ("*", str(row[field])) for field, word in zip(fields, words))


def rows(report, wanted):
    wrong = 0
    for text in wanted:
        words = text.split()
        found = [row for row in report if matches(row, words)]
        got = sum(row["packets"] for row in found), sum(row["bytes"] for row in found)
        if got != (int(words[6]), int(words[7])):
            print(f"wanted {text}\n   got {len(found)} rows, {got[0]} packets {got[1]} bytes")
            wrong += 1
    if wrong:
        print(json.dumps(report, indent=1)[:4000])
    return wrong


def counts(report, proto, directions):
    return {(directions[row["dir"]], row["srcIp"], row["srcPort"], row["dstIp"], row["dstPort"]):
            (row["packets"], row["bytes"]) for row in report if row["proto"] == proto}


def ends(near, far, proto, least):
    sent = counts(near, proto, {"in": "in", "out": "out"})
    received = counts(far, proto, {"in": "out", "out": "in"})
    wrong = 0
    for key in sorted({**sent, **received}, key=str):
        if sent.get(key) != received.get(key):
            print(f"{key}: {sent.get(key)} here, {received.get(key)} at the far end")
            wrong += 1
    packets = sum(count[0] for count in sent.values())
    if packets < least:
        print(f"only {packets} {proto} packets, wanted {least} at least")
        wrong += 1
    if not wrong:
        print(f"{len(sent)} {proto} rows equal at both ends, {packets} packets")
    return wrong


def main(args):
    if args[0] == "rows":
        wrong = rows(load(args[1]), args[2:])
    else:
        wrong = ends(load(args[1]), load(args[2]), args[3], int(args[4]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
