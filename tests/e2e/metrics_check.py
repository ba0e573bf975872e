#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
metrics_check.py REPORT METRICS: each family of counters adds up to the JSON report, by direction. Prints
the families. With REPORT "-" only to the family by interface.
"""
import collections
import json
import re
import sys

SAMPLE = re.compile(r'^(\w+?)_(bytes|packets)_total\{(.*),direction="(in|out)"\} (\d+)$')


def main():
    sums = collections.defaultdict(collections.Counter)
    seen = set()
    with open(sys.argv[2], encoding="utf-8") as lines:
        for line in lines:
            match = SAMPLE.match(line)
            if not match:
                continue
            family, unit, labels, direction, value = match.groups()
            if (family, unit, labels, direction) in seen:
                sys.exit("FAIL: twice: " + line)
            seen.add((family, unit, labels, direction))
            sums[family][unit, direction] += int(value)
    if sys.argv[1] == "-":
        wanted = sums["pktstat"]
    else:
        wanted = collections.Counter()
        with open(sys.argv[1], encoding="utf-8") as file:
            for row in json.load(file):
                for unit in ("bytes", "packets"):
                    wanted[unit, row["dir"]] += row[unit]
    if len(sums) < 4 or not wanted["packets", "in"]:
        sys.exit(f"FAIL: families {list(sums)}, wanted {dict(wanted)}")
    for family, values in sums.items():
        if +values != +wanted:
            sys.exit(f"FAIL: {family}: {dict(values)} instead of {dict(wanted)}")
    print(*sums)


main()
