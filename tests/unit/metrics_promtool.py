#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
Metrics of interfaces, processes and containers with hostile names: a strict reader of both text formats
finds each sample once, with its name made safe, and sums that are right; promtool finds nothing to say.
"""
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile

SEEDS = range(1, 31)
LABEL_MAX = 159
SAMPLE = re.compile(r'(pktstat_[a-z_]+)(?:\{([^\n]*)\})? (\S+)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
FAMILIES = {"pktstat": "interface", "pktstat_process": "process", "pktstat_container": "container"}


def labels_of(text):
    """As the formats define them; anything else is an error."""
    labels, at = {}, 0
    while at < len(text):
        match = LABEL.match(text, at)
        if not match or match[1] in labels:
            sys.exit(f"FAIL: labels {text!r}")
        labels[match[1]] = re.sub(r"\\(.)", lambda escape: {"n": "\n"}.get(escape[1], escape[1]), match[2])
        at = match.end()
    return labels


def read(path, is_open):
    """Samples by name and labels."""
    with open(path, encoding="utf-8", newline="\n") as file:
        text = file.read()
    if not text.endswith("\n") or "\r" in text:
        sys.exit(f"FAIL: {path}: ends of lines")
    lines = text[:-1].split("\n")
    if is_open != (lines[-1] == "# EOF") or "# EOF" in lines[:-1]:
        sys.exit(f"FAIL: {path}: its end")
    samples, types = {}, {}
    for line in lines:
        if line.startswith("# TYPE "):
            name, kind = line.split()[2:]
            if name in types:
                sys.exit(f"FAIL: twice: {line}")
            types[name] = kind
        if line.startswith("#"):
            continue
        match = SAMPLE.fullmatch(line)
        if not match:
            sys.exit(f"FAIL: no sample: {line!r}")
        labels = labels_of(match[2] or "")
        key = (match[1], tuple(sorted(labels.items())))
        if key in samples:
            sys.exit(f"FAIL: twice: {line!r}")
        family = re.sub("_(total|info)$", "", match[1]) if is_open else match[1]
        if family not in types:
            sys.exit(f"FAIL: without a type: {line!r}")
        samples[key] = float(match[3])
    return samples


def check_names(samples, names):
    """Each label is one of the names, made safe: whole, or cut where it is long."""
    for (name, labels), _ in samples.items():
        family = re.sub("_(bytes|packets)_total$", "", name)
        if family not in FAMILIES:
            continue
        label = dict(labels)[FAMILIES[family]]
        if label in ("other", "retired", "unknown"):
            continue
        if len(label.encode()) > LABEL_MAX or not label.isprintable():
            sys.exit(f"FAIL: label {label!r}")
        if not any(safe == label or (len(label.encode()) > 100 and safe.startswith(label))
                   for safe in names[FAMILIES[family]]):
            sys.exit(f"FAIL: label {label!r} is no name: {names[FAMILIES[family]]}")


def make_safe(raw):
    """What the man page says of names: bytes that are not printable text are written as \\xNN."""
    out, at = "", 0
    while at < len(raw):
        for size in (1, 2, 3, 4):
            try:
                character = raw[at:at + size].decode()
                break
            except UnicodeDecodeError:
                character = ""
        size = size if character else 1
        if character.isprintable() and character:
            out += character
        else:
            out += "".join(f"\\x{byte:02x}" for byte in raw[at:at + size])
        at += size
    return out


def check_sums(samples, sums):
    found = collections.defaultdict(float)
    for (name, labels), value in samples.items():
        match = re.fullmatch("pktstat_(|[a-z]+_)(bytes|packets)_total", name)
        if match and "direction" in dict(labels):
            found[match[1], match[2], dict(labels)["direction"]] += value
    if len(found) != 6 * 4:
        sys.exit(f"FAIL: families {sorted(found)}")
    for (family, unit, direction), value in found.items():
        if value != sums[direction][unit == "bytes"]:
            sys.exit(f"FAIL: {family}{unit} {direction}: {value}, wanted {sums[direction]}")


def check(seed, directory):
    paths = [os.path.join(directory, name) for name in ("prometheus", "openmetrics")]
    lines = subprocess.run([os.path.join(os.environ["PKTSTAT_TOOLS"], "metrics_random"), str(seed), *paths],
                           check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    names, sums = collections.defaultdict(set), {}
    for line in lines:
        kind, *rest = line.split()
        if kind in ("in", "out"):
            sums[kind] = tuple(int(number) for number in rest)
        else:
            names[kind].add(make_safe(bytes.fromhex(rest[0])))
    for path in paths:
        samples = read(path, path.endswith("openmetrics"))
        check_names(samples, names)
        check_sums(samples, sums)
    if not shutil.which("promtool"):
        return
    with open(paths[0], "rb") as file:
        said = subprocess.run(["promtool", "check", "metrics"], stdin=file, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if said.returncode or said.stdout:
        sys.exit(f"FAIL: promtool: {said.stdout.decode()}")


def main():
    with tempfile.TemporaryDirectory() as directory:
        for seed in SEEDS:
            check(seed, directory)
    print(f"{len(SEEDS)} sets of metrics are well-formed"
          f"{', for promtool too' if shutil.which('promtool') else '; promtool is missing'}")


main()
