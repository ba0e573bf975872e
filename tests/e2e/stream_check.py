#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
stream_check.py SCHEMA REPORT STREAM...: the stream, in one or more files, is what the schema says, in the
right order, and its deltas add up to the JSON report: in sum, and by flow where flows were not folded.
REPORT "-": there is none, only the final record. Prints what it added up.
"""
import collections
import json
import sys

import jsonschema

ROWS = ("flow", "group", "rest")


def fail(*words):
    sys.exit("FAIL: " + " ".join(str(word) for word in words))


def records_of(paths):
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                if not line.endswith("\n"):
                    fail("a line was cut short:", line)
                yield json.loads(line)


def check_shapes(records, schema):
    """Each set of members that occurs, and the first records, against the schema."""
    validator = jsonschema.Draft202012Validator(schema)
    seen = set()
    for number, record in enumerate(records):
        shape = (record.get("type"), tuple(record))
        if number > 200 and shape in seen:
            continue
        seen.add(shape)
        for error in validator.iter_errors(record):
            fail("not as the schema says:", error.message, record)
        unknown = set(record) - set(schema["$defs"][record["type"]]["properties"])
        if unknown:
            fail("members that the schema does not name:", unknown)


def check_order(records):
    types = [record["type"] for record in records]
    if types[0] != "begin" or types[-1] != "final" or types[1] != "interval":
        fail("begins and ends with", types[:2], types[-1])
    if types.count("begin") != 1 or types.count("final") != 1:
        fail("more than one begin or final")
    rows = flows = 0
    for record in reversed(records):
        if record["type"] == "interval":
            if record["rows"] != rows:
                fail("an interval announces", record["rows"], "rows and has", rows)
            if record["flowsActive"] < flows:
                fail("an interval has", flows, "flows and says", record["flowsActive"])
            rows = flows = 0
        rows += record["type"] in ("flow", "group")
        flows += record["type"] == "flow" and "reason" not in record
    numbers = [record["interval"] for record in records if record["type"] == "interval"]
    if numbers != list(range(1, len(numbers) + 1)):
        fail("intervals are numbered", numbers)


def add_up(records, keys):
    sums = collections.Counter()
    for record in records:
        for key in keys:
            sums[key] += record.get(key, 0)
    return sums


def check_sums(records, report):
    rows = [record for record in records if record["type"] in ROWS]
    written = add_up(rows, ("deltaPackets", "deltaBytes"))
    final = records[-1]
    if (written["deltaPackets"], written["deltaBytes"]) != (
            final["writtenPackets"], final["writtenBytes"]):
        fail("rows add up to", dict(written), "and the final record says", final)
    intervals = [record for record in records if record["type"] == "interval"]
    for name in ("PacketsIn", "BytesIn", "PacketsOut", "BytesOut"):
        total = sum(record["delta" + name] for record in intervals)
        if total != final[name[0].lower() + name[1:]]:
            fail("intervals add up to", total, name, "and the final record says", final)
    if report is None:
        return written
    reported = add_up(report, ("packets", "bytes"))
    if (written["deltaPackets"], written["deltaBytes"]) != (
            reported["packets"], reported["bytes"]):
        fail("rows add up to", dict(written), "and the report to", dict(reported))
    return written


def identity(row):
    names = ("srcIp", "srcPort", "dstIp", "dstPort", "proto", "dir", "iface", "reason")
    return tuple(row.get(name) for name in names)


def check_flows(records, report):
    """Only where nothing was folded and nothing is in a rest."""
    if any(row.get("proto") == "other" for row in report):
        return 0
    if any(record["type"] in ("rest", "group") for record in records):
        return 0
    flows = collections.Counter()
    members = set(key for row in report for key in row)
    members |= {"type", "time", "deltaPackets", "deltaBytes", "bps", "pps"}
    for record in records:
        if record["type"] == "flow":
            if set(record) - members:
                fail("members that the report does not have:", record)
            flows[identity(record)] += record["deltaPackets"]
    wanted = {identity(row): row["packets"] for row in report}
    if dict(flows) != wanted:
        fail("flows differ from the report's", len(flows), len(wanted))
    return len(flows)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    report = None
    if sys.argv[2] != "-":
        with open(sys.argv[2], encoding="utf-8") as file:
            report = json.load(file)
    records = list(records_of(sys.argv[3:]))
    check_shapes(records, schema)
    check_order(records)
    written = check_sums(records, report)
    flows = check_flows(records, report) if report else 0
    types = collections.Counter(record["type"] for record in records)
    print(dict(types), dict(written), flows, "flows compared")


main()
