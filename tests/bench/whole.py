#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The live view as a whole, in a terminal of its own: time to the first picture and the first rates,
memory and CPU while flows pass, time until a new heaviest flow is the first row.

usage: whole.py PROGRAM IFACE SECONDS [ADDRESS]
ADDRESS: a word that the row of the new heaviest flow has; a line "go" on standard input says when it
begins. Prints one line of JSON.
"""
import fcntl
import json
import os
import pty
import re
import select
import struct
import sys
import termios
import time

ROWS, COLUMNS = 24, 80
# The column that rows are sorted by, in the line of titles.
TITLES = re.compile("[▼▲]")
TICKS = os.sysconf("SC_CLK_TCK")


class Screen:
    """As much of a terminal as the view uses: cursor addressing, erasing, printable text."""

    def __init__(self):
        self.cells = [[" "] * COLUMNS for _ in range(ROWS)]
        self.row = self.column = 0
        self.rest = ""

    SEQUENCE = re.compile(r"\x1b\[([?>0-9;]*)([A-Za-z])|\x1b[()][A-Z0-9]|\x1b[=>78]|\x1b[]P].*?(?:\a|\x1b\\)"
                          r"|([\r\n\b\x0f])|([^\x1b])")

    def feed(self, text):
        text, position = self.rest + text, 0
        while position < len(text):
            match = self.SEQUENCE.match(text, position)
            if not match:
                break
            self.apply(match)
            position = match.end()
        self.rest = text[position:]

    def apply(self, match):
        arguments, final, control, character = match.groups()
        if character:
            if self.row < ROWS and self.column < COLUMNS:
                self.cells[self.row][self.column] = character
            self.column += 1
        elif control == "\r":
            self.column = 0
        elif control == "\n":
            self.row += 1
        elif control == "\b":
            self.column -= 1
        elif final:
            self.move(final, [int(n) if n.isdigit() else 0 for n in arguments.split(";")])

    def move(self, final, numbers):
        first = numbers[0] or 1
        if final == "H":
            self.row = first - 1
            self.column = (numbers[1] if len(numbers) > 1 and numbers[1] else 1) - 1
        elif final == "d":
            self.row = first - 1
        elif final == "G":
            self.column = first - 1
        elif final == "A":
            self.row -= first
        elif final == "B":
            self.row += first
        elif final == "C":
            self.column += first
        elif final == "D":
            self.column -= first
        elif final in "KXP" and self.row < ROWS:
            end = COLUMNS if final != "X" else min(COLUMNS, self.column + first)
            if final != "P" and not (final == "K" and numbers[0] == 1):
                self.cells[self.row][self.column:end] = " " * (end - self.column)
        elif final == "J":
            for row in self.cells[self.row if numbers[0] == 0 else 0:]:
                row[:] = " " * COLUMNS

    def line(self, row):
        return "".join(self.cells[row]).rstrip()


def start(program, iface):
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8", XDG_CONFIG_HOME="/nonexistent")
        time.sleep(0.05)
        os.execv(program, [program, "-i", iface])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    return pid, terminal


def first_row(screen):
    """The first row of the table: the line behind the titles."""
    for row in range(ROWS - 1):
        if TITLES.search(screen.line(row)):
            return screen.line(row + 1)
    return ""


def status(pid, field):
    with open(f"/proc/{pid}/status") as file:
        return int(re.search(field + r":\s+(\d+)", file.read()).group(1)) / 1024


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


def used(pid):
    """CPU time of the program, and of the processes beside it: the reader of packets and helpers."""
    return cpu_seconds(pid), sum(map(cpu_seconds, children(pid)))


def main():
    program, iface, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    heaviest = sys.argv[4] if len(sys.argv) > 4 else None
    pid, terminal = start(program, iface)
    begin, screen, result, went = time.monotonic() + 0.05, Screen(), {}, None
    cpu_begin = at_begin = None
    while time.monotonic() < begin + seconds:
        inputs = [terminal] + ([sys.stdin] if heaviest and went is None else [])
        ready, _, _ = select.select(inputs, [], [], 0.2)
        now = time.monotonic()
        if sys.stdin in ready:
            sys.stdin.readline()
            went = now
        if terminal in ready:
            screen.feed(os.read(terminal, 65536).decode("utf-8", "replace"))
            if "first_frame_s" not in result and any(TITLES.search(screen.line(row)) for row in range(ROWS)):
                result["first_frame_s"] = round(now - begin, 3)
            if "first_rates_s" not in result and re.search(r"in +[0-9.]+ \S?b/s", screen.line(1)):
                result["first_rates_s"] = round(now - begin, 3)
            if went and "heaviest_first_s" not in result and heaviest in first_row(screen):
                result["heaviest_first_s"] = round(now - went, 2)
        if cpu_begin is None and now > begin + 3:
            cpu_begin, at_begin = used(pid), now
    # Of what comes after the first seconds; a shorter run has no such figures.
    if cpu_begin is not None and (time_used := time.monotonic() - at_begin) > 0.5:
        for name, end, start_at in zip(("cpu_percent", "beside_percent"), used(pid), cpu_begin):
            result[name] = round(100 * (end - start_at) / time_used, 2)
    result["rss_mb"], result["peak_rss_mb"] = round(status(pid, "VmRSS"), 1), round(status(pid, "VmHWM"), 1)
    os.write(terminal, b"q")
    while True:
        try:
            if not os.read(terminal, 65536):
                break
        except OSError:
            break
    os.waitpid(pid, 0)
    print(json.dumps(result))


main()
