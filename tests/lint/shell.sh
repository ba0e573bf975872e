#!/bin/sh
# SPDX-License-Identifier: MIT
# shell.sh [ROOT]: shellcheck finds nothing in our scripts. Left out is what it says of files that
# are sourced (SC2034, SC2154, SC2148: who sets and who reads a variable) and of words as values
# (SC2209).
cd "${1:-$(dirname "$0")/../..}" || exit 1
if ! command -v shellcheck >/dev/null; then
	echo "shellcheck is not installed"
	exit 77
fi
{
	find scripts tests -name '*.sh'
	grep -lE '^#!.*[ /](ba)?sh$' .ci/* tests/*/run 2>/dev/null
	echo completions/pktstat-bpf.bash
} | sort -u | xargs shellcheck -x --severity=warning -e SC2034,SC2154,SC2148,SC2209
